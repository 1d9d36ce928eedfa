"""What every engine asks of rows before it writes them: known columns, one row for each key."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from dq_databricks.errors import ConstraintError, SchemaMismatchError
from dq_databricks.sql.identifiers import quote


def check_columns(table: object, rows: pa.Table, known: Sequence[str]) -> None:
    """Raise SchemaMismatchError when `rows` has a column that `table` lacks."""
    if unknown := [name for name in rows.column_names if name not in set(known)]:
        raise SchemaMismatchError(
            f"write to {table}: no column {unknown[0]!r}; it has {', '.join(known)}"
        )


def check_keys(
    table: object, rows: pa.Table, on: Sequence[str], counter: str | None = None
) -> None:
    """Raise ConstraintError when a key of a merge is NULL or stands twice in `rows`.

    Raises SchemaMismatchError when `rows` lacks a key column, or the `counter`.
    """
    needed = on if counter is None else [*on, counter]
    if missing := [name for name in needed if name not in rows.column_names]:
        raise SchemaMismatchError(f"merge into {table}: the rows lack column {missing[0]!r}")
    keys = rows.select(list(on))
    for name in on:
        if keys.column(name).null_count:
            raise ConstraintError(f"merge into {table}: key column {name!r} is NULL in some row")
    if keys.group_by(list(on)).aggregate([]).num_rows != keys.num_rows:
        raise ConstraintError(
            f"merge into {table}: a key ({', '.join(on)}) stands twice in the rows; "
            "keep one row for each key"
        )


def following(counter: str | None) -> str:
    """What a MERGE from `s` into `t` adds to WHEN MATCHED, so that only the next step is taken."""
    return "" if counter is None else f" AND t.{quote(counter)} = s.{quote(counter)} - 1"


def first(counter: str | None) -> str:
    """What it adds to WHEN NOT MATCHED, so that only the first step is taken."""
    return "" if counter is None else f" AND s.{quote(counter)} = 1"
