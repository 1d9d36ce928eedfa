"""What is odd about a profile: pure functions, each found by its decorator."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from dq_databricks.model.discovery import discover
from dq_databricks.model.ids import derived_id
from dq_databricks.model.profile import Anomaly, ColumnProfile, TableProfile
from dq_databricks.model.vocabulary import Severity


@dataclass(frozen=True, slots=True)
class Finding:
    """What one detector found: the fact in words and the share of rows concerned (0 to 1)."""

    column: ColumnProfile
    fact: str
    prevalence: float | None = None


ColumnDetector = Callable[[ColumnProfile], Finding | None]
TableDetector = Callable[[Sequence[ColumnProfile]], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class AnomalyType:
    """A kind of anomaly: its code (`name`), what it means, what to do, and its detector."""

    name: str
    severity: Severity
    description: str
    suggestion: str
    detect: TableDetector


@cache
def anomaly_types() -> Mapping[str, AnomalyType]:
    """Every kind of anomaly that is looked for, by code."""
    return dict(sorted(discover("dq_databricks.profiling", AnomalyType).items()))


def find_anomalies(
    tables: Sequence[tuple[TableProfile, Sequence[ColumnProfile]]], *, detected_at: datetime
) -> tuple[Anomaly, ...]:
    """The anomalies of the profiled tables of one run, by kind.

    A column whose measures failed is judged by those that are there.
    """
    columns = [column for _, profiled in tables for column in profiled]
    return tuple(
        _anomaly(kind, finding, detected_at)
        for kind in anomaly_types().values()
        for finding in kind.detect(columns)
    )


def column_anomaly(
    severity: Severity, *, description: str, suggestion: str
) -> Callable[[ColumnDetector], AnomalyType]:
    """Make a detector of one column an anomaly type; the name of the function is the code."""

    def wrap(detect: ColumnDetector) -> AnomalyType:
        def over_all(columns: Sequence[ColumnProfile]) -> Iterator[Finding]:
            return (finding for column in columns if (finding := detect(column)))

        return AnomalyType(detect.__name__, severity, description, suggestion, over_all)

    return wrap


def table_anomaly(
    severity: Severity, *, description: str, suggestion: str
) -> Callable[[TableDetector], AnomalyType]:
    """Make a detector of all columns of one table at a time an anomaly type."""

    def wrap(detect: TableDetector) -> AnomalyType:
        def by_table(columns: Sequence[ColumnProfile]) -> Iterator[Finding]:
            for table in _tables(columns):
                yield from detect(table)

        return AnomalyType(detect.__name__, severity, description, suggestion, by_table)

    return wrap


def group_anomaly(
    severity: Severity, *, description: str, suggestion: str
) -> Callable[[TableDetector], AnomalyType]:
    """Make a detector of the columns of all tables together an anomaly type."""

    def wrap(detect: TableDetector) -> AnomalyType:
        return AnomalyType(detect.__name__, severity, description, suggestion, detect)

    return wrap


def _tables(columns: Sequence[ColumnProfile]) -> list[list[ColumnProfile]]:
    tables: dict[str, list[ColumnProfile]] = defaultdict(list)
    for column in columns:
        tables[column.table_id].append(column)
    return list(tables.values())


def _anomaly(kind: AnomalyType, finding: Finding, detected_at: datetime) -> Anomaly:
    column = finding.column
    return Anomaly(
        profile_run_id=column.profile_run_id,
        table_name=column.table_name,
        column_name=column.column_name,
        anomaly_type=kind.name,
        severity=kind.severity,
        description=f"{kind.description} {finding.fact}",
        detected_at=detected_at,
        anomaly_id=derived_id(
            column.profile_run_id, column.table_id, kind.name, column.column_name
        ),
        table_id=column.table_id,
        table_version=column.table_version,
        prevalence=finding.prevalence,
        suggestion=kind.suggestion,
    )
