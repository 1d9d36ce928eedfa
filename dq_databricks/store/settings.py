"""Stored settings: the schema version, and the settings of the metadata schema itself."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import ValidationError

from dq_databricks.errors import SettingsError, VersionConflictError
from dq_databricks.model.ids import Context
from dq_databricks.model.setting import Setting, WarehouseSettings
from dq_databricks.settings import Settings
from dq_databricks.store.access import Table
from dq_databricks.store.filters import is_in

NEVER_STORED = 0
"""The version of a setting that was never stored."""


class StoredSettings:
    """The rows of `dq_settings`."""

    def __init__(self, table: Table[Setting], settings: Settings, context: Context) -> None:
        self.table = table
        self._settings = settings
        self._context = context

    def value(self, key: str) -> str | None:
        """The value of a setting; None when it was never stored."""
        row = self.table.get(key)
        return None if row is None else row.value

    def warehouse(self) -> WarehouseSettings:
        """The settings of the metadata schema; what was never saved comes from the options.

        Raises SettingsError for a stored value that may not be.
        """
        stored = {name: row.value for name, row in self.rows().items()}
        names = WarehouseSettings.model_fields
        given = {name: stored.get(name, getattr(self._settings, name)) for name in names}
        return self.validated(given)

    def validated(self, given: Mapping[str, object]) -> WarehouseSettings:
        """`given` as settings; raises SettingsError naming the one that may not be."""
        try:
            return WarehouseSettings.model_validate(dict(given))
        except ValidationError as error:
            first = error.errors()[0]
            raise SettingsError(
                f"setting {first['loc'][0]}: {given[str(first['loc'][0])]!r}: {first['msg']}"
            ) from error

    def rows(self) -> Mapping[str, Setting]:
        """The stored settings of the metadata schema, by name."""
        names = list(WarehouseSettings.model_fields)
        return {row.key: row for row in self.table.select(is_in("key", names))}

    def save(
        self, wanted: WarehouseSettings, *, expected: Mapping[str, int] | None = None
    ) -> WarehouseSettings:
        """Store what differs from what is stored.

        `expected` holds the versions that are edited, by name (NEVER_STORED where there is none);
        the others are those stored now. Raises VersionConflictError.
        """
        self._store(wanted, expected or {})
        return wanted

    def _store(self, wanted: WarehouseSettings, expected: Mapping[str, int]) -> None:
        """Write what differs from what is stored, each row only at its expected version."""
        stored = self.rows()
        for name, value in wanted.model_dump().items():
            row, text = stored.get(name), _text(value)
            version = expected.get(name, row.version if row else NEVER_STORED)
            if row is not None and (row.value != text or version != row.version):
                self.table.update(row.model_copy(update={"value": text}), version)
            if row is None:
                self._insert(name, text, version)

    def _insert(self, name: str, text: str, version: int) -> None:
        if version != NEVER_STORED:
            raise VersionConflictError(
                f"setting {name}: version {version} was expected, but it was never stored "
                f"(version {NEVER_STORED})"
            )
        self.table.insert(Setting(key=name, value=text, updated_at=self._context.now()))


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
