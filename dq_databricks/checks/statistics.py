"""Check types on figures of a column: smallest, largest, mean, deviation, sum."""

from __future__ import annotations

from dq_databricks.checks.entry import CheckType, Dimension
from dq_databricks.rules.ranges import value_in_range
from dq_databricks.sensors import numbers

MIN_IN_RANGE = CheckType(
    name="min_in_range",
    description="The smallest number lies between the limits.",
    sensor=numbers.MIN_VALUE,
    rule=value_in_range,
    dimension=Dimension.REASONABLENESS,
)

MAX_IN_RANGE = CheckType(
    name="max_in_range",
    description="The largest number lies between the limits.",
    sensor=numbers.MAX_VALUE,
    rule=value_in_range,
    dimension=Dimension.REASONABLENESS,
)

MEAN_IN_RANGE = CheckType(
    name="mean_in_range",
    description="The mean lies between the limits.",
    sensor=numbers.MEAN_VALUE,
    rule=value_in_range,
    dimension=Dimension.REASONABLENESS,
)

STDDEV_IN_RANGE = CheckType(
    name="stddev_in_range",
    description="The standard deviation lies between the limits.",
    sensor=numbers.STDDEV_VALUE,
    rule=value_in_range,
    dimension=Dimension.REASONABLENESS,
    dqops=("sample_stddev_in_range",),
)

SUM_IN_RANGE = CheckType(
    name="sum_in_range",
    description="The sum lies between the limits.",
    sensor=numbers.SUM_VALUE,
    rule=value_in_range,
    dimension=Dimension.REASONABLENESS,
)
