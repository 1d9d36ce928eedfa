"""Cells of an Arrow result as plain Python scalars."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa

from dq_databricks.engine.protocol import Scalar
from dq_databricks.errors import ExpressionError


def cell(table: pa.Table, column: int | str, row: int = 0) -> Scalar | None:
    """One value of `table` as a plain scalar; None where there is no such row.

    Raises ExpressionError for a value Python cannot hold, such as a date after the year 9999.
    """
    if table.num_rows <= row:
        return None
    try:
        value = table.column(column)[row].as_py()
    except (OverflowError, ValueError) as error:
        raise ExpressionError(f"result {column}: the value cannot be held ({error})") from error
    return plain(value)


def rows_of(table: pa.Table) -> tuple[Mapping[str, Scalar | None], ...]:
    """All rows of `table`, each by column name."""
    names = table.column_names
    return tuple(
        {name: cell(table, position, row) for position, name in enumerate(names)}
        for row in range(table.num_rows)
    )


def plain(value: Any) -> Scalar | None:
    """Whole decimals become int, times get their zone (UTC), nested values become JSON text."""
    if isinstance(value, Decimal):
        return int(value) if value.as_tuple().exponent == 0 else value
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, time | timedelta):
        return str(value)
    if value is None or isinstance(value, str | int | float | bool | date | bytes):
        return value
    return json.dumps(value, default=str, ensure_ascii=False)
