"""Check types on freshness and dates."""

from __future__ import annotations

from dq_databricks.checks.entry import CheckType, Dimension
from dq_databricks.rules.counts import at_most_percent
from dq_databricks.rules.freshness import age_at_most_hours
from dq_databricks.sensors import dates, schema

FRESHNESS_COMMIT = CheckType(
    name="freshness_commit",
    description="The table was changed recently, whatever its rows say.",
    sensor=schema.LAST_COMMIT,
    rule=age_at_most_hours,
    dimension=Dimension.TIMELINESS,
    testgen=("Table_Freshness",),
)

FRESHNESS_COLUMN = CheckType(
    name="freshness_column",
    description="The latest date or time in the column is recent.",
    sensor=dates.LATEST_VALUE,
    rule=age_at_most_hours,
    dimension=Dimension.TIMELINESS,
    testgen=("Recency",),
    dqops=("data_freshness",),
)

DATES_IN_FUTURE = CheckType(
    name="dates_in_future",
    description="No date or time lies in the future.",
    sensor=dates.FUTURE_COUNT,
    rule=at_most_percent,
    dimension=Dimension.VALIDITY,
    testgen=("Future_Date",),
    dqops=("date_values_in_future_percent",),
)

DATES_IN_RANGE = CheckType(
    name="dates_in_range",
    description="All dates or times lie between two days.",
    sensor=dates.DATES_OUTSIDE_COUNT,
    rule=at_most_percent,
    dimension=Dimension.VALIDITY,
    testgen=("Min_Date", "Max_Date"),
    dqops=("date_in_range_percent",),
)
