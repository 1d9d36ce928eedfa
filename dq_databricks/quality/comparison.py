"""Two profiles of the same tables side by side: what is new, gone or different."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dq_databricks.model.profile import ColumnProfile, TableProfile

_MEASURES = (
    "row_count",
    "null_count",
    "distinct_count",
    "min_value",
    "max_value",
    "mean",
    "stddev",
    "min_length",
    "max_length",
    "blank_count",
    "data_type",
    "semantic_type",
)


@dataclass(frozen=True, slots=True)
class Difference:
    """One measure that differs."""

    measure: str
    before: str | int | float | None
    after: str | int | float | None


@dataclass(frozen=True, slots=True)
class ColumnComparison:
    """One column in both profiles. `change` is added, removed, changed or same.

    `distribution_change` is the share of rows, 0 to 1, that would have to take another of the
    most frequent values for both distributions to be equal; None where they are not known.
    """

    column_name: str
    change: str
    differences: tuple[Difference, ...]
    null_share_before: float | None
    null_share_after: float | None
    distribution_change: float | None


@dataclass(frozen=True, slots=True)
class TableComparison:
    """One table in both profiles; `change` is added, removed, changed or same."""

    table_id: str
    table_name: str
    change: str
    version_before: int | None
    version_after: int | None
    row_count_before: int | None
    row_count_after: int | None
    columns: tuple[ColumnComparison, ...]


Profiled = Mapping[str, tuple[TableProfile, Sequence[ColumnProfile]]]


def compare(before: Profiled, after: Profiled) -> tuple[TableComparison, ...]:
    """Every table of either profile, by name; `before` and `after` are by table id."""
    ids = sorted({*before, *after}, key=lambda one: (_name(before, after, one), one))
    return tuple(_table(before.get(one), after.get(one)) for one in ids)


def distribution_change(before: ColumnProfile, after: ColumnProfile) -> float | None:
    """Half the sum of the differences of the shares of the most frequent values and the rest."""
    old, new = _shares(before), _shares(after)
    if old is None or new is None:
        return None
    values = {*old, *new}
    rest = abs(sum(old.values()) - sum(new.values()))
    apart = sum(abs(old.get(value, 0.0) - new.get(value, 0.0)) for value in values)
    return round(min(1.0, (apart + rest) / 2), 6)


def _table(
    before: tuple[TableProfile, Sequence[ColumnProfile]] | None,
    after: tuple[TableProfile, Sequence[ColumnProfile]] | None,
) -> TableComparison:
    old, new = (before or (None, ()))[0], (after or (None, ()))[0]
    columns = _columns((before or (None, ()))[1], (after or (None, ()))[1])
    shown = new or old
    counts = (old.row_count if old else None, new.row_count if new else None)
    is_same = counts[0] == counts[1] and all(column.change == "same" for column in columns)
    return TableComparison(
        table_id=shown.table_id if shown else "",
        table_name=shown.table_name if shown else "",
        change=_change(old, new, is_same=is_same),
        version_before=old.table_version if old else None,
        version_after=new.table_version if new else None,
        row_count_before=counts[0],
        row_count_after=counts[1],
        columns=columns,
    )


def _columns(
    before: Sequence[ColumnProfile], after: Sequence[ColumnProfile]
) -> tuple[ColumnComparison, ...]:
    old = {column.column_name: column for column in before}
    new = {column.column_name: column for column in after}
    return tuple(
        _column(name, old.get(name), new.get(name)) for name in dict.fromkeys([*new, *old])
    )


def _column(
    name: str, before: ColumnProfile | None, after: ColumnProfile | None
) -> ColumnComparison:
    differences = _differences(before, after) if before and after else ()
    moved = distribution_change(before, after) if before and after else None
    is_same = not differences and not moved
    return ColumnComparison(
        column_name=name,
        change=_change(before, after, is_same=is_same),
        differences=differences,
        null_share_before=_null_share(before),
        null_share_after=_null_share(after),
        distribution_change=moved,
    )


def _differences(before: ColumnProfile, after: ColumnProfile) -> tuple[Difference, ...]:
    pairs = ((name, getattr(before, name), getattr(after, name)) for name in _MEASURES)
    return tuple(Difference(name, old, new) for name, old, new in pairs if old != new)


def _change(before: object, after: object, *, is_same: bool) -> str:
    if before is None:
        return "added"
    if after is None:
        return "removed"
    return "same" if is_same else "changed"


def _null_share(column: ColumnProfile | None) -> float | None:
    if column is None or column.null_count is None or not column.row_count:
        return None
    return column.null_count / column.row_count


def _shares(column: ColumnProfile) -> dict[str, float] | None:
    if not column.top_values or not column.row_count:
        return None
    listed = json.loads(column.top_values)
    return {str(one["value"]): one["count"] / column.row_count for one in listed}


def _name(before: Profiled, after: Profiled, table_id: str) -> str:
    return (after.get(table_id) or before[table_id])[0].table_name
