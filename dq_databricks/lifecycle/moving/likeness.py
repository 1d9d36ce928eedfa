"""What one table has that another should have as well: compared, and brought about."""

from __future__ import annotations

from collections.abc import Mapping

from dq_databricks.engine.protocol import Capability, Engine, EngineFacts
from dq_databricks.errors import PermissionDeniedError, UnsupportedError
from dq_databricks.lifecycle.shape.compare import Difference, Kind, table_differences
from dq_databricks.lifecycle.shape.keys import key_sql
from dq_databricks.lifecycle.shape.live import live_table
from dq_databricks.lifecycle.shape.shape import ColumnShape, TableShape
from dq_databricks.sql.identifiers import TableName, quote, text_literal
from dq_databricks.sql.statement import Statement


def create_statement(name: TableName, shape: TableShape, facts: EngineFacts) -> Statement:
    """CREATE TABLE IF NOT EXISTS with columns, comments, properties and clustering."""
    columns = ", ".join(map(_definition, shape.columns))
    parts = [f"CREATE TABLE IF NOT EXISTS {name.sql} ({columns}) USING DELTA"]
    if shape.clustering and facts.has(Capability.CLUSTERING):
        parts.append(f"CLUSTER BY ({', '.join(map(quote, shape.clustering))})")
    if shape.comment:
        parts.append(f"COMMENT {text_literal(shape.comment)}")
    if shape.properties:
        parts.append(f"TBLPROPERTIES ({_properties(shape.properties)})")
    return Statement(" ".join(parts))


def make_alike(engine: Engine, name: TableName, wanted: TableShape) -> tuple[Difference, ...]:
    """Give the table `name` the comments, properties and constraints of `wanted`.

    Changes only what differs, and looks again; what still differs is returned.
    """
    found = tuple(table_differences(wanted, live_table(engine, name)))
    changes = [text for difference in found if (text := mending(name, wanted, difference))]
    if not changes:
        return found
    for text in changes:
        _try(engine, text)
    return tuple(table_differences(wanted, live_table(engine, name)))


def mending(name: TableName, wanted: TableShape, difference: Difference) -> str | None:
    """The statement that takes a difference away; None where only new rows could."""
    table = f"ALTER TABLE {name.sql}"
    entry = difference.object.removeprefix(f"{wanted.name}: ")
    if difference.kind is Kind.COMMENT:
        return _comment(name, wanted, difference)
    if difference.kind is Kind.PROPERTY and difference.expected is None:
        return f"{table} UNSET TBLPROPERTIES IF EXISTS ({text_literal(entry)})"
    if difference.kind is Kind.PROPERTY:
        return f"{table} SET TBLPROPERTIES ({_properties({entry: difference.expected or ''})})"
    if difference.kind is Kind.CLUSTERING:
        columns = ", ".join(map(quote, wanted.clustering))
        return f"{table} CLUSTER BY {f'({columns})' if columns else 'NONE'}"
    if difference.kind is Kind.CONSTRAINT and difference.expected and not difference.found:
        return f"{table} ADD CONSTRAINT {quote(entry)} {_constraint(name, wanted, entry)}"
    return None


def _comment(name: TableName, wanted: TableShape, difference: Difference) -> str:
    comment = text_literal(difference.expected or "")
    if difference.object == wanted.name:
        return f"COMMENT ON TABLE {name.sql} IS {comment}"
    column = difference.object.removeprefix(f"{wanted.name}.")
    return f"ALTER TABLE {name.sql} ALTER COLUMN {quote(column)} COMMENT {comment}"


def _constraint(name: TableName, wanted: TableShape, entry: str) -> str:
    if entry in wanted.checks:
        return f"CHECK ({wanted.checks[entry]})"
    return key_sql(wanted.keys[entry], name.catalog, name.schema)


def _try(engine: Engine, text: str) -> None:
    try:
        engine.execute(Statement(text))
    except (UnsupportedError, PermissionDeniedError):
        # Rows matter more than a comment: what could not be mended is reported.
        return


def _definition(column: ColumnShape) -> str:
    comment = f" COMMENT {text_literal(column.comment)}" if column.comment else ""
    null = "" if column.nullable else " NOT NULL"
    return f"{quote(column.name)} {column.data_type}{null}{comment}"


def _properties(properties: Mapping[str, str]) -> str:
    pairs = (f"{text_literal(k)} = {text_literal(v)}" for k, v in sorted(properties.items()))
    return ", ".join(pairs)
