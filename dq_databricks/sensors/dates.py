"""Sensors of dates and times, all UTC. Nulls never count."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from dq_databricks.model.column_types import TEMPORAL
from dq_databricks.model.parameter import Parameter
from dq_databricks.sensors.entry import Cell, Example, ExampleTable, Sensor
from dq_databricks.sensors.literal import end_of_day
from dq_databricks.sensors.measure import MeasureKind

# Examples are measured at 2026-01-31 12:00 UTC.
_TIMES = ExampleTable(
    {"seen_at": "TIMESTAMP"},
    (
        (datetime(2026, 1, 31, 10, tzinfo=UTC),),
        (datetime(2026, 1, 31, 14, tzinfo=UTC),),
        (None,),
    ),
)
_DAYS = ExampleTable(
    {"day": "DATE"}, ((date(2026, 1, 30),), (date(2026, 1, 31),), (date(2026, 2, 1),), (None,))
)


def _day_limits(first: object, last: object) -> tuple[Cell, Cell]:
    """The first and the last microsecond of the days allowed, UTC."""
    return (
        datetime.combine(first, time(), UTC) if isinstance(first, date) else None,
        end_of_day(last) if isinstance(last, date) else None,
    )


LATEST_VALUE = Sensor(
    name="latest_value",
    family="dates",
    kind=MeasureKind.SCAN,
    measures="The latest date or time in the column.",
    finding="the latest value",
    accepts=TEMPORAL,
    on_empty=None,
    proof="max",
    example=Example(_TIMES, expected=datetime(2026, 1, 31, 14, tzinfo=UTC)),
)

FUTURE_COUNT = Sensor(
    name="future_count",
    family="dates",
    kind=MeasureKind.SCAN,
    measures="How many rows hold a time after the run, or a date after its day (UTC).",
    finding="lie in the future",
    accepts=TEMPORAL,
    counts_outside=lambda _values, now: (None, now),
    example=Example(_DAYS, expected=1),
)

DATES_OUTSIDE_COUNT = Sensor(
    name="dates_outside_count",
    family="dates",
    kind=MeasureKind.SCAN,
    measures="How many rows hold a date before the first or after the last day allowed.",
    finding="are not {range}",
    accepts=TEMPORAL,
    parameters=(
        Parameter("min_date", date | None, "First day allowed (UTC).", None),
        Parameter("max_date", date | None, "Last day allowed (UTC), all of it.", None),
    ),
    counts_outside=lambda values, _now: _day_limits(values["min_date"], values["max_date"]),
    example=Example(_TIMES, parameters={"max_date": "2026-01-30"}, expected=2),
)
