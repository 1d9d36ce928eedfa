"""Results: verdicts, what explains them, and the rows they speak of."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from dq_databricks.model.testing import TestRecord, TestResult
from dq_databricks.model.vocabulary import ResultStatus
from dq_databricks.service.api.inputs import Id, Since, Sliced, Until, Wanted
from dq_databricks.service.asking import Reading, Writing
from dq_databricks.service.listing import Listing, listing

router = APIRouter(prefix="/results", tags=["results"])

Cell = str | int | float | bool | None
Rows = Annotated[int, Query(ge=1, le=100, description="Rows to show.")]


class Explained(BaseModel):
    """A result with its test (null: it was purged) and what its check type does."""

    result: TestResult
    test: TestRecord | None
    check_description: str


class FailedRows(BaseModel):
    """Rows that a result counted, as of the version it saw.

    `reason` says why none can be shown; `is_complete` is false when there are more. Text is cut to
    200 characters.
    """

    result_id: str
    table_version: int | None
    columns: list[str]
    rows: list[list[Cell]]
    is_complete: bool
    reason: str | None


@router.get("")
def list_results(
    asked: Reading,
    part: Sliced,
    *,
    test_run_id: Wanted = None,
    test_id: Wanted = None,
    table_id: Wanted = None,
    check_type: Wanted = None,
    status: ResultStatus | None = None,
    since: Since = None,
    until: Until = None,
) -> Listing[TestResult]:
    """Results of complete runs, newest first."""
    page = asked.quality.browse.results(
        part,
        since=since,
        until=until,
        test_run_id=test_run_id,
        test_id=test_id,
        table_id=table_id,
        check_type=check_type,
        result_status=status,
    )
    return listing(page)


@router.get("/{result_id}")
def show_result(asked: Reading, result_id: Id) -> TestResult:
    """One result of a complete run."""
    return asked.quality.findings.result(result_id)


@router.get("/{result_id}/explain")
def explain_result(asked: Reading, result_id: Id) -> Explained:
    """Everything behind a verdict; also of the newest result of a test, by the id of the test."""
    found = asked.quality.explain(result_id)
    return Explained(
        result=found.result, test=found.test, check_description=found.check_description
    )


@router.get("/{result_id}/failed-rows")
def show_failed_rows(asked: Writing, result_id: Id, limit: Rows = 20) -> FailedRows:
    """Rows that a result counted. Rows are values of the source, so scope `write` is needed."""
    found = asked.quality.trying.failed_rows(result_id, limit=limit)
    return FailedRows(
        result_id=found.result_id,
        table_version=found.table_version,
        columns=list(found.columns),
        rows=[list(row) for row in found.rows],
        is_complete=found.is_complete,
        reason=found.reason,
    )
