"""Writes a parameter as a SQL literal, for sessions that cannot bind it.

Text and bytes travel as hexadecimal digits, so no value can end its literal.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

from dq_databricks.errors import UnsupportedError
from dq_databricks.sql.statement import Parameter


def literal(value: Parameter) -> str:
    """`value` as an expression of Databricks SQL, of the type that binding would give it."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, str):
        return f"CAST({_hex(value.encode())} AS STRING)"
    if isinstance(value, bytes):
        return _hex(value)
    if isinstance(value, datetime | date):
        return _moment(value)
    return _number(value) if isinstance(value, int | float | Decimal) else _list(value)


def _utc(value: datetime) -> datetime:
    """The same instant in UTC. Raises UnsupportedError when `value` has no zone."""
    if value.tzinfo is None:
        raise UnsupportedError(f"parameter {value!r}: a datetime needs a zone, such as UTC")
    return value.astimezone(UTC)


def _hex(data: bytes) -> str:
    return f"X'{data.hex()}'"


def _moment(value: date) -> str:
    if isinstance(value, datetime):
        return f"TIMESTAMP'{_utc(value).isoformat(sep=' ', timespec='microseconds')}'"
    return f"DATE'{value.isoformat()}'"


def _number(value: int | float | Decimal) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}BD"
    if isinstance(value, float):
        return f"CAST('{value!r}' AS DOUBLE)"
    return str(value) if -(2**31) <= value < 2**31 else f"{value}L"


def _list(value: Sequence[str]) -> str:
    items = ", ".join(literal(item) for item in value)
    return f"array({items})" if value else "CAST(array() AS ARRAY<STRING>)"
