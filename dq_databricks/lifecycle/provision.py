"""Make sure of the metadata schema before it is used: one cheap read when all is well."""

from __future__ import annotations

from dq_databricks.engine.protocol import Capability, Engine
from dq_databricks.errors import (
    MigrationError,
    SchemaBehindError,
    SettingsError,
    UnsupportedError,
)
from dq_databricks.lifecycle.migrations.runner import MigrationReport, migrate
from dq_databricks.lifecycle.migrations.scripts import latest_version
from dq_databricks.lifecycle.state import AUTO_MANAGE, read_values, read_version
from dq_databricks.model.ids import Context
from dq_databricks.settings import Settings
from dq_databricks.sql.identifiers import check_object_name, quote
from dq_databricks.sql.statement import Statement

MAX_SCHEMA_CHARS = 120


def ensure_schema(engine: Engine, settings: Settings, context: Context) -> MigrationReport | None:
    """Make the metadata schema ready to use; None when it was ready, found by one read.

    Creates and upgrades it when `data_quality_auto_manage_tables` allows. Raises SchemaBehindError
    naming the command where it does not, MigrationError for a schema newer than this software,
    and as `provision` does.
    """
    check_names(settings.catalog, settings.data_quality_schema)
    check_format(engine, settings.data_quality_storage_format)
    found, known = schema_version(engine, settings), latest_version()
    if found == known:
        return None
    if found is not None and found > known:
        raise MigrationError(
            f"{settings.catalog}.{settings.data_quality_schema} is at version {found}, this "
            f"software knows {known}: upgrade dq-databricks"
        )
    if not _is_managed(engine, settings, found):
        raise SchemaBehindError(_behind(settings, found, known))
    return provision(engine, settings, context)


def provision(engine: Engine, settings: Settings, context: Context) -> MigrationReport:
    """Create the schema where it is missing and apply what is pending; repeating it is harmless.

    Raises IdentifierError, UnsupportedError (storage format) and as `migrate` does.
    """
    catalog, schema = settings.catalog, settings.data_quality_schema
    check_names(catalog, schema)
    check_format(engine, settings.data_quality_storage_format)
    engine.execute(Statement(f"CREATE SCHEMA IF NOT EXISTS {quote(catalog, schema)}"))
    return migrate(engine, catalog, schema, context, settings.user_name)


def schema_version(engine: Engine, settings: Settings) -> int | None:
    """The version the schema is at, by one read; None when it has never been migrated."""
    return read_version(engine, settings.catalog, settings.data_quality_schema)


def _is_managed(engine: Engine, settings: Settings, found: int | None) -> bool:
    """Whether tables may be changed unasked: what was saved in the schema counts as well."""
    managed = settings.data_quality_auto_manage_tables
    if not managed or found is None:
        return managed
    stored = read_values(engine, settings.catalog, settings.data_quality_schema, AUTO_MANAGE)
    return stored.get(AUTO_MANAGE) != "false"


def check_names(catalog: str, schema: str) -> None:
    """Raise IdentifierError for names Databricks refuses, or a schema above 120 characters."""
    check_object_name(catalog, what="catalog")
    check_object_name(schema, what="data_quality_schema", max_chars=MAX_SCHEMA_CHARS)


def check_format(engine: Engine, storage_format: str) -> None:
    """Raise SettingsError for an unknown format, UnsupportedError for one the engine lacks."""
    if storage_format not in ("delta", "hudi"):
        raise SettingsError(f"data_quality_storage_format {storage_format!r}: write delta or hudi")
    if storage_format == "hudi" and not engine.facts.has(Capability.HUDI):
        raise UnsupportedError(
            f"data_quality_storage_format hudi is not available on this engine "
            f"({engine.facts.name}): no Hudi library exists for its version of Spark and Delta; "
            "use delta"
        )


def _behind(settings: Settings, found: int | None, known: int) -> str:
    where = f"{settings.catalog}.{settings.data_quality_schema}"
    state = "has no metadata tables" if found is None else f"is at version {found}"
    return (
        f"{where} {state}; version {known} is needed, and data_quality_auto_manage_tables is off: "
        "run `dq migrate`"
    )
