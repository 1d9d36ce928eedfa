"""The example of a sensor as a statement that brings its rows itself, so that no table is made."""

from __future__ import annotations

from collections.abc import Mapping

from dq_databricks.engine.protocol import ColumnInfo, Snapshot
from dq_databricks.sensors.entry import EXAMPLE_NOW, Cell, ExampleTable
from dq_databricks.sql.identifiers import TableName, quote
from dq_databricks.sql.relation import TableRelation
from dq_databricks.sql.statement import Parameter, Statement

_PLACE = TableRelation(TableName("dq", "example", "rows"))
_ROWS = "example_rows"


def example_snapshot(table: ExampleTable) -> Snapshot:
    """A snapshot of the example; its relation is a place that `over_rows` fills."""
    columns = tuple(
        ColumnInfo(name, data_type, position=position)
        for position, (name, data_type) in enumerate(table.columns.items())
    )
    return Snapshot(_PLACE, columns, None, "example", EXAMPLE_NOW)


def over_rows(statement: Statement, table: ExampleTable, *, empty: bool) -> Statement:
    """`statement` over the rows of the example, or (`empty`) over none of them."""
    cells: dict[str, Parameter] = {}
    rows = table.rows or (tuple(None for _ in table.columns),)
    selects = [_select(number, row, table.columns, cells) for number, row in enumerate(rows)]
    kept = " WHERE FALSE" if empty or not table.rows else ""
    source = " UNION ALL ".join(selects)
    measured = statement.text.replace(_PLACE.sql, _ROWS)
    text = f"WITH {_ROWS} AS (SELECT * FROM ({source}) AS given{kept}) SELECT * FROM ({measured})"
    return Statement(text, {**statement.parameters, **cells})


def _select(
    number: int, row: tuple[Cell, ...], columns: Mapping[str, str], cells: dict[str, Parameter]
) -> str:
    parts = []
    for place, (value, (name, data_type)) in enumerate(zip(row, columns.items(), strict=True)):
        cells[f"cell_{number}_{place}"] = value
        parts.append(f"CAST(:cell_{number}_{place} AS {data_type}) AS {quote(name)}")
    return f"SELECT {', '.join(parts)}"
