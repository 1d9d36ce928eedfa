"""What may be odd about one column. The name of a function is the code of the anomaly."""

from __future__ import annotations

import re
from decimal import Decimal

from dq_databricks.model.column_types import GeneralType
from dq_databricks.model.profile import ColumnProfile
from dq_databricks.model.vocabulary import Severity
from dq_databricks.profiling.anomalies import Finding, column_anomaly
from dq_databricks.profiling.semantic import (
    SemanticType,
    numbers_of,
    pattern_counts,
    value_counts,
    values_in,
)

MOSTLY = 0.95
"""Share of values that makes the rest look like mistakes rather than like another kind."""

SMALL_SHARE = 0.03
"""Below this share missing or rare values look like slips; above it like part of the subject."""

MOSTLY_MISSING = 0.5
"""From this share of missing values most figures of a column speak of a minority of rows."""

MANY_VALUES = 1_000
"""Below this number of values a few repeated ones prove nothing about a key."""

NEARLY_UNIQUE = 0.99
"""Share of distinct values from which repeated ones look like duplicates of a key."""

FEW_PATTERNS = 4
"""With more patterns than this, variety is the nature of the column."""

RARE_PATTERN = 0.1
"""A second pattern rarer than this, compared with the first, looks like a slip."""

FAR_DEVIATIONS = 50
"""A value this many standard deviations from the mean is no tail of any usual distribution."""

FAR_YEARS = 30
"""Dates this many years ahead of the profile are plans of nobody."""


@column_anomaly(
    Severity.WARNING,
    description="The column holds no values.",
    suggestion="Find out whether the source still delivers it; drop it if not.",
)
def no_values(column: ColumnProfile) -> Finding | None:
    """All rows are null, blank or a placeholder."""
    rows = column.row_count or 0
    if rows == 0 or _missing(column) < rows:
        return None
    return Finding(column, f"All {rows:,} rows are null, blank or a placeholder.", 1.0)


@column_anomaly(
    Severity.WARNING,
    description="Most rows have no value.",
    suggestion="Find out whether the value is optional; if so, say it in the column's comment.",
)
def mostly_missing(column: ColumnProfile) -> Finding | None:
    """More than half, but not all, of the rows have no value."""
    rows, missing = column.row_count or 0, _missing(column)
    if not rows or not MOSTLY_MISSING * rows < missing < rows:
        return None
    return Finding(
        column, f"{_of(missing, rows)} are null, blank or a placeholder.", missing / rows
    )


@column_anomaly(
    Severity.WARNING,
    description="Missing values are written in several ways.",
    suggestion="Turn blanks and words such as n/a into NULL when loading.",
)
def non_standard_blanks(column: ColumnProfile) -> Finding | None:
    """Blank texts or placeholder words stand where NULL should."""
    odd = (column.blank_count or 0) + (column.placeholder_count or 0)
    rows = column.row_count or 0
    if not odd or _missing(column) == rows:
        return None
    return Finding(
        column, f"{_of(odd, rows)} are blank or a placeholder instead of NULL.", odd / rows
    )


@column_anomaly(
    Severity.WARNING,
    description="Texts start or end with blanks.",
    suggestion="Trim when loading: such texts fail to join and to match.",
)
def leading_spaces(column: ColumnProfile) -> Finding | None:
    """Some texts have blanks around them."""
    odd = (column.leading_space_count or 0) + (column.trailing_space_count or 0)
    rows = column.row_count or 0
    if not odd:
        return None
    words = (
        f"{column.leading_space_count or 0:,} start and {column.trailing_space_count or 0:,} end"
    )
    return Finding(column, f"{words} with a blank, of {rows:,} rows.", min(1.0, odd / rows))


@column_anomaly(
    Severity.WARNING,
    description="A text column holds numbers, but for a few values.",
    suggestion="Correct the few, then give the column a numeric type.",
)
def mostly_numeric_text(column: ColumnProfile) -> Finding | None:
    """More than 95 % of the texts are numbers, but not all."""
    return _mostly(column, column.numeric_text_count, "numbers")


@column_anomaly(
    Severity.WARNING,
    description="A text column holds dates, but for a few values.",
    suggestion="Correct the few, then give the column a date type.",
)
def mostly_date_text(column: ColumnProfile) -> Finding | None:
    """More than 95 % of the texts are dates, but not all."""
    return _mostly(column, column.date_text_count, "dates")


