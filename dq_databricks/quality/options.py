"""Every setting with its value, where that comes from, and how to change it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

from dq_databricks.engine.protocol import Engine
from dq_databricks.errors import ParameterError, UnknownNameError, VersionConflictError
from dq_databricks.lifecycle.provision import check_format, check_names, provision
from dq_databricks.model.ids import Context
from dq_databricks.model.words import did_you_mean
from dq_databricks.settings import Settings
from dq_databricks.store.settings import NEVER_STORED
from dq_databricks.store.store import Store


@dataclass(frozen=True, slots=True)
class Option:
    """One setting: `source` says where its value comes from, `variable` sets it from outside.

    `version` is that of the stored row; 0 when it was never stored.
    """

    name: str
    value: str
    source: str
    variable: str
    help: str
    version: int = NEVER_STORED


@dataclass(frozen=True, slots=True)
class OptionsFace:
    """Settings of this process, and those kept in `dq_settings`."""

    store: Store
    engine: Engine
    settings: Settings
    context: Context
    rename: Callable[[str], OptionsFace]
    writable: Callable[[], object]

    def list(self) -> tuple[Option, ...]:
        """Every setting, in the order of the documentation."""
        stored, rows = self.store.settings.warehouse().model_dump(), self.store.settings.rows()
        return tuple(
            Option(
                name=entry.name,
                value=_shown(
                    stored.get(entry.name, getattr(self.settings, entry.name)),
                    secret=entry.metadata["secret"],
                ),
                source="dq_settings" if entry.name in rows else "environment or default",
                variable=entry.metadata["env"],
                help=entry.metadata["help"],
                version=rows[entry.name].version if entry.name in rows else NEVER_STORED,
            )
            for entry in fields(Settings)
        )

    def show(self, name: str) -> Option:
        """One setting; raises UnknownNameError with near names."""
        options = {option.name: option for option in self.list()}
        if name not in options:
            raise UnknownNameError(f"no setting is named {name!r}{did_you_mean(name, options)}")
        return options[name]

    def save(self, name: str, value: str, *, expected_version: int | None = None) -> Option:
        """Store one setting of the metadata schema; provisions it when tables are managed.

        Another `data_quality_schema` renames the schema.

        `expected_version` None edits whatever is stored now. Raises VersionConflictError,
        ParameterError for a setting that lives in the environment, SettingsError,
        IdentifierError, UnsupportedError.
        """
        option, stored = self.show(name), self.store.settings
        current = stored.warehouse().model_dump()
        if name not in current:
            raise ParameterError(
                f"setting {name}: it is no setting of the metadata schema; set {option.variable}"
            )
        expected = {} if expected_version is None else {name: expected_version}
        wanted = stored.validated({**current, name: value})
        check_names(self.settings.catalog, wanted.data_quality_schema)
        check_format(self.engine, wanted.data_quality_storage_format)
        if wanted.data_quality_schema != self.settings.data_quality_schema:
            self._check_version(option, expected_version)
            return self.rename(wanted.data_quality_schema).show(name)
        self.writable()
        if wanted.data_quality_auto_manage_tables:
            provision(self.engine, self.settings, self.context)
        stored.save(wanted, expected=expected)
        return self.store.written(self.show(name))

    def _check_version(self, option: Option, expected_version: int | None) -> None:
        if expected_version not in (None, option.version):
            raise VersionConflictError(
                f"setting {option.name}: version {expected_version} was expected, version "
                f"{option.version} is stored; read it again and repeat the edit"
            )


def _shown(value: object, *, secret: bool) -> str:
    return "***" if secret and value else str(value)
