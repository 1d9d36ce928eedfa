"""The measures of a profile: first all plain ones and sketches of every column at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from dq_databricks.engine.protocol import ColumnInfo, Snapshot
from dq_databricks.planning.measure import Measure, MeasureKind, Proof
from dq_databricks.profiling.types import COUNTABLE, NUMERIC, GeneralType, general_type
from dq_databricks.sql.identifiers import quote
from dq_databricks.sql.statement import Parameter, Statement

TEXT_LIMIT = 200
"""Characters kept of any value: a profile never grows with the size of the values."""

SKETCH_BITS = 13
"""log2 of the buckets of a HyperLogLog sketch."""

DISTINCT_ERROR = 0.0115
"""Relative standard error of such a sketch, 1.04 / √(buckets) (Flajolet et al. 2007)."""

QUANTILES = {"p05": 0.05, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p95": 0.95}

_WORDS = ("n/a", "na", "none", "null", "nil", "nan", "unknown", "tbd")
EXACT_QUANTILE_ROWS = 100_000
"""Up to this many rows quantiles are exact; above, sorting would be the dearest measure."""

EXACT_ACCURACY = 10_000
QUANTILE_ACCURACY = 100

PLACEHOLDERS = (
    *(spelt for word in _WORDS for spelt in dict.fromkeys((word, word.upper(), word.title()))),
    *("NaN", "-", "--", "?", ".", "\\N"),
)
"""What people and programs write where a value is missing. Spelt out: lower() is slow."""

# Beyond this the square of a number leaves the doubles, which one engine answers with an error.
_LARGEST_SQUARABLE = "1e100"
_INFINITY = "CAST('Infinity' AS DOUBLE)"
_NUMBER = r"'\\A[+-]?[0-9]*[.]?[0-9]+\\z'"
_DATE = (
    r"'\\A([0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?"
    r"(Z|[+-][0-9]{2}:?[0-9]{2})?)?|[0-9]{1,2}[/.][0-9]{1,2}[/.][0-9]{4}"
    r"|[0-9]{4}/[0-9]{2}/[0-9]{2})\\z'"
)

ROW_COUNT = "profile.row_count"


def measure_key(measure: str, column: str) -> str:
    """The key of one measure of one column."""
    return f"profile.{measure}.{column}"


@dataclass(frozen=True, slots=True)
class _Pass:
    """What measures of one pass share: the time that parts past from future, and how exactly
    quantiles are asked for (ranks may be off by about one in `accuracy`)."""

    now: datetime
    accuracy: int


def first_measures(snapshot: Snapshot, *, now: datetime) -> tuple[Measure, ...]:
    """Every measure one pass over the table can take; `now` (aware) parts past from future.

    What does not apply to the type of a column is not asked for. Quantiles of a table that is
    known to be small are exact.
    """
    rows = snapshot.statistics.row_count
    is_small = rows is not None and rows <= EXACT_QUANTILE_ROWS
    once = _Pass(now, EXACT_ACCURACY if is_small else QUANTILE_ACCURACY)
    return (
        Measure(ROW_COUNT, MeasureKind.SCAN, Statement("count(*)"), proof=Proof("row_count")),
        *(measure for column in snapshot.columns for measure in _of_column(column, once)),
    )


def _of_column(column: ColumnInfo, once: _Pass) -> Iterator[Measure]:
    general = general_type(column.data_type)
    name = quote(column.name)
    yield _scan(column, "null_count", f"count(CASE WHEN {name} IS NULL THEN 1 END)", "null_count")
    if general in COUNTABLE:
        yield _scan(column, "distinct", _sketch(general, name), is_object=True)
    if general in _FAMILIES:
        yield from _FAMILIES[general](column, name, once)


def _sketch(general: GeneralType, name: str) -> str:
    """An estimate of distinct values; sketches take whole numbers and text, so others become text.

    On Spark `approx_count_distinct` with an error as small as this one takes five times as long.
    """
    value = f"CAST({name} AS STRING)"
    if general is GeneralType.INTEGER:
        value = f"CAST({name} AS BIGINT)"
    if general is GeneralType.TEXT:
        value = name
    return f"hll_sketch_estimate(hll_sketch_agg({value}, {SKETCH_BITS}))"


def _numbers(column: ColumnInfo, name: str, once: _Pass) -> Iterator[Measure]:
    number = f"CAST({name} AS DOUBLE)"
    if general_type(column.data_type) is GeneralType.FLOAT:
        yield from _floats(column, number)
        number = f"CASE WHEN abs({number}) < {_LARGEST_SQUARABLE} THEN {number} END"
    else:
        yield from _bounds(column, name)
    yield _scan(column, "mean", f"avg({number})")
    yield _scan(column, "stddev", f"stddev({number})")
    yield _scan(column, "zero_count", f"count(CASE WHEN {name} = 0 THEN 1 END)")
    yield _scan(column, "negative_count", f"count(CASE WHEN {name} < 0 THEN 1 END)")
    points = ", ".join(f"{point}" for point in QUANTILES.values())
    yield _scan(
        column,
        "quantiles",
        f"percentile_approx({number}, array({points}), {once.accuracy})",
        is_object=True,
    )


def _floats(column: ColumnInfo, number: str) -> Iterator[Measure]:
    finite = f"CASE WHEN abs({number}) < {_INFINITY} THEN {number} END"
    yield _scan(column, "min", f"min({finite})")
    yield _scan(column, "max", f"max({finite})")
    not_a_number = f"{number} = CAST('NaN' AS DOUBLE)"
    yield _scan(column, "nan_count", f"count(CASE WHEN {not_a_number} THEN 1 END)")
    infinite = f"abs({number}) = {_INFINITY}"
    yield _scan(column, "infinite_count", f"count(CASE WHEN {infinite} THEN 1 END)")


def _texts(column: ColumnInfo, name: str, once: _Pass) -> Iterator[Measure]:
    del once
    # Only text below '!' starts with a blank or is empty: all other is spared the trimming.
    blank = f"CASE WHEN {name} < '!' THEN trim(BOTH ' ' FROM {name}) = '' ELSE false END"
    # Text that could be a number or a date starts with one of + , - . / 0-9: all others are
    # spared the regular expression, which costs more than everything else together.
    digits = f"{name} >= '+' AND {name} < ':'"
    words = ", ".join("'" + word.replace("\\", "\\\\") + "'" for word in PLACEHOLDERS)
    yield _scan(column, "min", f"substr(min({name}), 1, {TEXT_LIMIT})", "min")
    yield _scan(column, "max", f"substr(max({name}), 1, {TEXT_LIMIT})", "max")
    yield _scan(column, "min_length", f"min(length({name}))")
    yield _scan(column, "max_length", f"max(length({name}))")
    yield _scan(column, "mean_length", f"avg(CAST(length({name}) AS DOUBLE))")
    for measure, condition in (
        ("blank_count", blank),
        ("leading_space_count", f"startswith({name}, ' ') AND NOT {blank}"),
        ("trailing_space_count", f"endswith({name}, ' ') AND NOT {blank}"),
        ("placeholder_count", f"CASE WHEN length({name}) < 8 THEN {name} IN ({words}) END"),
        ("numeric_text_count", f"CASE WHEN {digits} THEN {name} RLIKE {_NUMBER} END"),
        ("date_text_count", f"CASE WHEN {digits} THEN {name} RLIKE {_DATE} END"),
    ):
        yield _scan(column, measure, f"count(CASE WHEN {condition} THEN 1 END)")


def _dates(column: ColumnInfo, name: str, once: _Pass) -> Iterator[Measure]:
    for bound in ("min", "max"):
        yield _scan(column, bound, f"CAST({bound}({name}) AS STRING)", bound)
    yield from _far_dates(column, name, "DATE'1900-01-01'", {"profile_today": once.now.date()})


def _timestamps(column: ColumnInfo, name: str, once: _Pass) -> Iterator[Measure]:
    moment = f"CAST({name} AS TIMESTAMP)"
    for bound in ("min", "max"):
        text = f"date_format({bound}({moment}), 'yyyy-MM-dd HH:mm:ss.SSSSSS')"
        yield _scan(column, bound, text, bound)
    early = "TIMESTAMP'1900-01-01 00:00:00'"
    yield from _far_dates(column, moment, early, {"profile_now": once.now})


def _far_dates(
    column: ColumnInfo, moment: str, early: str, parameters: dict[str, Parameter]
) -> Iterator[Measure]:
    (now,) = parameters
    yield _scan(
        column,
        "future_count",
        f"count(CASE WHEN {moment} > :{now} THEN 1 END)",
        parameters=parameters,
    )
    yield _scan(column, "before_1900_count", f"count(CASE WHEN {moment} < {early} THEN 1 END)")


def _booleans(column: ColumnInfo, name: str, once: _Pass) -> Iterator[Measure]:
    del once
    yield _scan(column, "true_count", f"count(CASE WHEN {name} THEN 1 END)")
    yield _scan(column, "false_count", f"count(CASE WHEN NOT {name} THEN 1 END)")


def _bounds(column: ColumnInfo, name: str) -> Iterator[Measure]:
    yield _scan(column, "min", f"min({name})", "min")
    yield _scan(column, "max", f"max({name})", "max")


def _scan(
    column: ColumnInfo,
    measure: str,
    expression: str,
    fact: str | None = None,
    *,
    is_object: bool = False,
    parameters: dict[str, Parameter] | None = None,
) -> Measure:
    return Measure(
        measure_key(measure, column.name),
        MeasureKind.SCAN,
        Statement(expression, parameters or {}),
        columns=frozenset({column.name}),
        is_object=is_object,
        proof=_PROOFS[fact](column.name) if fact else None,
    )


_PROOFS: dict[str, Callable[[str], Proof]] = {
    "null_count": lambda column: Proof("null_count", column),
    "min": lambda column: Proof("min", column),
    "max": lambda column: Proof("max", column),
}

_FAMILIES: dict[GeneralType, Callable[[ColumnInfo, str, _Pass], Iterator[Measure]]] = {
    **dict.fromkeys(NUMERIC, _numbers),
    GeneralType.TEXT: _texts,
    GeneralType.DATE: _dates,
    GeneralType.TIMESTAMP: _timestamps,
    GeneralType.BOOLEAN: _booleans,
}