@column_anomaly(
    Severity.WARNING,
    description="A text column holds nothing but dates.",
    suggestion="Give the column a date or timestamp type, so ranges and ages can be tested.",
)
def dates_as_text(column: ColumnProfile) -> Finding | None:
    """All texts are dates."""
    filled = _filled(column)
    if not filled or column.date_text_count != filled:
        return None
    return Finding(column, f"All {filled:,} texts are dates.", filled / (column.row_count or 1))


@column_anomaly(
    Severity.WARNING,
    description="A small share of rows has no value.",
    suggestion="Look at these rows: a source or a join may have lost their values.",
)
def small_missing_share(column: ColumnProfile) -> Finding | None:
    """Some, but less than 3 %, of the rows have no value."""
    rows, missing = column.row_count or 0, _missing(column)
    if not 0 < missing < SMALL_SHARE * rows:
        return None
    return Finding(
        column, f"{_of(missing, rows)} are null, blank or a placeholder.", missing / rows
    )


@column_anomaly(
    Severity.WARNING,
    description="Nearly all values are the same.",
    suggestion="Look at the rare values: they may be mistakes, or the only ones that matter.",
)
def small_divergent_share(column: ColumnProfile) -> Finding | None:
    """One value has more than 97 % of the rows, but not all."""
    top, values = value_counts(column), values_in(column)
    if not top or column.general_type in (GeneralType.BOOLEAN, GeneralType.FLOAT):
        return None
    value, rows = top[0]
    if not (1 - SMALL_SHARE) * values < rows < values:
        return None
    rest = values - rows
    return Finding(column, f"{_of(rest, values)} differ from {value!r}.", rest / values)


@column_anomaly(
    Severity.WARNING,
    description="The column is nearly a key.",
    suggestion="If it is to be a key, find the rows that share a value and remove duplicates.",
)
def potential_duplicates(column: ColumnProfile) -> Finding | None:
    """At least 99 % of many values are distinct, counted exactly, but not all."""
    values, distinct = values_in(column), column.distinct_count
    keyed = column.general_type in (GeneralType.INTEGER, GeneralType.TEXT)
    if not keyed or not column.distinct_is_exact or distinct is None or values < MANY_VALUES:
        return None
    if not NEARLY_UNIQUE * values <= distinct < values:
        return None
    repeated = values - distinct
    fact = f"{values:,} values, {distinct:,} of them distinct: {repeated:,} repeat another."
    return Finding(column, fact, repeated / values)


@column_anomaly(
    Severity.ERROR,
    description="Dates lie where no event can.",
    suggestion="Correct them or set them to NULL; find the default or the typing mistake.",
)
def unlikely_dates(column: ColumnProfile) -> Finding | None:
    """Dates before 1900 or more than 30 years ahead."""
    early, rows = column.before_1900_count or 0, column.row_count or 0
    last = _year(column.max_value) if column.future_count else None
    far = last is not None and last > column.profiled_at.year + FAR_YEARS
    if not early and not far:
        return None
    late = f"the latest is {column.max_value}" if far else "none is far ahead"
    fact = f"{_of(early, rows)} are before 1900; {late}."
    # Only the future ones can be counted; those far ahead are among them.
    return Finding(column, fact, (early + (column.future_count or 0) * far) / rows)


@column_anomaly(
    Severity.WARNING,
    description="A few dates lie in the future.",
    suggestion="Find out whether they are plans or mistakes; test for dates in the future.",
)
def few_future_dates(column: ColumnProfile) -> Finding | None:
    """Some, but less than 3 %, of the dates lie in the future."""
    future, values = column.future_count or 0, values_in(column)
    if not 0 < future < SMALL_SHARE * values:
        return None
    return Finding(column, f"{_of(future, values)} lie in the future.", future / values)


@column_anomaly(
    Severity.WARNING,
    description="A few values have another shape than all others.",
    suggestion="Check the odd ones, then test the pattern.",
)
def pattern_mismatch(column: ColumnProfile) -> Finding | None:
    """Two to four patterns with digits, the second less than a tenth of the first."""
    patterns, values = pattern_counts(column), values_in(column)
    if not 2 <= len(patterns) <= FEW_PATTERNS or (column.max_length or 0) <= 3:
        return None
    (top, most), (second, next_most) = patterns[:2]
    if not any("9" in pattern for pattern in (top, second)) or next_most >= RARE_PATTERN * most:
        return None
    rest = values - most
    return Finding(
        column, f"{_of(rest, values)} differ from {top!r}, as in {second!r}.", rest / values
    )


