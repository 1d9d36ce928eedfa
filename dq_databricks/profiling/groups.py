"""The second pass: which columns get a GROUP BY of their own, and why."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from dq_databricks.engine.protocol import ColumnInfo, Snapshot
from dq_databricks.planning.measure import Measure, MeasureKind, Measurement
from dq_databricks.profiling.measures import ROW_COUNT, TEXT_LIMIT, measure_key
from dq_databricks.profiling.types import COUNTABLE, GeneralType, general_type
from dq_databricks.sql.identifiers import quote
from dq_databricks.sql.statement import Statement

FEW_VALUES = 1_000
"""Up to this many distinct values a column is listed: most frequent values, patterns, counts."""

SOME_VALUES = 10_000
"""Up to this many distinct values a GROUP BY costs little more than reading the column."""

SMALL_TABLE = 1_000_000
"""Up to this many rows a GROUP BY of any column is cheap, so distinct counts are exact."""

KEY_SHARE = 0.95
"""Estimated distinct values per row from which a column without nulls may be a key."""

KEY_LENGTH = 64
"""Longest text that may be a key."""

MOST_KEYS = 3
"""Possible keys counted exactly in a table that is not small."""

MOST_COLUMNS = 200
"""Columns grouped in one profile; all others keep their approximate counts."""

COLUMNS_PER_STATEMENT = 8
"""Columns of a small table that share a statement, because a statement has a fixed price."""

NUMBERS_LISTED = 50
"""Most frequent values fetched of a column that is not text."""


class Grouping(StrEnum):
    """What a GROUP BY is to give: nothing, the number of groups, or the groups too."""

    NONE = "none"
    COUNT = "count"
    VALUES = "values"


@dataclass(frozen=True, slots=True)
class GroupChoice:
    """What the second pass does with a column, and why, in words."""

    column: ColumnInfo
    grouping: Grouping
    reason: str


def choose_groups(
    snapshot: Snapshot, first: Mapping[str, Measurement], *, exact: bool = False
) -> tuple[GroupChoice, ...]:
    """What to group of each column, decided from the first pass."""
    choices: list[GroupChoice] = []
    keys_left = MOST_KEYS
    columns_left = len(snapshot.columns) if exact else MOST_COLUMNS
    for column in snapshot.columns:
        choice = _choose(column, _Facts.of(column, first), exact=exact, keys_left=keys_left)
        if choice.grouping is not Grouping.NONE and columns_left == 0:
            choice = _none(column, f"{MOST_COLUMNS} other columns are grouped already")
        columns_left -= choice.grouping is not Grouping.NONE
        keys_left -= choice.reason.startswith(_KEY)
        choices.append(choice)
    return tuple(choices)


def second_measures(
    snapshot: Snapshot, first: Mapping[str, Measurement], *, exact: bool = False
) -> tuple[Measure, ...]:
    """The GROUP BYs the first pass makes worth while; every column is in one of them at most.

    Columns of a small table share statements, those of a large one have one each.
    """
    chosen = [
        choice
        for choice in choose_groups(snapshot, first, exact=exact)
        if choice.grouping is not Grouping.NONE
    ]
    rows = _integer(first.get(ROW_COUNT)) or 0
    size = COLUMNS_PER_STATEMENT if rows <= SMALL_TABLE else 1
    return tuple(_measure(snapshot, part) for part in _parts(chosen, size))


def separate_measures(
    snapshot: Snapshot,
    first: Mapping[str, Measurement],
    failed: Collection[str],
    *,
    exact: bool = False,
) -> tuple[Measure, ...]:
    """Each column of shared GROUP BYs that `failed` (by key) alone; one that was alone stays out.

    So a column that cannot be grouped costs its neighbours nothing.
    """
    shared = [key for key in failed if key.startswith(_PREFIX) and "," in key]
    return tuple(
        _measure(snapshot, [choice])
        for choice in choose_groups(snapshot, first, exact=exact)
        if any(covers(key, choice.column) for key in shared)
    )


def covers(key: str, column: ColumnInfo) -> bool:
    """Whether the measure of this key groups `column`."""
    return str(column.position) in key.removeprefix(_PREFIX).split(",")


_PREFIX = "profile.groups."
_KEY = "may be a key"


@dataclass(frozen=True, slots=True)
class _Facts:
    rows: int | None
    nulls: int | None
    distinct: int | None
    longest: int | None

    @classmethod
    def of(cls, column: ColumnInfo, first: Mapping[str, Measurement]) -> _Facts:
        keys = (measure_key(name, column.name) for name in ("null_count", "distinct", "max_length"))
        return cls(_integer(first.get(ROW_COUNT)), *(_integer(first.get(key)) for key in keys))


def _choose(column: ColumnInfo, facts: _Facts, *, exact: bool, keys_left: int) -> GroupChoice:
    general = general_type(column.data_type)
    if general not in COUNTABLE:
        return _none(column, f"values of type {column.data_type} are not grouped")
    if facts.rows is None or facts.distinct is None:
        return _none(column, "its first measures could not be taken")
    if facts.rows == facts.nulls:
        return _none(column, "it holds no values")
    if facts.distinct <= FEW_VALUES:
        return GroupChoice(
            column, Grouping.VALUES, f"about {facts.distinct:,} distinct values are few"
        )
    if exact:
        return GroupChoice(column, Grouping.COUNT, "exact counts were asked for")
    if facts.rows <= SMALL_TABLE:
        return GroupChoice(column, Grouping.COUNT, f"a table of {facts.rows:,} rows is small")
    if facts.distinct <= SOME_VALUES:
        return GroupChoice(column, Grouping.COUNT, f"about {facts.distinct:,} groups are cheap")
    if keys_left and _may_be_key(column, facts):
        return GroupChoice(column, Grouping.COUNT, f"{_KEY}: about as many values as rows")
    return _none(
        column, f"about {facts.distinct:,} distinct values in {facts.rows:,} rows cost too much"
    )


def _may_be_key(column: ColumnInfo, facts: _Facts) -> bool:
    general = general_type(column.data_type)
    if general not in (GeneralType.INTEGER, GeneralType.TEXT) or facts.nulls != 0:
        return False
    short = facts.longest is None or facts.longest <= KEY_LENGTH
    return short and (facts.distinct or 0) >= KEY_SHARE * (facts.rows or 0)


def _none(column: ColumnInfo, reason: str) -> GroupChoice:
    return GroupChoice(column, Grouping.NONE, reason)


def _parts(choices: Sequence[GroupChoice], size: int) -> list[list[GroupChoice]]:
    return [list(choices[start : start + size]) for start in range(0, len(choices), size)]


def _measure(snapshot: Snapshot, choices: Sequence[GroupChoice]) -> Measure:
    source = snapshot.relation.at(snapshot.version).sql
    text = "\nUNION ALL\n".join(_select(source, choice) for choice in choices)
    return Measure(
        _PREFIX + ",".join(str(choice.column.position) for choice in choices),
        MeasureKind.QUERY,
        Statement(text),
        columns=frozenset(choice.column.name for choice in choices),
        returns_rows=True,
    )


def _select(source: str, choice: GroupChoice) -> str:
    column = choice.column
    groups = (
        f"SELECT {quote(column.name)} AS group_value, count(*) AS group_rows\n"
        f"FROM {source}\n"
        f"WHERE {quote(column.name)} IS NOT NULL\n"
        f"GROUP BY {quote(column.name)}"
    )
    if choice.grouping is Grouping.COUNT:
        return (
            f"SELECT {column.position} AS column_position, CAST(NULL AS STRING) AS value_text, "
            "CAST(NULL AS DOUBLE) AS value_number, max(group_rows) AS group_rows, "
            f"count(*) AS group_count\nFROM ({groups}) AS g"
        )
    text, number = _value(column)
    listed = FEW_VALUES if general_type(column.data_type) is GeneralType.TEXT else NUMBERS_LISTED
    return (
        f"SELECT {column.position} AS column_position, {text} AS value_text, "
        f"{number} AS value_number, group_rows, group_count\n"
        "FROM (SELECT group_value, group_rows, count(*) OVER () AS group_count, "
        "row_number() OVER (ORDER BY group_rows DESC, group_value) AS group_rank\n"
        f"FROM ({groups}) AS g) AS r\nWHERE group_rank <= {listed}"
    )


def _value(column: ColumnInfo) -> tuple[str, str]:
    """A value as text, and as a number where engines write the number differently."""
    match general_type(column.data_type):
        case GeneralType.FLOAT:
            return "CAST(NULL AS STRING)", "CAST(group_value AS DOUBLE)"
        case GeneralType.TIMESTAMP:
            moment = "CAST(group_value AS TIMESTAMP)"
            text = f"date_format({moment}, 'yyyy-MM-dd HH:mm:ss.SSSSSS')"
        case GeneralType.TEXT:
            text = f"substr(group_value, 1, {TEXT_LIMIT})"
        case _:
            text = "CAST(group_value AS STRING)"
    return text, "CAST(NULL AS DOUBLE)"


def _integer(measurement: Measurement | None) -> int | None:
    value = measurement.value if measurement else None
    return int(value) if isinstance(value, int | float) else None
