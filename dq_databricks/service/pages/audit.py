"""The audit log: who changed what, when; and whether its chain is whole."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any

from fastapi import Query, Response

from dq_databricks.errors import ParameterError
from dq_databricks.model.audit import AuditEvent
from dq_databricks.quality.listings import AuditFilter
from dq_databricks.service.asking import Administering
from dq_databricks.service.pages.forms import PageAdministering, done, page_router
from dq_databricks.service.pages.inputs import as_typed
from dq_databricks.service.pages.render import Place, page

router = page_router()
ROWS = 50
ACTIONS = ("create", "update", "delete")
ENTITIES = (
    "alert", "anomaly", "api_key", "connection", "incident", "job", "membership", "organization",
    "project", "schedule", "setting", "suite", "table", "table_group", "test", "user", "workspace",
)  # fmt: skip
_MOST_DIFFERENCES = 8
_MOST_CHARS = 160


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One entry with what it changed (name, before, after), and where its object is shown."""

    event: AuditEvent
    differences: tuple[tuple[str, str, str], ...]
    left_out: int
    href: str


@dataclass(frozen=True, slots=True)
class AuditContext:
    """Entries, newest first; `verified` is what was found when the chain was checked."""

    rows: tuple[AuditRow, ...]
    filters: Mapping[str, str]
    actions: tuple[str, ...]
    entities: tuple[str, ...]
    next_cursor: str | None


@router.get("/audit")
def list_audit(
    asked: Administering,
    *,
    actor: Annotated[str, Query(max_length=200)] = "",
    action: str = "",
    entity: str = "",
    of: Annotated[str, Query(max_length=200)] = "",
    since: str = "",
    until: str = "",
    cursor: str | None = None,
) -> Response:
    """Entries of the workspace, filtered by who, what and when (days, UTC)."""
    last_day = _day(until)
    wanted = AuditFilter(
        actor=actor or None,
        action=action or None,
        entity_type=entity or None,
        entity_id=of or None,
        since=_day(since),
        until=last_day + timedelta(days=1) if last_day else None,
    )
    found = asked.quality.listings.audit(wanted, limit=ROWS, cursor=cursor)
    context = AuditContext(
        rows=tuple(_row(event) for event in found),
        filters={
            "actor": actor, "action": action, "entity": entity, "of": of, "since": since,
            "until": until,
        },
        actions=ACTIONS,
        entities=ENTITIES,
        next_cursor=found.next_cursor,
    )  # fmt: skip
    return page(asked, "audit.html", Place("Audit log", "audit", api="/api/v1/audit"), context)


@router.post("/audit/verify")
def verify_audit(asked: PageAdministering) -> Response:
    """Follow the chain of the workspace from its first entry."""
    found = asked.quality.audit.verify()
    if found.broken is not None:
        text = f"The chain breaks at entry {found.broken.sequence}: {found.broken.reason}"
        return done(asked.request, "/audit", text, kind="problem")
    text = f"The chain is whole: {found.entries:,} entries, each with the hash of the one before"
    return done(asked.request, "/audit", text)


def _day(text: str) -> datetime | None:
    try:
        found = date.fromisoformat(text) if text else None
    except ValueError as error:
        raise ParameterError(f"{text[:40]!r} is no day; write YYYY-MM-DD") from error
    return None if found is None else datetime(found.year, found.month, found.day, tzinfo=UTC)


_PAGES = {
    "test": "/tests/{}", "alert": "/alerts", "incident": "/incidents/{}", "table": "/tables/{}",
    "schedule": "/schedules/{}", "api_key": "/keys", "setting": "/settings",
}  # fmt: skip


def _row(event: AuditEvent) -> AuditRow:
    changes: dict[str, Any] = json.loads(event.changes)
    told = [
        (name, _cut(change.get("old")), _cut(change.get("new"))) for name, change in changes.items()
    ]
    shown = tuple(told[:_MOST_DIFFERENCES])
    href = _PAGES.get(event.entity_type, "").format(event.entity_id)
    return AuditRow(event, shown, len(told) - len(shown), href if event.action != "delete" else "")


def _cut(value: object) -> str:
    text = as_typed(value)
    return text if len(text) <= _MOST_CHARS else text[: _MOST_CHARS - 1] + "…"