@column_anomaly(
    Severity.WARNING,
    description="The same text is written in upper and lower case.",
    suggestion="Choose one spelling and map the others to it when loading.",
)
def inconsistent_casing(column: ColumnProfile) -> Finding | None:
    """Two frequent values differ by case alone."""
    if column.general_type != GeneralType.TEXT:
        return None
    spellings: dict[str, list[tuple[str, int]]] = {}
    for value, rows in value_counts(column):
        spellings.setdefault(value.lower(), []).append((value, rows))
    several = [found for found in spellings.values() if len(found) > 1]
    if not several:
        return None
    examples = ", ".join(" / ".join(value for value, _ in found) for found in several[:3])
    odd = sum(rows for found in several for _, rows in found[1:])
    return Finding(column, f"For example {examples}.", odd / (column.row_count or 1))


@column_anomaly(
    Severity.WARNING,
    description="A text column holds a few numbers.",
    suggestion="Check them: columns may have shifted, or a code was typed in place of a name.",
)
def unexpected_numerics(column: ColumnProfile) -> Finding | None:
    """Some, but less than 3 %, of the texts are numbers."""
    numeric, filled = column.numeric_text_count or 0, _filled(column)
    if not 0 < numeric < SMALL_SHARE * filled or _is_coded(column):
        return None
    return Finding(column, f"{_of(numeric, filled)} are numbers.", numeric / filled)


@column_anomaly(
    Severity.ERROR,
    description="The column holds NaN or infinite numbers.",
    suggestion="Replace them by NULL: they silently spoil sums, means and comparisons.",
)
def non_finite_numbers(column: ColumnProfile) -> Finding | None:
    """NaN or ±infinity occurs."""
    nan, infinite = column.nan_count or 0, column.infinite_count or 0
    if not nan + infinite:
        return None
    rows = column.row_count or 1
    fact = f"{nan:,} are NaN and {infinite:,} infinite, of {rows:,} rows."
    return Finding(column, fact, (nan + infinite) / rows)


@column_anomaly(
    Severity.WARNING,
    description="One value lies far away from all others.",
    suggestion="Look at it: a wrong unit, a lost decimal point or a code for 'unknown'.",
)
def far_outlier(column: ColumnProfile) -> Finding | None:
    """The smallest or largest number is more than 50 standard deviations from the mean."""
    bounds = numbers_of(column)
    if bounds is None or not column.stddev or column.mean is None or _is_name(column):
        return None
    mean, reach = Decimal(column.mean), FAR_DEVIATIONS * Decimal(column.stddev)
    far = [bound for bound in bounds if abs(bound - mean) > reach]
    if not far:
        return None
    return Finding(column, f"{far[0]} against a mean of {column.mean:.6g} ± {column.stddev:.6g}.")


def _mostly(column: ColumnProfile, count: int | None, what: str) -> Finding | None:
    filled = _filled(column)
    if count is None or not MOSTLY * filled < count < filled:
        return None
    rest = filled - count
    return Finding(column, f"All but {_of(rest, filled)} are {what}.", rest / filled)


def _missing(column: ColumnProfile) -> int:
    counts = (column.null_count, column.blank_count, column.placeholder_count)
    return sum(count or 0 for count in counts)


def _filled(column: ColumnProfile) -> int:
    """Texts that are neither null nor blank nor a placeholder."""
    return (column.row_count or 0) - _missing(column)


def _is_name(column: ColumnProfile) -> bool:
    return column.semantic_type in (SemanticType.IDENTIFIER, SemanticType.PERIOD)


def _is_coded(column: ColumnProfile) -> bool:
    """Whether digits belong to the column: among codes an all-digit one is no surprise."""
    usual = pattern_counts(column)[:1]
    coded = column.semantic_type in (SemanticType.IDENTIFIER, SemanticType.CODE)
    return coded or any("9" in pattern for pattern, _ in usual)


def _year(text: str | None) -> int | None:
    match = re.match(r"\+?([0-9]{4,6})-", text or "")
    return int(match.group(1)) if match else None


def _of(count: int, rows: int) -> str:
    share = 100 * count / rows if rows else 0.0
    return f"{count:,} of {rows:,} rows ({share:.3g} %)"
