"""Ideas for tests of one column, and of references from one table to another."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from math import ceil, floor

from dq_databricks.model.column_types import NUMERIC, TEMPORAL, GeneralType
from dq_databricks.model.profile import ColumnProfile
from dq_databricks.model.vocabulary import Severity
from dq_databricks.profiling.patterns import pattern_regex
from dq_databricks.profiling.semantic import (
    SemanticType,
    is_unique,
    numbers_of,
    pattern_counts,
    value_counts,
    values_in,
)

MOST_NULLS_PERCENT = 50.0
"""Above this share of nulls their number says little, so none is expected."""

NULLS_FACTOR = 1.5
"""Nulls may grow by half before it is news; a change of kind grows them many times."""

MOST_ACCEPTED = 20
"""Up to this many values a column is a code list; all of them are in the profile."""

ROWS_PER_ACCEPTED = 20
"""Rows each accepted value needs on average: fewer, and new values are the rule."""

KEY_ROWS = 10
"""Below this many rows distinct values are chance."""

RANGE_MARGIN = Decimal("0.1")
"""Part of the observed span by which values of a measure may leave it."""

MEAN_DEVIATIONS = 0.25
"""Standard deviations the mean may move: far more than chance allows in a large table."""

MEAN_ROWS = 5_000
"""Below this many values a table describes things rather than events, and its means mean little."""

FRESH_DAYS = 7
"""A column whose newest date is this recent is taken to move with the table."""

CODE_LENGTH = 50
"""Longest text whose length is worth a test."""


@dataclass(frozen=True, slots=True)
class Idea:
    """A test of some columns: check type, parameters and reason; the type's severity if None."""

    rule_type: str
    columns: tuple[str, ...]
    parameters: Mapping[str, object]
    reason: str
    severity: Severity | None = None


def column_ideas(column: ColumnProfile) -> Iterator[Idea]:
    """The tests that the profile of one column suggests."""
    return (idea for suggest in _SUGGESTIONS if (idea := suggest(column)))


def reference_ideas(
    columns: Sequence[ColumnProfile], others: Mapping[str, Sequence[ColumnProfile]]
) -> Iterator[Idea]:
    """A reference for each column that has the name of another table's key and fits its range."""
    for column in columns:
        for table, keys in others.items():
            if any(_refers(column, key) for key in keys):
                yield Idea(
                    "referential_integrity",
                    (column.column_name,),
                    {"reference_table": table, "reference_columns": [column.column_name]},
                    f"{column.column_name} is unique in {table}; a run verifies the reference",
                )
                break


def _nulls(column: ColumnProfile) -> Idea | None:
    rows, nulls = column.row_count or 0, column.null_count
    if nulls is None or 100 * nulls > MOST_NULLS_PERCENT * rows:
        return None
    if nulls == 0:
        return _idea("nulls_percent", column, {"max_percent": 0.0}, f"no nulls {_seen(column)}")
    share = 100 * nulls / rows
    limit = min(100.0, ceil(share * NULLS_FACTOR * 10) / 10)
    reason = f"{nulls:,} nulls {_seen(column)} ({share:.3g} %); half as many again are allowed"
    return _idea("nulls_percent", column, {"max_percent": limit}, reason)


def _unique(column: ColumnProfile) -> Idea | None:
    enough = (column.row_count or 0) >= KEY_ROWS and is_unique(column)
    if not enough or column.semantic_type not in (SemanticType.IDENTIFIER, SemanticType.EMAIL):
        return None
    return _idea("unique", column, {}, f"every value occurs once {_seen(column)}")


def _accepted_values(column: ColumnProfile) -> Idea | None:
    values, distinct = value_counts(column), column.distinct_count
    if column.general_type != GeneralType.TEXT or not column.distinct_is_exact or not distinct:
        return None
    known = len(values) == distinct and distinct <= MOST_ACCEPTED
    if not known or values_in(column) < ROWS_PER_ACCEPTED * distinct or _has_long(values):
        return None
    words = "one value" if distinct == 1 else f"{distinct} different values"
    listed = sorted(value for value, _ in values)
    return _idea("accepted_values", column, {"values": listed}, f"{words} {_seen(column)}")


def _values_range(column: ColumnProfile) -> Idea | None:
    bounds = numbers_of(column)
    if bounds is None or column.semantic_type == SemanticType.IDENTIFIER:
        return None
    low, high = bounds
    margin = Decimal(0) if _is_fixed(column) else (high - low) * RANGE_MARGIN
    whole = column.general_type == GeneralType.INTEGER
    # A measure that was never negative stays so: the margin does not cross zero.
    below = max(low - margin, Decimal(0)) if low >= 0 else low - margin
    limits = {"min_value": _down(below, whole=whole), "max_value": _up(high + margin, whole=whole)}
    extra = f", and {float(100 * RANGE_MARGIN):g} % of the span around" if margin else ""
    return _idea(
        "values_in_range", column, limits, f"values from {low} to {high} {_seen(column)}{extra}"
    )


