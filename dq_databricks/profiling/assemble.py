"""Brings the measurements of both passes together into one row per column."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from dq_databricks.engine.protocol import ColumnInfo, Scalar, Snapshot
from dq_databricks.model.column_types import GeneralType, general_type
from dq_databricks.model.profile import ColumnProfile
from dq_databricks.planning.measure import Measurement
from dq_databricks.profiling.groups import FEW_VALUES, covers
from dq_databricks.profiling.measures import (
    DISTINCT_ERROR,
    QUANTILES,
    ROW_COUNT,
    TEXT_LIMIT,
    measure_key,
)
from dq_databricks.profiling.patterns import count_patterns
from dq_databricks.profiling.semantic import semantic_type

TOP_VALUES = 20
"""Most frequent values stored of a column."""

TOP_PATTERNS = 10
"""Most frequent patterns stored of a text column."""

_COUNTS = (
    "min_length",
    "max_length",
    "blank_count",
    "leading_space_count",
    "trailing_space_count",
    "placeholder_count",
    "numeric_text_count",
    "date_text_count",
    "zero_count",
    "negative_count",
    "nan_count",
    "infinite_count",
    "true_count",
    "false_count",
    "future_count",
    "before_1900_count",
)
_FIGURES = ("mean", "stddev", "mean_length")
_ALL = ("null_count", "distinct", "min", "max", "quantiles", *_COUNTS, *_FIGURES)


def assemble(
    snapshot: Snapshot,
    first: Mapping[str, Measurement],
    second: Mapping[str, Measurement],
    *,
    profile_run_id: str,
    table_id: str,
    table_name: str,
    profiled_at: datetime,
) -> list[ColumnProfile]:
    """One row per column, in the order of the table.

    What does not apply to a type, or has no answer (the mean of no values), is None. A measure
    that failed is None too and named in `error_message`.
    """
    rows = _integer(first.get(ROW_COUNT))
    groups = _groups_by_position(second)
    described = []
    for column in snapshot.columns:
        taken = _Taken(column, first, rows, groups.get(column.position, _Groups()))
        profile = ColumnProfile.model_validate(
            {
                "profile_run_id": profile_run_id,
                "table_id": table_id,
                "table_name": table_name,
                "table_version": snapshot.version,
                "column_name": column.name,
                "position": column.position,
                "data_type": column.data_type,
                "general_type": general_type(column.data_type).value,
                "row_count": rows,
                "profiled_at": profiled_at,
                "error_message": _errors(column, first, second),
                **taken.fields(),
            }
        )
        described.append(profile.model_copy(update={"semantic_type": semantic_type(profile)}))
    return described


@dataclass(frozen=True, slots=True)
class _Groups:
    """What the second pass found of one column; `count` is None where it did not look."""

    count: int | None = None
    values: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class _Taken:
    """Everything measured of one column."""

    column: ColumnInfo
    first: Mapping[str, Measurement]
    rows: int | None
    groups: _Groups

    def fields(self) -> dict[str, object]:
        """The measures as fields of the stored row."""
        nulls = _integer(self._measurement("null_count"))
        return {
            "null_count": nulls,
            **self._distinct(nulls),
            "min_value": value_text(self._value("min")),
            "max_value": value_text(self._value("max")),
            **{name: _integer(self._measurement(name)) for name in _COUNTS},
            **{name: finite(self._value(name)) for name in _FIGURES},
            "quantiles": self._quantiles(),
            "top_values": self._top_values(),
            "patterns": self._patterns(),
        }

    def _measurement(self, name: str) -> Measurement | None:
        return self.first.get(measure_key(name, self.column.name))

    def _value(self, name: str) -> Scalar | None:
        measurement = self._measurement(name)
        return measurement.value if measurement else None

    def _distinct(self, nulls: int | None) -> dict[str, object]:
        exact = self._exact_distinct(nulls)
        if exact is not None:
            return {"distinct_count": exact, "distinct_is_exact": True}
        sketched = _integer(self._measurement("distinct"))
        if sketched is None:
            return {}
        values = self.rows - nulls if self.rows is not None and nulls is not None else sketched
        return {
            "distinct_count": min(sketched, values),
            "distinct_is_exact": False,
            "distinct_error": DISTINCT_ERROR,
        }

    def _exact_distinct(self, nulls: int | None) -> int | None:
        counts = (self._value("true_count"), self._value("false_count"))
        if all(isinstance(count, int) for count in counts):
            return sum(1 for count in counts if count)
        if self.groups.count is not None:
            return self.groups.count
        has_no_values = nulls is not None and nulls == self.rows
        return 0 if has_no_values and self._measurement("distinct") else None

    def _quantiles(self) -> str | None:
        value = self._value("quantiles")
        if not isinstance(value, str):
            return None
        points = [finite(point) for point in json.loads(value)]
        return json.dumps(dict(zip(QUANTILES, points, strict=True)))

    def _top_values(self) -> str | None:
        values = self.groups.values or self._booleans()
        if not values:
            return None
        return _json([{"value": value, "count": rows} for value, rows in values[:TOP_VALUES]])

    def _booleans(self) -> tuple[tuple[str, int], ...]:
        counts = (
            ("true", _integer(self._measurement("true_count"))),
            ("false", _integer(self._measurement("false_count"))),
        )
        found = [(value, rows) for value, rows in counts if rows]
        return tuple(sorted(found, key=lambda item: -item[1]))

    def _patterns(self) -> str | None:
        is_text = general_type(self.column.data_type) is GeneralType.TEXT
        # Patterns of some of the values would say nothing about all of them.
        complete = self.groups.count is not None and self.groups.count <= FEW_VALUES
        if not (is_text and complete and self.groups.values):
            return None
        counted = count_patterns(self.groups.values)[:TOP_PATTERNS]
        return _json([{"pattern": pattern, "count": rows} for pattern, rows in counted])


def value_text(value: Scalar | None) -> str | None:
    """A value as the text a profile stores: at most 200 characters, never NaN."""
    match value:
        case None:
            return None
        case float() if not math.isfinite(value):
            return None
        case Decimal():
            return format(value, "f")
        case datetime():
            moment = value.astimezone(UTC) if value.tzinfo else value
            return moment.replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")
        case date():
            return value.isoformat()
        case bytes():
            return value.hex()[:TEXT_LIMIT]
        case _:
            return str(value)[:TEXT_LIMIT]


def finite(value: object) -> float | None:
    """`value` as a finite number, else None: no profile holds NaN or infinity."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    number = float(value)
    return number if math.isfinite(number) else None


