"""Anomalies: what profiles show that is odd, and what people say about it."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import Field

from dq_databricks.model.profile import Anomaly
from dq_databricks.model.vocabulary import Disposition, Severity
from dq_databricks.service.api.inputs import Body, Id, Since, Sliced, Wanted
from dq_databricks.service.asking import Reading, Writing
from dq_databricks.service.listing import Listing, listing

router = APIRouter(prefix="/anomalies", tags=["anomalies"])


class Said(Body):
    """What an anomaly is worth: dismissed and muted ones raise no alert in later profiles."""

    disposition: Disposition | None = Field(description="Null takes back what was said.")


@router.get("")
def list_anomalies(
    asked: Reading,
    part: Sliced,
    *,
    table_id: Wanted = None,
    profile_run_id: Wanted = None,
    anomaly_type: Wanted = None,
    column: Wanted = None,
    severity: Severity | None = None,
    disposition: Disposition | None = None,
    undisposed: bool = False,
    since: Since = None,
) -> Listing[Anomaly]:
    """Anomalies of complete profiles, newest first."""
    page = asked.quality.browse.anomalies(
        part,
        since=since,
        undisposed=undisposed,
        table_id=table_id,
        profile_run_id=profile_run_id,
        anomaly_type=anomaly_type,
        column_name=column,
        severity=severity,
        disposition=disposition,
    )
    return listing(page)


@router.get("/{anomaly_id}")
def show_anomaly(asked: Reading, anomaly_id: Id) -> Anomaly:
    """One anomaly."""
    return asked.quality.profiles.anomaly(anomaly_id)


@router.post("/{anomaly_id}/disposition")
def dispose_anomaly(asked: Writing, anomaly_id: Id, said: Said) -> Anomaly:
    """Say what an anomaly is worth; the last word counts."""
    return asked.quality.profiles.dispose(anomaly_id, said.disposition)
