"""Check types on single values: lists, patterns, lengths, limits."""

from __future__ import annotations

from dq_databricks.checks.entry import CheckType, Dimension
from dq_databricks.rules.counts import at_most_percent
from dq_databricks.sensors import numbers, text, values

ACCEPTED_VALUES = CheckType(
    name="accepted_values",
    description="All values are in the list; nulls are left out.",
    sensor=values.UNACCEPTED_COUNT,
    rule=at_most_percent,
    dimension=Dimension.VALIDITY,
    testgen=("LOV_Match",),
    dqops=("text_found_in_set_percent", "number_found_in_set_percent"),
)

REGEX_MATCH = CheckType(
    name="regex_match",
    description="The pattern is found in all texts; nulls are left out.",
    sensor=text.REGEX_MISMATCH_COUNT,
    rule=at_most_percent,
    dimension=Dimension.VALIDITY,
    testgen=("Pattern_Match",),
    dqops=("text_not_matching_regex_found", "texts_not_matching_regex_percent"),
)

TEXT_LENGTH_RANGE = CheckType(
    name="text_length_range",
    description="All texts are as long as allowed; nulls are left out.",
    sensor=text.TEXT_LENGTH_OUTSIDE_COUNT,
    rule=at_most_percent,
    dimension=Dimension.VALIDITY,
    testgen=("Text_Length_Range",),
    dqops=("text_length_in_range_percent",),
)

VALUES_IN_RANGE = CheckType(
    name="values_in_range",
    description="All numbers lie between the limits; nulls are left out.",
    sensor=numbers.VALUES_OUTSIDE_COUNT,
    rule=at_most_percent,
    dimension=Dimension.VALIDITY,
    testgen=("Min_Val", "Max_Val"),
    dqops=("number_in_range_percent", "number_below_min_value", "number_above_max_value"),
)
