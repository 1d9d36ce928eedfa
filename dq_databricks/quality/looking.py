"""What an engine shows of a catalog: its schemas and its tables, in one statement each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from dq_databricks.engine.protocol import Engine
from dq_databricks.errors import SqlError, TableNotFoundError, UnsupportedError
from dq_databricks.sql.identifiers import TableName, quote
from dq_databricks.sql.statement import Statement

Shows = Callable[[str], bool]
"""Whether a schema is to be looked into."""

# What an engine without an information schema, such as Spark outside Databricks, says of it.
_NO_INFORMATION = (TableNotFoundError, SqlError, UnsupportedError)


@dataclass(frozen=True, slots=True)
class SeenTable:
    """A table, with its type (``MANAGED``, ``VIEW``, ``FOREIGN`` …) where the engine says it."""

    name: TableName
    table_type: str | None = None


def schemas_in(engine: Engine, catalog: str) -> tuple[str, ...]:
    """The schemas of `catalog`, by name. Raises EngineError children."""
    listing = TableName(catalog, "information_schema", "schemata").sql
    try:
        rows = engine.query(Statement(f"SELECT `schema_name` FROM {listing}")).to_pylist()
    except _NO_INFORMATION:
        rows = engine.query(Statement(f"SHOW SCHEMAS IN {quote(catalog)}")).to_pylist()
    return tuple(sorted(str(next(iter(row.values()))) for row in rows))


def tables_in(
    engine: Engine, catalog: str, schema: str | None, shows: Shows
) -> tuple[SeenTable, ...]:
    """The tables and views of `schema`, by name; without one, of every schema that `shows` takes.

    None when there is no such schema. Raises EngineError children.
    """
    found: Iterable[SeenTable]
    try:
        found = _of_information(engine, catalog, schema)
    except _NO_INFORMATION:
        found = _of_listings(engine, catalog, schema, shows)
    seen = [one for one in found if schema is not None or shows(one.name.schema)]
    return tuple(sorted(seen, key=lambda one: one.name))


def _of_information(engine: Engine, catalog: str, schema: str | None) -> list[SeenTable]:
    listing = TableName(catalog, "information_schema", "tables").sql
    text = f"SELECT table_schema, table_name, table_type\nFROM {listing}"
    statement = Statement(text)
    if schema is not None:
        where = "\nWHERE lower(table_schema) = lower(:schema)"
        statement = Statement(text + where, {"schema": schema})
    return [
        SeenTable(TableName(catalog, row["table_schema"], row["table_name"]), row["table_type"])
        for row in engine.query(statement).to_pylist()
    ]


def _of_listings(
    engine: Engine, catalog: str, schema: str | None, shows: Shows
) -> Iterator[SeenTable]:
    named: Sequence[str] = (schema,) if schema is not None else schemas_in(engine, catalog)
    for one in named:
        if schema is not None or shows(one):
            yield from map(SeenTable, engine.tables(catalog, one))
