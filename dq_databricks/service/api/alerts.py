"""Alerts: list, look at one, acknowledge one or many."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from dq_databricks.model.alert import Alert
from dq_databricks.model.vocabulary import AlertSource, Severity
from dq_databricks.quality.listings import AlertFilter
from dq_databricks.service.asking import Reading, Writing
from dq_databricks.service.etags import tagged
from dq_databricks.service.listing import Listing, Paged, listing

router = APIRouter(prefix="/alerts", tags=["alerts"])

Acknowledged = Annotated[
    bool | None, Query(description="Only those that somebody took note of, or only the others.")
]
OfTable = Annotated[str | None, Query(max_length=1000, description="Name of a table.")]
OfProject = Annotated[str | None, Query(max_length=200, description="Key of a project.")]
Since = Annotated[AwareDatetime | None, Query(description="Raised at this time or later.")]


class Taking(BaseModel):
    """The alerts to take note of."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    alert_ids: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=200)]],
        Field(min_length=1, max_length=200),
    ]


class Taken(BaseModel):
    """The alerts that nobody had taken note of before."""

    items: list[Alert]


@router.get("")
def list_alerts(
    asked: Reading,
    paged: Paged,
    *,
    acknowledged: Acknowledged = None,
    only_open: bool = False,
    severity: Severity | None = None,
    source_type: AlertSource | None = None,
    table_name: OfTable = None,
    project_key: OfProject = None,
    since: Since = None,
) -> Listing[Alert]:
    """Alerts, newest first."""
    wanted = AlertFilter(
        acknowledged=False if only_open else acknowledged,
        severity=None if severity is None else severity.value,
        source=None if source_type is None else source_type.value,
        table_name=table_name,
        project_key=project_key,
        since=since,
    )
    return listing(asked.quality.listings.alerts(wanted, limit=paged.limit, cursor=paged.cursor))


@router.post("/acknowledge")
def acknowledge_alerts(asked: Writing, body: Taking) -> Taken:
    """Take note of alerts; those that somebody had taken note of before stay as they are."""
    return Taken(items=list(asked.quality.acknowledge_many(body.alert_ids)))


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
