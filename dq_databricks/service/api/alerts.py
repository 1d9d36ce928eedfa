"""Alerts: list, look at one, acknowledge."""

from __future__ import annotations

from fastapi import APIRouter, Response

from dq_databricks.model.alert import Alert
from dq_databricks.service.asking import Reading, Writing
from dq_databricks.service.etags import tagged
from dq_databricks.service.listing import Listing, Paged, listing

router = APIRouter(prefix="/alerts", tags=["alerts"])


@router.get("")
def list_alerts(asked: Reading, paged: Paged, *, only_open: bool = False) -> Listing[Alert]:
    """Alerts, newest first."""
    page = asked.quality.alerts(only_open=only_open, limit=paged.limit, cursor=paged.cursor)
    return listing(page)


@router.get("/{alert_id}")
def show_alert(asked: Reading, alert_id: str, response: Response) -> Alert:
    """One alert."""
    alert = asked.quality.alert(alert_id)
    tagged(response, alert)
    return alert


@router.post("/{alert_id}/acknowledge")
def acknowledge_alert(asked: Writing, alert_id: str) -> Alert:
    """Take note of an alert; 412 names who was first."""
    return asked.quality.acknowledge(alert_id, by=asked.principal.actor.name)
