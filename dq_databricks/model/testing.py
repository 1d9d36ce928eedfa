"""Tests, their runs and their results."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from dq_databricks.model.base import EventRecord, MutableRecord, Record, SmallCount
from dq_databricks.model.vocabulary import (
    ResultStatus,
    RunStatus,
    Severity,
    TestOrigin,
    TriggerSource,
)

DEFAULT_SUITE = "default_suite"


class TestRecord(MutableRecord):
    """A check type (`rule_type`) bound to a table or columns with parameters.

    `definition` is JSON: ``{"columns": [...], "parameters": {...}}``. A locked test was edited
    by a person; proposals never overwrite it.
    """

    __test__ = False
    TABLE: ClassVar[str] = "dq_tests"
    KEY: ClassVar[tuple[str, ...]] = ("test_id",)
    ENTITY: ClassVar[str] = "test"

    test_id: str
    table_group_id: str
    test_suite_key: str = DEFAULT_SUITE
    name: str
    rule_type: str
    definition: str
    created_at: datetime
    updated_at: datetime
    version: int = 1
    deleted_at: datetime | None = None
    table_id: str
    table_name: str
    column_name: str | None = None
    severity: Severity = Severity.ERROR
    is_active: bool = True
    is_locked: bool = False
    origin: TestOrigin = TestOrigin.MANUAL
    reason: str | None = None
    profile_run_id: str | None = None


class TestRun(Record):
    """One execution of tests; its terminal state is written last."""

    __test__ = False
    TABLE: ClassVar[str] = "dq_test_runs"
    KEY: ClassVar[tuple[str, ...]] = ("test_run_id",)

    test_run_id: str
    test_suite_key: str
    project_key: str
    status: RunStatus
    started_at: datetime
    completed_at: datetime | None = None
    duration_ms: int | None = None
    total_tests: SmallCount | None = None
    failed_tests: SmallCount | None = None
    trigger_source: TriggerSource = TriggerSource.MANUAL
    table_group_id: str | None = None
    table_name: str | None = None
    warned_tests: SmallCount | None = None
    error_tests: SmallCount | None = None
    statement_count: SmallCount | None = None
    error_message: str | None = None
    job_id: str | None = None

    @property
    def pass_rate(self) -> float | None:
        """The share of the tests of a complete run that neither failed nor erred, 0 to 1."""
        if self.status is not RunStatus.COMPLETED or not self.total_tests:
            return None
        return 1 - ((self.failed_tests or 0) + (self.error_tests or 0)) / self.total_tests


class TestResult(EventRecord):
    """The verdict on one test, with everything that explains it.

    `measured_value` is the number the rule judged (None when it is not a number), `lower_bound`
    and `upper_bound` the limits it was held against. `source` says what answered: ``metadata``,
    ``statistics``, ``scan``, ``group`` or ``query``. `previous_status` and `previous_value` are
    those of the last result of the same test.
    """

    __test__ = False
    TABLE: ClassVar[str] = "dq_test_results"
    KEY: ClassVar[tuple[str, ...]] = ("result_id",)

    test_run_id: str
    test_id: str
    table_name: str
    column_name: str | None = None
    result_status: ResultStatus
    expected_value: str | None = None
    actual_value: str | None = None
    message: str | None = None
    detected_at: datetime
    result_id: str
    test_name: str
    check_type: str
    severity: Severity
    table_id: str
    table_version: int | None = None
    fingerprint: str | None = None
    row_count: int | None = None
    measured_value: float | None = None
    lower_bound: float | None = None
    upper_bound: float | None = None
    definition: str
    source: str | None = None
    statement_hash: str | None = None
    statement_text: str | None = None
    duration_ms: int | None = None
    previous_status: ResultStatus | None = None
    previous_value: str | None = None


@dataclass(frozen=True, slots=True)
class PastResult:
    """What later verdicts need of an earlier result of the same test."""

    test_id: str
    test_run_id: str
    result_status: ResultStatus
    actual_value: str | None
    measured_value: float | None
    row_count: int | None
    detected_at: datetime
