"""Stored settings: the schema version, and the settings of the metadata schema itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pydantic import ValidationError

from dq_databricks.engine.protocol import Engine
from dq_databricks.errors import SettingsError
from dq_databricks.model.ids import Context
from dq_databricks.model.setting import Setting, WarehouseSettings
from dq_databricks.settings import Settings
from dq_databricks.store.access import Table
from dq_databricks.store.filters import is_in
from dq_databricks.store.provision import check_format, check_names, provision


class StoredSettings:
    """The rows of `dq_settings`."""

    def __init__(
        self, table: Table[Setting], engine: Engine, settings: Settings, context: Context
    ) -> None:
        self.table = table
        self._engine = engine
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
        names = list(WarehouseSettings.model_fields)
        stored = {row.key: row.value for row in self.table.select(is_in("key", names))}
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

    def save(self, wanted: WarehouseSettings) -> WarehouseSettings:
        """Validate and store `wanted`; provisions the schema first when tables are managed.

        Raises IdentifierError, UnsupportedError (hudi) and SettingsError (another schema name than
        the one in use: that needs a rename, not a setting).
        """
        check_names(self._settings.catalog, wanted.data_quality_schema)
        check_format(self._engine, wanted.data_quality_storage_format)
        self._refuse_rename(wanted)
        if wanted.data_quality_auto_manage_tables:
            provision(self._engine, replace(self._settings, **wanted.model_dump()), self._context)
        self._store(wanted)
        return wanted

    def _refuse_rename(self, wanted: WarehouseSettings) -> None:
        current = self._settings.data_quality_schema
        if wanted.data_quality_schema != current:
            raise SettingsError(
                f"data_quality_schema: {current!r} holds the metadata, "
                f"{wanted.data_quality_schema!r} was asked for; moving the tables is a rename, "
                "which this version cannot do: keep the name or open the other with DQ_SCHEMA"
            )

    def _store(self, wanted: WarehouseSettings) -> None:
        now = self._context.now()
        names = list(WarehouseSettings.model_fields)
        versions = {row.key: row.version for row in self.table.select(is_in("key", names))}
        rows = [
            Setting(key=name, value=_text(value), updated_at=now, version=versions.get(name, 0) + 1)
            for name, value in wanted.model_dump().items()
        ]
        self.table.upsert_many(rows)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
