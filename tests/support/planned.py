"""Snapshots and measures for tests of plans."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from dq_databricks.engine.protocol import (
    ColumnInfo,
    ColumnStatistics,
    EngineFacts,
    Snapshot,
    TableStatistics,
)
from dq_databricks.planning.measure import Measure, MeasureKind, Proof
from dq_databricks.planning.plan import ScanPlan
from dq_databricks.sql.identifiers import TableName, quote
from dq_databricks.sql.relation import TableRelation
from dq_databricks.sql.statement import Statement

TABLE = TableRelation(TableName("main", "s", "t"))


def facts(**limits: Any) -> EngineFacts:
    return EngineFacts("test", frozenset(), **limits)


def snapshot(
    *names: str,
    row_count: int | None = None,
    size_bytes: int | None = None,
    statistics: Mapping[str, ColumnStatistics] | None = None,
) -> Snapshot:
    return Snapshot(
        relation=TABLE,
        columns=tuple(ColumnInfo(name, "BIGINT", position=i) for i, name in enumerate(names)),
        version=3,
        fingerprint="f",
        file_count=12,
        size_bytes=size_bytes,
        statistics=TableStatistics(row_count, statistics or {}),
    )


def scan(
    key: str,
    text: str,
    *columns: str,
    is_object: bool = False,
    proof: Proof | None = None,
    **parameters: Any,
) -> Measure:
    return Measure(
        key,
        MeasureKind.SCAN,
        Statement(text, parameters),
        frozenset(columns),
        is_object=is_object,
        proof=proof,
    )


def group(key: str, text: str, *group_by: str, **parameters: Any) -> Measure:
    return Measure(
        key,
        MeasureKind.GROUP,
        Statement(text, parameters),
        frozenset(group_by),
        group_by=group_by,
    )


def query(key: str, text: str, *columns: str, returns_rows: bool = False) -> Measure:
    return Measure(
        key,
        MeasureKind.QUERY,
        Statement(text),
        frozenset(columns),
        returns_rows=returns_rows,
    )


def over(column: str, function: str = "max") -> str:
    return f"{function}({quote(column)})"


def answered_keys(plan: ScanPlan) -> list[str]:
    """Every key the plan answers, as often as it does."""
    proven = [key for answer in plan.proven for key in answer.keys]
    asked = [
        key for planned in plan.statements for keys in planned.answers.values() for key in keys
    ]
    return proven + asked


def without_statistics(snapshot: Snapshot) -> Snapshot:
    """The same table with nothing known of its files, so that all is scanned."""
    return replace(snapshot, statistics=TableStatistics())
