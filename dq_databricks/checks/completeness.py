"""Check types on missing values."""

from __future__ import annotations

from dq_databricks.checks.entry import CheckType, Dimension
from dq_databricks.rules.counts import at_most_count, at_most_percent
from dq_databricks.sensors import nulls, text

NULLS_PERCENT = CheckType(
    name="nulls_percent",
    description="Few rows have no value in the column.",
    sensor=nulls.NULL_COUNT,
    rule=at_most_percent,
    dimension=Dimension.COMPLETENESS,
    testgen=("Missing_Pct",),
)

NULLS_COUNT = CheckType(
    name="nulls_count",
    description="No row, or few, has no value in the column.",
    sensor=nulls.NULL_COUNT,
    rule=at_most_count,
    dimension=Dimension.COMPLETENESS,
    testgen=("Required",),
)

BLANK_TEXT = CheckType(
    name="blank_text",
    description="No text is empty or only spaces.",
    sensor=text.BLANK_TEXT_COUNT,
    rule=at_most_percent,
    dimension=Dimension.COMPLETENESS,
    dqops=("whitespace_text_found", "whitespace_text_percent"),
)
