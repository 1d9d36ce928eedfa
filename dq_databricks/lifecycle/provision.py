"""Create the metadata schema and bring it to the version this software works with."""

from __future__ import annotations

from dataclasses import replace

from dq_databricks.engine.protocol import Capability, Engine
from dq_databricks.errors import SettingsError, UnsupportedError
from dq_databricks.lifecycle.migrations.runner import (
    MigrateOptions,
    MigrationReport,
    migrate,
)
from dq_databricks.lifecycle.site import Site
from dq_databricks.lifecycle.state import read_version
from dq_databricks.model.ids import Context
from dq_databricks.settings import Settings
from dq_databricks.sql.identifiers import check_object_name, quote
from dq_databricks.sql.statement import Statement

MAX_SCHEMA_CHARS = 120


def provision(
    engine: Engine,
    settings: Settings,
    context: Context,
    options: MigrateOptions | None = None,
) -> MigrationReport:
    """Create the schema where it is missing and apply what is pending; repeating it is harmless.

    Raises IdentifierError, UnsupportedError (storage format) and as `migrate` does.
    """
    catalog, schema = settings.catalog, settings.data_quality_schema
    check_names(catalog, schema)
    check_format(engine, settings.data_quality_storage_format)
    engine.execute(Statement(f"CREATE SCHEMA IF NOT EXISTS {quote(catalog, schema)}"))
    site = Site.of(engine, settings, context)
    chosen = replace(options or MigrateOptions(), lock=site.lock_options)
    return migrate(engine, catalog, schema, context, site.user, options=chosen)


def schema_version(engine: Engine, settings: Settings) -> int | None:
    """The version the schema is at, by one read; None when it has never been migrated."""
    return read_version(engine, settings.catalog, settings.data_quality_schema)


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
