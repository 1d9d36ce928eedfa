"""What may be odd about a table, or about tables compared with each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date

from dq_databricks.model.column_types import TEMPORAL
from dq_databricks.model.profile import ColumnProfile
from dq_databricks.model.vocabulary import Severity
from dq_databricks.profiling.anomalies import Finding, group_anomaly, table_anomaly

OLD_DAYS = 365
"""A table whose newest date is older than a year has most likely stopped moving."""


@table_anomaly(
    Severity.WARNING,
    description="The table has no recent dates.",
    suggestion="Ask its owner whether it is still loaded; archive it if not.",
)
def no_recent_dates(columns: Sequence[ColumnProfile]) -> Iterator[Finding]:
    """The newest of all dates of the table is more than a year old."""
    dated = [(day, column) for column in columns if (day := _newest(column))]
    if not dated:
        return
    newest, column = max(dated, key=lambda pair: pair[0])
    age = (column.profiled_at.date() - newest).days
    if age > OLD_DAYS:
        yield Finding(column, f"The newest is {newest.isoformat()}, {age:,} days ago.", 1.0)


@group_anomaly(
    Severity.WARNING,
    description="Columns of the same name have different types.",
    suggestion="Give them one type, or names that tell them apart: joins convert silently.",
)
def multiple_types(columns: Sequence[ColumnProfile]) -> Iterator[Finding]:
    """The same column name stands for different general types in several tables."""
    named: dict[str, list[ColumnProfile]] = defaultdict(list)
    for column in columns:
        named[column.column_name.lower()].append(column)
    for same in named.values():
        if len({column.general_type for column in same}) > 1:
            words = ", ".join(f"{column.table_name}: {column.data_type}" for column in same)
            yield Finding(same[0], f"{same[0].column_name} is {words}.")


def _newest(column: ColumnProfile) -> date | None:
    if column.general_type not in TEMPORAL or not column.max_value:
        return None
    try:
        return date.fromisoformat(column.max_value[:10])
    except ValueError:  # dates past 9999 exist in SQL, not here
        return None