def _mean_range(column: ColumnProfile) -> Idea | None:
    measured = column.semantic_type in (SemanticType.MEASURE, SemanticType.PERCENTAGE)
    if not measured or column.mean is None or not column.stddev or values_in(column) < MEAN_ROWS:
        return None
    reach = MEAN_DEVIATIONS * column.stddev
    limits = {
        "min_value": _rounded(column.mean - reach),
        "max_value": _rounded(column.mean + reach),
    }
    reason = (
        f"a mean of {column.mean:.6g} {_seen(column)}; it may move by "
        f"{MEAN_DEVIATIONS:g} of the standard deviation ({column.stddev:.6g})"
    )
    return _idea("mean_in_range", column, limits, reason, Severity.WARNING)


def _future(column: ColumnProfile) -> Idea | None:
    if column.general_type not in TEMPORAL or column.future_count != 0 or not values_in(column):
        return None
    reason = f"no date in the future {_seen(column)}"
    return _idea("dates_in_future", column, {"max_percent": 0.0}, reason)


def _fresh(column: ColumnProfile) -> Idea | None:
    newest = _moment(column)
    if newest is None or not timedelta(0) <= column.profiled_at - newest < timedelta(FRESH_DAYS):
        return None
    hours = ceil((column.profiled_at - newest) / timedelta(hours=1))
    # Twice the age seen, plus a day for the rhythm of the loads.
    limit = float(2 * hours + 24)
    reason = f"the newest value was {hours} hours old when profiled; {limit:g} hours are allowed"
    return _idea("freshness_column", column, {"max_age_hours": limit}, reason)


def _text_length(column: ColumnProfile) -> Idea | None:
    short, long = column.min_length, column.max_length
    coded = column.semantic_type in (SemanticType.CODE, SemanticType.IDENTIFIER)
    if not coded or short is None or long is None or long > CODE_LENGTH:
        return None
    if _accepted_values(column) or _pattern(column):
        return None
    span = f"{short}" if short == long else f"{short} to {long}"
    limits = {"min_length": short, "max_length": long}
    return _idea("text_length_range", column, limits, f"texts of {span} characters {_seen(column)}")


def _pattern(column: ColumnProfile) -> Idea | None:
    patterns = pattern_counts(column)
    if len(patterns) != 1 or values_in(column) < ROWS_PER_ACCEPTED or _accepted_values(column):
        return None
    regex = pattern_regex(patterns[0][0])
    if regex is None:
        return None
    reason = f"all texts have the shape {patterns[0][0]} {_seen(column)}"
    return _idea("regex_match", column, {"pattern": regex}, reason)


_SUGGESTIONS: tuple[Callable[[ColumnProfile], Idea | None], ...] = (
    _nulls,
    _unique,
    _accepted_values,
    _values_range,
    _mean_range,
    _future,
    _fresh,
    _text_length,
    _pattern,
)


def _idea(
    rule_type: str,
    column: ColumnProfile,
    parameters: Mapping[str, object],
    reason: str,
    severity: Severity | None = None,
) -> Idea:
    return Idea(rule_type, (column.column_name,), parameters, reason, severity)


def _seen(column: ColumnProfile) -> str:
    at = "" if column.table_version is None else f" at version {column.table_version}"
    return f"in {column.row_count or 0:,} rows{at}"


def _is_fixed(column: ColumnProfile) -> bool:
    """Whether the observed limits are natural ones, such as those of months."""
    return column.semantic_type in (
        SemanticType.PERIOD,
        SemanticType.CONSTANT,
        SemanticType.FLAG,
    )


def _refers(column: ColumnProfile, key: ColumnProfile) -> bool:
    if column.column_name.lower() != key.column_name.lower() or is_unique(column):
        return False
    if key.semantic_type != SemanticType.IDENTIFIER or not is_unique(key):
        return False
    same = column.general_type == key.general_type
    return same and bool(column.distinct_count) and _is_within(column, key)


def _is_within(column: ColumnProfile, key: ColumnProfile) -> bool:
    if column.general_type in NUMERIC:
        ours, theirs = numbers_of(column), numbers_of(key)
        return bool(ours and theirs and theirs[0] <= ours[0] and ours[1] <= theirs[1])
    texts = (key.min_value, column.min_value, column.max_value, key.max_value)
    if any(text is None for text in texts):
        return False
    low, least, most, high = (str(text) for text in texts)
    return low <= least and most <= high


def _moment(column: ColumnProfile) -> datetime | None:
    if column.general_type not in TEMPORAL or not column.max_value:
        return None
    try:
        return datetime.fromisoformat(column.max_value).replace(tzinfo=UTC)
    except ValueError:  # years past 9999 are not fresh
        return None


def _has_long(values: Sequence[tuple[str, int]]) -> bool:
    return any(len(value) > CODE_LENGTH for value, _ in values)


def _down(value: Decimal, *, whole: bool) -> int | float:
    return floor(value) if whole else _outward(value, up=False)


def _up(value: Decimal, *, whole: bool) -> int | float:
    return ceil(value) if whole else _outward(value, up=True)


def _outward(value: Decimal, *, up: bool) -> float:
    """`value` to six figures, rounded away from the values it is to let pass."""
    digits = 5 - value.adjusted() if value else 0
    scaled = value.scaleb(digits)
    return float(Decimal(ceil(scaled) if up else floor(scaled)).scaleb(-digits))


def _rounded(value: float) -> float:
    return float(f"{value:.6g}")
