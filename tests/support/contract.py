"""Short hands for the contract suite: the table under test, rows out of it, rows into it."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from dq_databricks.engine.protocol import Engine
from dq_databricks.sql.identifiers import TableName
from dq_databricks.sql.statement import Parameter, Statement


def named(table: str) -> TableName:
    """The table of this name in the schema that every engine of the suite starts with."""
    return TableName("main", "s", table)


def run(engine: Engine, text: str, **parameters: Parameter) -> int | None:
    return engine.execute(Statement(text, parameters))


def rows(engine: Engine, text: str, **parameters: Parameter) -> list[tuple[object, ...]]:
    """The answer as tuples, in the order of the engine."""
    answer = engine.query(Statement(text, parameters))
    return [tuple(row.values()) for row in renamed(answer).to_pylist()]


def renamed(answer: pa.Table) -> pa.Table:
    # Column names may repeat; a dict would then lose values.
    return answer.rename_columns([str(number) for number in range(answer.num_columns)])


def create(engine: Engine, table: str, columns: str) -> TableName:
    """Create a Delta table in the portable way."""
    name = named(table)
    run(engine, f"CREATE TABLE {name.sql} ({columns}) USING DELTA")
    return name


def arrow(columns: Sequence[tuple[str, pa.DataType]], *values: Sequence[object]) -> pa.Table:
    """An Arrow table from rows of values."""
    schema = pa.schema(list(columns))
    return pa.Table.from_pylist(
        [dict(zip(schema.names, row, strict=True)) for row in values], schema=schema
    )
