"""Rows that enter all together, and only while no stored row stands against them.

One MERGE that only inserts: Delta refuses it when another writer commits a row it should have
seen, so of two writers that mean the same place, exactly one succeeds.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from dq_databricks.errors import OutcomeUnknownError, WriteConflictError
from dq_databricks.model.base import Record
from dq_databricks.sql.identifiers import quote
from dq_databricks.sql.statement import Parameter, Statement
from dq_databricks.store.access import Table
from dq_databricks.store.columns import Column, checked, columns_of

M = TypeVar("M", bound=Record)


@dataclass(frozen=True, slots=True)
class Folded:
    """Text that is compared without regard to upper and lower case."""

    text: str


Against = Mapping[str, Parameter | Folded | None]
"""Columns and their values, all of which a stored row must have; None is NULL."""

_MOST_LOST_REPLIES = 5


def insert_unless(table: Table[M], rows: Sequence[M], *against: Against) -> bool:
    """Add `rows` in one commit, unless a stored row meets all of one of `against`.

    Removed rows stand against them too. Whether they were added; either all are, or none.
    Raises WriteConflictError when the reply is lost again and again.
    """
    statement = _statement(table, rows, against)
    for _ in range(_MOST_LOST_REPLIES):
        try:
            return table.change_where(statement) > 0 or _is_stored(table, rows[0])
        except OutcomeUnknownError:
            if _is_stored(table, rows[0]):
                return True
    raise WriteConflictError(
        f"write to {table.name}: the reply was lost {_MOST_LOST_REPLIES} times"
    )


def _is_stored(table: Table[M], row: M) -> bool:
    """Whether exactly this row is stored: an insert of ours whose reply was lost."""
    key = [str(getattr(row, name)) for name in table.model.KEY]
    return table.get(*key, include_removed=True) == row


def _statement(table: Table[M], rows: Sequence[M], against: Sequence[Against]) -> Statement:
    columns = columns_of(table.model)
    names = [quote(column.name) for column in columns]
    pinned, condition, parameters = _against(table.model, against)
    shape = ", ".join(f"c{number}: STRING" for number in range(len(columns)))
    casts = [*(_cast(number, column) for number, column in enumerate(columns)), *pinned]
    text = (
        f"MERGE INTO {table.name.sql} AS t\n"
        f"USING (\nSELECT {', '.join(casts)}\n"
        f"FROM (SELECT explode(from_json(:rows, 'ARRAY<STRUCT<{shape}>>')) AS r)\n) AS s\n"
        f"ON {condition}\n"
        f"WHEN NOT MATCHED THEN INSERT ({', '.join(names)}) "
        f"VALUES ({', '.join(f's.{name}' for name in names)})"
    )
    return Statement(text, {**parameters, "rows": _payload(table.model, rows, columns)})


def _against(
    model: type[Record], against: Sequence[Against]
) -> tuple[list[str], str, dict[str, Parameter]]:
    """Further columns of the source, the condition ON, and what it binds.

    A single alternative is also written as keys of the source, by which engines skip files.
    """
    parameters: dict[str, Parameter] = {}
    alternatives = [_one(model, wanted, parameters) for wanted in against]
    pins = _pins(against[0]) if len(against) == 1 else {}
    keys = [f"t.{quote(column)} = s.pin_{name}" for column, name in pins.items()]
    either = " OR ".join(f"({text})" for text in alternatives)
    columns = [f":{name} AS pin_{name}" for name in pins.values()]
    return columns, " AND ".join([*keys, f"({either})"]), parameters


def _one(model: type[Record], wanted: Against, parameters: dict[str, Parameter]) -> str:
    parts = []
    for column, value in wanted.items():
        name = f"a{len(parameters)}"
        target = f"t.{quote(column)}"
        if value is None:
            parts.append(f"{target} IS NULL")
            continue
        if isinstance(value, Folded):
            parameters[name] = checked(model, column, value.text)
            parts.append(f"lower({target}) = lower(:{name})")
        else:
            parameters[name] = checked(model, column, value)
            parts.append(f"{target} = :{name}")
    return " AND ".join(parts)


def _pins(wanted: Against) -> dict[str, str]:
    names = enumerate(column for column, value in wanted.items() if value is not None)
    return {
        column: f"a{number}" for number, column in names if not isinstance(wanted[column], Folded)
    }


def _cast(number: int, column: Column) -> str:
    value = f"r.c{number}"
    cast = value if column.sql_type == "STRING" else f"CAST({value} AS {column.sql_type})"
    return f"{cast} AS {quote(column.name)}"


def _payload(model: type[Record], rows: Sequence[Record], columns: Sequence[Column]) -> str:
    """Every value travels as text and is cast where it lands."""
    records = [
        {
            f"c{number}": _text(checked(model, column.name, getattr(row, column.name)))
            for number, column in enumerate(columns)
        }
        for row in rows
    ]
    return json.dumps(records, ensure_ascii=False, separators=(",", ":"))


def _text(value: Parameter) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(sep=" ", timespec="microseconds")
    return str(value).lower() if isinstance(value, bool) else str(value)
