"""What is odd about a profile: pure functions, each registered with its code and its advice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from dq_databricks.model.ids import derived_id
from dq_databricks.model.profile import Anomaly, ColumnProfile
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
    """A kind of anomaly: its code, how much it matters, what it means and what to do."""

    code: str
    severity: Severity
    description: str
    suggestion: str
    detect: TableDetector


_TYPES: dict[str, AnomalyType] = {}


def anomaly_types() -> tuple[AnomalyType, ...]:
    """Every kind of anomaly that is looked for, by code."""
    from dq_databricks.profiling import column_anomalies, table_anomalies

    del column_anomalies, table_anomalies  # imported for what they register
    return tuple(_TYPES[code] for code in sorted(_TYPES))


def find_anomalies(
    columns: Sequence[ColumnProfile], *, detected_at: datetime
) -> tuple[Anomaly, ...]:
    """The anomalies of the profiled columns of one or several tables of one run.

    A column whose measures failed is judged by those that are there.
    """
    kinds = anomaly_types()
    return tuple(
        _anomaly(kind, finding, detected_at) for kind in kinds for finding in kind.detect(columns)
    )


def column_anomaly(
    severity: Severity, *, description: str, suggestion: str
) -> Callable[[ColumnDetector], ColumnDetector]:
    """Register a detector that looks at one column; the name of the function is the code."""

    def register(detect: ColumnDetector) -> ColumnDetector:
        def over_all(columns: Sequence[ColumnProfile]) -> Iterator[Finding]:
            return (finding for column in columns if (finding := detect(column)))

        _register(detect.__name__, severity, description, suggestion, over_all)
        return detect

    return register


def table_anomaly(
    severity: Severity, *, description: str, suggestion: str
) -> Callable[[TableDetector], TableDetector]:
    """Register a detector that looks at all columns of one table at a time."""

    def register(detect: TableDetector) -> TableDetector:
        def by_table(columns: Sequence[ColumnProfile]) -> Iterator[Finding]:
            for table in _tables(columns):
                yield from detect(table)

        _register(detect.__name__, severity, description, suggestion, by_table)
        return detect

    return register


def group_anomaly(
    severity: Severity, *, description: str, suggestion: str
) -> Callable[[TableDetector], TableDetector]:
    """Register a detector that looks at the columns of all tables together."""

    def register(detect: TableDetector) -> TableDetector:
        _register(detect.__name__, severity, description, suggestion, detect)
        return detect

    return register


def _register(
    code: str, severity: Severity, description: str, suggestion: str, detect: TableDetector
) -> None:
    _TYPES[code] = AnomalyType(code, severity, description, suggestion, detect)


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
        anomaly_type=kind.code,
        severity=kind.severity,
        description=f"{kind.description} {finding.fact}",
        detected_at=detected_at,
        anomaly_id=derived_id(
            column.profile_run_id, column.table_id, kind.code, column.column_name
        ),
        table_id=column.table_id,
        table_version=column.table_version,
        prevalence=finding.prevalence,
        suggestion=kind.suggestion,
    )
