"""Rows of several tables in one statement, for pages: one trip to the engine instead of many.

Each part becomes one branch of a UNION ALL whose rows are one struct, so no two parts need the
same columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dq_databricks.model.base import MutableRecord, Record
from dq_databricks.sql.identifiers import quote
from dq_databricks.sql.statement import Parameter, Statement
from dq_databricks.store.access import Table
from dq_databricks.store.columns import columns_of
from dq_databricks.store.filters import Condition, is_null, render
from dq_databricks.store.order import order_of


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of one table, as `Table.select` gives them.

    `newest_of` names columns: of the rows that share their values only the first `keep` by
    `order_by` are given. Columns in `left_out` are not read; they must have a default.
    """

    table: Table[Any]
    conditions: Sequence[Condition] = ()
    order_by: Sequence[str] = ()
    limit: int | None = None
    newest_of: Sequence[str] = ()
    keep: int = 1
    left_out: frozenset[str] = frozenset()
    include_removed: bool = False


def together(*parts: Part) -> list[tuple[Any, ...]]:
    """The rows of each part, in its order; one read."""
    branches = [_branch(number, part, len(parts)) for number, part in enumerate(parts)]
    text = "\nUNION ALL\n".join(branch for branch, _ in branches)
    parameters = {name: value for _, named in branches for name, value in named.items()}
    rows = parts[0].table.values(Statement(text, parameters))
    return [_rows(rows, number, part.table.model) for number, part in enumerate(parts)]


def _branch(number: int, part: Part, count: int) -> tuple[str, dict[str, Parameter]]:
    table = part.table
    model: type[Record] = table.model
    where, parameters = render(table.model, _seen(part), f"w{number}x")
    names = [quote(one.name) for one in columns_of(model) if one.name not in part.left_out]
    columns = ", ".join(names)
    # Spark hands no struct over whose fields may not be null, and what stands in a CASE may.
    fields = ", ".join(f"CASE WHEN place > 0 THEN {name} END AS {name}" for name in names)
    order = order_of(table.model, part.order_by).sql
    turn = _turn(part, order)
    structs = [
        f"struct({fields}) AS p{at}" if at == number else f"NULL AS p{at}" for at in range(count)
    ]
    inner = (
        f"SELECT {columns}, row_number() OVER (ORDER BY {order}) AS place{turn} "
        f"FROM {table.name.sql} WHERE {where}"
    )
    if turn:
        parameters[f"keep{number}"] = part.keep
        # Counted again: places of rows that are left out would use up the limit.
        inner = (
            f"SELECT {columns}, row_number() OVER (ORDER BY place) AS place "
            f"FROM ({inner}) AS t{number} WHERE turn <= :keep{number}"
        )
    text = f"SELECT {number} AS part, place, {', '.join(structs)} FROM ({inner}) AS q{number}"
    if part.limit is not None:
        parameters[f"limit{number}"] = part.limit
        text = f"{text} WHERE place <= :limit{number}"
    return text, parameters


def _turn(part: Part, order: str) -> str:
    if not part.newest_of:
        return ""
    columns = ", ".join(quote(name) for name in part.newest_of)
    return f", row_number() OVER (PARTITION BY {columns} ORDER BY {order}) AS turn"


def _seen(part: Part) -> list[Condition]:
    hides = issubclass(part.table.model, MutableRecord) and not part.include_removed
    hidden = [is_null("deleted_at")] if hides else []
    return [*part.conditions, *hidden, *part.table.scope]


def _rows(rows: Sequence[dict[str, Any]], number: int, model: type[Record]) -> tuple[Any, ...]:
    mine = sorted((row for row in rows if row["part"] == number), key=lambda row: int(row["place"]))
    return tuple(model.model_validate(row[f"p{number}"]) for row in mine)
