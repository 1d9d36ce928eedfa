"""Alerts: what somebody should look at, and taking note of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import Query, Response

from dq_databricks.errors import QualityError
from dq_databricks.model.alert import Alert
from dq_databricks.model.vocabulary import AlertSource, Severity
from dq_databricks.quality.listings import AlertFilter
from dq_databricks.service.pages.forms import PageReading, PageWriting, done, page_router
from dq_databricks.service.pages.inputs import FormSent
from dq_databricks.service.pages.render import Place, page

router = page_router()
ROWS = 50
_STATES = {"open": False, "acknowledged": True}


@dataclass(frozen=True, slots=True)
class AlertsContext:
    """Alerts, newest first, as the address filters them."""

    alerts: tuple[Alert, ...]
    filters: Mapping[str, str]
    severities: tuple[str, ...]
    sources: tuple[tuple[str, str], ...]
    next_cursor: str | None


@router.get("/alerts")
def list_alerts(
    asked: PageReading,
    *,
    state: str = "open",
    severity: str = "",
    source: str = "",
    q: Annotated[str, Query(max_length=200)] = "",
    cursor: str | None = None,
) -> Response:
    """Alerts; those nobody took note of unless the address asks for others."""
    wanted = AlertFilter(
        acknowledged=_STATES.get(state),
        severity=severity or None,
        source=source or None,
        text=q or None,
    )
    found = asked.quality.listings.alerts(wanted, limit=ROWS, cursor=cursor)
    context = AlertsContext(
        alerts=found.items,
        filters={"state": state, "severity": severity, "source": source, "q": q},
        severities=tuple(one.value for one in Severity),
        sources=tuple((one.value, one.value.replace("_", " ")) for one in AlertSource),
        next_cursor=found.next_cursor,
    )
    return page(asked, "alerts.html", Place("Alerts", "alerts", api="/api/v1/alerts"), context)


@router.post("/alerts/acknowledge")
def acknowledge_alerts(asked: PageWriting, sent: FormSent) -> Response:
    """Take note of the chosen alerts; of each, the first who did so stays."""
    taken, refused = 0, ""
    for alert_id in sent.all("alert"):
        try:
            asked.quality.acknowledge(alert_id, by=asked.principal.actor.name)
            taken += 1
        except QualityError as error:
            refused = str(error)
    text = f"{taken} {'alert' if taken == 1 else 'alerts'} acknowledged"
    back = sent.one("next", "/alerts")
    if refused:
        return done(asked.request, back, f"{text}; not all: {refused}", kind="problem")
    if not taken:
        return done(asked.request, back, "Choose the alerts to acknowledge first", kind="note")
    return done(asked.request, back, text)
