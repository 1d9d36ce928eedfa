"""Tests of one table: bind, plan, read each column once, judge."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dq_databricks.checks.bind import BoundCheck, bind, value_key
from dq_databricks.engine.protocol import Engine, Snapshot
from dq_databricks.errors import QualityError
from dq_databricks.model.catalog import TableEntry
from dq_databricks.model.ids import derived_id
from dq_databricks.model.redacting import redacted
from dq_databricks.model.testing import TestRecord, TestResult
from dq_databricks.model.vocabulary import ResultStatus
from dq_databricks.planning.measure import Measurement
from dq_databricks.planning.plan import PlannedStatement, ScanPlan
from dq_databricks.planning.planner import ROW_COUNT_KEY, make_plan
from dq_databricks.rules.values import PastReadout, Verdict
from dq_databricks.running.evidence import statement_text
from dq_databricks.running.execute import execute
from dq_databricks.running.relations import relation_of
from dq_databricks.sql.relation import Relation

Past = Mapping[str, tuple[PastReadout, ...]]


@dataclass(frozen=True, slots=True)
class TablePlan:
    """The tests of one table, bound to its snapshot, and the plan that answers them."""

    entry: TableEntry
    checks: tuple[tuple[TestRecord, BoundCheck], ...]
    plan: ScanPlan

    @property
    def snapshot(self) -> Snapshot:
        """The table at the version the plan is pinned to."""
        return self.plan.snapshot


@dataclass(frozen=True, slots=True)
class TableOutcome:
    """The results on one table. `snapshot` is None when the table could not be described."""

    entry: TableEntry
    snapshot: Snapshot | None
    results: tuple[TestResult, ...]
    statement_count: int
    error: str | None = None


def plan_table(
    engine: Engine,
    entry: TableEntry,
    tests: Sequence[TestRecord],
    *,
    at: datetime,
    resolve_reference: Callable[[str], Relation],
    past: Past | None = None,
    version: int | None = None,
) -> TablePlan:
    """Bind `tests` to a version of the table, by default the latest, and plan them together.

    Raises EngineError children when the table cannot be described.
    """
    snapshot = engine.inspect(relation_of(entry).at(version))
    checks = tuple(
        (test, _bind(test, snapshot, at, resolve_reference, (past or {}).get(test.test_id, ())))
        for test in tests
    )
    measures = [measure for _, check in checks for measure in check.measures]
    return TablePlan(entry, checks, make_plan(snapshot, measures, engine.facts))


def _bind(
    test: TestRecord,
    snapshot: Snapshot,
    at: datetime,
    resolve_reference: Callable[[str], Relation],
    previous: tuple[PastReadout, ...],
) -> BoundCheck:
    return bind(test, snapshot, resolve_reference=resolve_reference, now=at, previous=previous)


def run_table(
    engine: Engine,
    planned: TablePlan,
    *,
    run_id: str,
    at: datetime,
    on_statement: Callable[[PlannedStatement], None] | None = None,
) -> TableOutcome:
    """Carry out the plan and judge every test; a test that cannot be measured is ``error``."""
    measurements = execute(
        planned.plan, engine, tags={"dq_run_id": run_id}, on_statement=on_statement
    )
    results = tuple(
        _result(planned, test, check, measurements, run_id, at) for test, check in planned.checks
    )
    return TableOutcome(planned.entry, planned.snapshot, results, len(planned.plan.statements))


def failed_table(
    entry: TableEntry,
    tests: Sequence[TestRecord],
    error: QualityError,
    *,
    run_id: str,
    at: datetime,
) -> TableOutcome:
    """Every test of a table that could not be read is ``error`` with the same reason."""
    name = str(relation_of(entry))
    reason = redacted(f"{type(error).__name__}: {error}")
    results = tuple(_unread(test, name, reason, run_id, at) for test in tests)
    return TableOutcome(entry, None, results, 0, reason)


def _result(
    planned: TablePlan,
    test: TestRecord,
    check: BoundCheck,
    measurements: Mapping[str, Measurement],
    run_id: str,
    at: datetime,
) -> TestResult:
    verdict = check.judge(measurements, at=at)
    rows = measurements.get(ROW_COUNT_KEY)
    return TestResult(
        **_identity(test, str(planned.snapshot.relation), run_id, at),
        **_judged(verdict),
        **_evidence(planned, check, measurements.get(value_key(test.test_id))),
        **_history(check),
        row_count=rows.value if rows and isinstance(rows.value, int) else None,
    )


def _judged(verdict: Verdict) -> dict[str, Any]:
    return {
        "result_status": verdict.status,
        "expected_value": verdict.expected,
        "actual_value": verdict.actual,
        "message": verdict.message,
        "measured_value": _finite(verdict.number),
        "lower_bound": _finite(verdict.lower),
        "upper_bound": _finite(verdict.upper),
    }


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _evidence(
    planned: TablePlan, check: BoundCheck, measurement: Measurement | None
) -> dict[str, Any]:
    snapshot = planned.snapshot
    seen = {"table_version": snapshot.version, "fingerprint": snapshot.fingerprint}
    if measurement is None:
        return seen
    statement = measurement.statement
    return {
        **seen,
        "source": measurement.source,
        "statement_hash": statement.fingerprint if statement else None,
        "statement_text": statement_text(check.measures[0], measurement, snapshot),
        "duration_ms": measurement.duration_ms,
    }


def _history(check: BoundCheck) -> dict[str, Any]:
    if not check.previous:
        return {}
    last = check.previous[0]
    return {"previous_status": last.status, "previous_value": last.value}


def _unread(test: TestRecord, name: str, reason: str, run_id: str, at: datetime) -> TestResult:
    return TestResult(
        **_identity(test, name, run_id, at), result_status=ResultStatus.ERROR, message=reason
    )


def _identity(test: TestRecord, table_name: str, run_id: str, at: datetime) -> dict[str, Any]:
    return {
        "test_run_id": run_id,
        "test_id": test.test_id,
        "result_id": derived_id("result", run_id, test.test_id),
        "table_name": table_name,
        "column_name": test.column_name,
        "test_name": test.name,
        "check_type": test.rule_type,
        "severity": test.severity,
        "table_id": test.table_id,
        "definition": test.definition,
        "detected_at": at,
    }
