"""What may be measured of a column, by the general type of its values."""

from __future__ import annotations

from dq_databricks.model.column_types import NUMERIC, TEMPORAL, GeneralType, general_type

COUNTABLE = NUMERIC | TEMPORAL | {GeneralType.TEXT}
"""Types whose distinct values a sketch or a GROUP BY counts; two counts say all of a boolean."""

NO_SPREAD = frozenset(GeneralType) - COUNTABLE - {GeneralType.BOOLEAN}
"""Types of which only nulls are counted: all else is not applicable, never an error."""

__all__ = ["COUNTABLE", "NO_SPREAD", "NUMERIC", "TEMPORAL", "GeneralType", "general_type"]
