"""Every setting with its value, where that comes from, and how to change it."""

from __future__ import annotations

from dataclasses import dataclass, fields

from dq_databricks.errors import ParameterError, UnknownNameError
from dq_databricks.model.words import did_you_mean
from dq_databricks.settings import Settings
from dq_databricks.store.store import Store


@dataclass(frozen=True, slots=True)
class Option:
    """One setting: `source` says where its value comes from, `variable` sets it from outside."""

    name: str
    value: str
    source: str
    variable: str
    help: str


@dataclass(frozen=True, slots=True)
class OptionsFace:
    """Settings of this process, and those kept in `dq_settings`."""

    store: Store
    settings: Settings

    def list(self) -> tuple[Option, ...]:
        """Every setting, in the order of the documentation."""
        stored = self.store.settings.warehouse().model_dump()
        return tuple(
            Option(
                name=entry.name,
                value=str(stored.get(entry.name, getattr(self.settings, entry.name))),
                source="dq_settings" if entry.name in stored else "environment or default",
                variable=entry.metadata["env"],
                help=entry.metadata["help"],
            )
            for entry in fields(Settings)
        )

    def show(self, name: str) -> Option:
        """One setting; raises UnknownNameError with near names."""
        options = {option.name: option for option in self.list()}
        if name not in options:
            raise UnknownNameError(f"no setting is named {name!r}{did_you_mean(name, options)}")
        return options[name]

    def save(self, name: str, value: str) -> Option:
        """Store one setting of the metadata schema; provisions it when tables are managed.

        Raises ParameterError for a setting that lives in the environment, SettingsError,
        IdentifierError, UnsupportedError.
        """
        option, stored = self.show(name), self.store.settings
        current = stored.warehouse().model_dump()
        if name not in current:
            raise ParameterError(
                f"setting {name}: it is no setting of the metadata schema; set {option.variable}"
            )
        stored.save(stored.validated({**current, name: value}))
        return self.show(name)
