"""Results and anomalies as CSV files for spreadsheets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from dq_databricks.model.vocabulary import Disposition, ResultStatus, Severity
from dq_databricks.quality.spreadsheets import MOST_ROWS
from dq_databricks.service.api.inputs import Since, Until, Wanted
from dq_databricks.service.asking import Reading

router = APIRouter()
CSV = "text/csv"
_AS_CSV: dict[int | str, dict[str, Any]] = {
    200: {
        "description": f"CSV with a header (RFC 4180, UTF-8); at most {MOST_ROWS:,} rows, and the "
        "last row says when there are more.",
        "content": {CSV: {"schema": {"type": "string"}}},
    }
}


@router.get("/results.csv", tags=["results"], response_class=StreamingResponse, responses=_AS_CSV)
def export_results(
    asked: Reading,
    *,
    test_run_id: Wanted = None,
    test_id: Wanted = None,
    table_id: Wanted = None,
    check_type: Wanted = None,
    status: ResultStatus | None = None,
    since: Since = None,
    until: Until = None,
) -> StreamingResponse:
    """Results of complete runs, newest first. The audit log notes the export."""
    parts = asked.quality.sheets.results(
        since=since,
        until=until,
        test_run_id=test_run_id,
        test_id=test_id,
        table_id=table_id,
        check_type=check_type,
        result_status=status,
    )
    return _file(parts, "results")


@router.get(
    "/anomalies.csv", tags=["anomalies"], response_class=StreamingResponse, responses=_AS_CSV
)
def export_anomalies(
    asked: Reading,
    *,
    table_id: Wanted = None,
    profile_run_id: Wanted = None,
    anomaly_type: Wanted = None,
    column: Wanted = None,
    severity: Severity | None = None,
    disposition: Disposition | None = None,
    undisposed: bool = False,
    since: Since = None,
) -> StreamingResponse:
    """Anomalies of complete profiles, newest first. The audit log notes the export."""
    parts = asked.quality.sheets.anomalies(
        since=since,
        undisposed=undisposed,
        table_id=table_id,
        profile_run_id=profile_run_id,
        anomaly_type=anomaly_type,
        column_name=column,
        severity=severity,
        disposition=disposition,
    )
    return _file(parts, "anomalies")


def _file(parts: Iterator[str], name: str) -> StreamingResponse:
    headers = {
        "Content-Disposition": f'attachment; filename="{name}.csv"',
        "Cache-Control": "no-store",
    }
    encoded = (part.encode("utf-8", "backslashreplace") for part in parts)
    return StreamingResponse(
        encoded, media_type=f"{CSV}; charset=utf-8; header=present", headers=headers
    )
