"""Values of parameters as they are compared with a column of a given type."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal

from dq_databricks.engine.protocol import ColumnInfo
from dq_databricks.errors import ParameterError
from dq_databricks.model.column_types import NUMERIC, GeneralType, general_type
from dq_databricks.sql.statement import Parameter

Bind = Callable[[Parameter], str]


def literal(bind: Bind, column: ColumnInfo, value: object) -> str:
    """SQL text for `value`, bound, of a type that compares with `column` without loss.

    Raises ParameterError when the value cannot be a value of that column.
    """
    kind = general_type(column.data_type)
    if kind == GeneralType.BOOLEAN and isinstance(value, bool):
        return bind(value)
    if kind in NUMERIC and isinstance(value, int | float) and not isinstance(value, bool):
        return _number(bind, kind, value)
    if kind == GeneralType.TEXT and isinstance(value, str):
        return bind(value)
    if kind == GeneralType.DATE and isinstance(value, date | str):
        return bind(_day(column, value))
    if kind == GeneralType.TIMESTAMP and isinstance(value, date | str):
        return bind(_instant(column, value))
    raise ParameterError(
        f"column {column.name!r} is {column.data_type}; {value!r} cannot be one of its values"
    )


def end_of_day(day: date) -> datetime:
    """The last microsecond of `day`, UTC."""
    return datetime.combine(day, time.max, UTC)


def _number(bind: Bind, kind: GeneralType, value: float) -> str:
    # Beside a DECIMAL column a DOUBLE would turn the whole comparison into DOUBLE.
    exact = Decimal(str(value))
    digits, exponent = exact.as_tuple().digits, int(exact.as_tuple().exponent)
    scale = max(0, -exponent)
    precision = max(len(digits) + max(0, exponent), scale + 1)
    if kind == GeneralType.DECIMAL and precision <= 38:
        return f"CAST({bind(exact)} AS DECIMAL({precision},{scale}))"
    return bind(value)


def _day(column: ColumnInfo, value: date | str) -> date:
    return _instant(column, value).date()


def _instant(column: ColumnInfo, value: date | str) -> datetime:
    try:
        parsed = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError as error:
        raise ParameterError(
            f"column {column.name!r} is {column.data_type}; {value!r} is no ISO date or time"
        ) from error
    if not isinstance(parsed, datetime):
        parsed = datetime.combine(parsed, time())
    return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)