def _groups_by_position(second: Mapping[str, Measurement]) -> dict[int, _Groups]:
    found: dict[int, _Groups] = {}
    for measurement in second.values():
        for row in measurement.rows:
            position, count = _whole(row["column_position"]), _whole(row["group_count"])
            if position is not None and count is not None:
                before = found.get(position, _Groups(count)).values
                found[position] = _Groups(count, (*before, *_value_of(row)))
    return {position: _in_order(groups) for position, groups in found.items()}


def _value_of(row: Mapping[str, Scalar | None]) -> tuple[tuple[str, int], ...]:
    number, rows = row["value_number"], _whole(row["group_rows"])
    text = repr(float(number)) if isinstance(number, int | float) else row["value_text"]
    return ((str(text), rows),) if text is not None and rows is not None else ()


def _in_order(groups: _Groups) -> _Groups:
    return _Groups(groups.count, tuple(sorted(groups.values, key=lambda item: -item[1])))


def _errors(
    column: ColumnInfo, first: Mapping[str, Measurement], second: Mapping[str, Measurement]
) -> str | None:
    wanted = [(name, first.get(measure_key(name, column.name))) for name in _ALL]
    wanted += [("values", group) for key, group in second.items() if covers(key, column)]
    return (
        "; ".join(f"{name}: {taken.error}" for name, taken in wanted if taken and taken.error)
        or None
    )


def _integer(measurement: Measurement | None) -> int | None:
    return _whole(measurement.value) if measurement else None


def _whole(value: Scalar | None) -> int | None:
    return int(value) if isinstance(value, int | float | Decimal) else None


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
