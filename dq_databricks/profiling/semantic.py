"""What a column means, told from its measures and its name; never from single rows."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from decimal import Decimal
from enum import StrEnum

from dq_databricks.model.column_types import NUMERIC, TEMPORAL, GeneralType
from dq_databricks.model.profile import ColumnProfile


class SemanticType(StrEnum):
    """What the values of a column stand for."""

    EMPTY = "empty"
    CONSTANT = "constant"
    FLAG = "flag"
    IDENTIFIER = "identifier"
    PERIOD = "period"
    PERCENTAGE = "percentage"
    MEASURE = "measure"
    CODE = "code"
    CATEGORY = "category"
    EMAIL = "email"
    DATE_STAMP = "date_stamp"
    TIME_STAMP = "time_stamp"
    FREE_TEXT = "free_text"


FEW_ROWS = 5
"""Below this many values nothing but emptiness is certain."""

MOST_CATEGORIES = 200
"""Up to this many distinct texts a column of words is a category, beyond it free text."""

CODE_LENGTH = 20
"""Longest text that may be a code."""

_FLAGS = [{"y", "n"}, {"yes", "no"}, {"true", "false"}, {"t", "f"}, {"0", "1"}, {"on", "off"}]
_PERIODS = {
    "year": (1900, 2100),
    "quarter": (1, 4),
    "month": (1, 12),
    "week": (0, 53),
    "day": (1, 366),
    "weekday": (0, 7),
    "hour": (0, 24),
    "minute": (0, 59),
    "second": (0, 59),
}
_ID_NAME = re.compile(r"(^|_)(id|key|code|no|nr|num|number|uuid|guid)$|Id$|ID$")
_SHARE_NAME = re.compile(r"pct|percent|share|ratio|rate", re.IGNORECASE)
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+[.][^@\s]+")


def semantic_type(column: ColumnProfile) -> str | None:
    """The semantic type of a profiled column, or None when its measures do not tell."""
    return next((kind.value for kind, holds in _RULES if holds(column)), None)


def numbers_of(column: ColumnProfile) -> tuple[Decimal, Decimal] | None:
    """Smallest and largest number of a numeric column that has any."""
    if column.general_type not in NUMERIC or column.min_value is None or column.max_value is None:
        return None
    return Decimal(column.min_value), Decimal(column.max_value)


def value_counts(column: ColumnProfile) -> list[tuple[str, int]]:
    """The most frequent values and their rows, as stored."""
    return [(entry["value"], entry["count"]) for entry in json.loads(column.top_values or "[]")]


def pattern_counts(column: ColumnProfile) -> list[tuple[str, int]]:
    """The most frequent patterns and their rows, as stored."""
    return [(entry["pattern"], entry["count"]) for entry in json.loads(column.patterns or "[]")]


def values_in(column: ColumnProfile) -> int:
    """Rows that have a value."""
    return (column.row_count or 0) - (column.null_count or 0)


def is_unique(column: ColumnProfile) -> bool:
    """Whether every row has a value and none occurs twice, counted exactly."""
    return (
        column.distinct_is_exact is True
        and column.null_count == 0
        and column.distinct_count == column.row_count
    )


def _is_empty(column: ColumnProfile) -> bool:
    return column.row_count is not None and column.null_count == column.row_count


def _is_constant(column: ColumnProfile) -> bool:
    return column.distinct_count == 1 and values_in(column) >= FEW_ROWS


def _is_flag(column: ColumnProfile) -> bool:
    if column.general_type == GeneralType.BOOLEAN:
        return True
    found = {value.lower() for value, _ in value_counts(column)}
    return column.distinct_count == 2 and found in _FLAGS


def _is_identifier(column: ColumnProfile) -> bool:
    if column.general_type not in (GeneralType.INTEGER, GeneralType.TEXT):
        return False
    if (column.max_length or 0) > 64 or values_in(column) < FEW_ROWS:
        return False
    named = bool(_ID_NAME.search(column.column_name))
    whole = column.general_type == GeneralType.INTEGER
    return (is_unique(column) and not _is_period(column)) or (named and whole)


def _is_period(column: ColumnProfile) -> bool:
    bounds = numbers_of(column)
    last_word = column.column_name.lower().rsplit("_", maxsplit=1)[-1]
    if bounds is None or last_word not in _PERIODS:
        return False
    low, high = _PERIODS[last_word]
    # A stray 0 for an unknown year does not make the column anything else.
    return bounds[1] <= high and (bounds[0] >= low or bounds[0] == 0)


def _is_percentage(column: ColumnProfile) -> bool:
    bounds = numbers_of(column)
    named = bool(_SHARE_NAME.search(column.column_name))
    return bounds is not None and named and bounds[0] >= 0 and bounds[1] <= 100


def _is_measure(column: ColumnProfile) -> bool:
    return numbers_of(column) is not None


def _is_email(column: ColumnProfile) -> bool:
    values = [value for value, _ in value_counts(column)]
    return bool(values) and all(_EMAIL.fullmatch(value) for value in values)


def _is_text_date(column: ColumnProfile) -> bool:
    values = values_in(column)
    return values >= FEW_ROWS and (column.date_text_count or 0) > 0.95 * values


def _is_code(column: ColumnProfile) -> bool:
    if column.general_type != GeneralType.TEXT or (column.max_length or 0) > CODE_LENGTH:
        return False
    return not any(" " in pattern for pattern, _ in pattern_counts(column))


def _is_category(column: ColumnProfile) -> bool:
    text = column.general_type == GeneralType.TEXT
    few = column.distinct_count is not None and column.distinct_count <= MOST_CATEGORIES
    return text and few and (column.distinct_count or 0) * 2 <= values_in(column)


_RULES: list[tuple[SemanticType, Callable[[ColumnProfile], bool]]] = [
    (SemanticType.EMPTY, _is_empty),
    (SemanticType.TIME_STAMP, lambda column: column.general_type == GeneralType.TIMESTAMP),
    (SemanticType.DATE_STAMP, lambda column: column.general_type in TEMPORAL),
    (SemanticType.FLAG, _is_flag),
    (SemanticType.CONSTANT, _is_constant),
    (SemanticType.EMAIL, _is_email),
    (SemanticType.IDENTIFIER, _is_identifier),
    (SemanticType.PERIOD, _is_period),
    (SemanticType.PERCENTAGE, _is_percentage),
    (SemanticType.MEASURE, _is_measure),
    (SemanticType.DATE_STAMP, _is_text_date),
    (SemanticType.CODE, _is_code),
    (SemanticType.CATEGORY, _is_category),
    (SemanticType.FREE_TEXT, lambda column: column.general_type == GeneralType.TEXT),
]
