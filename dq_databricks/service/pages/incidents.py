"""Incidents: the board, and one incident with its timeline and what can be done about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from fastapi import Response

from dq_databricks.errors import NotFoundError, ParameterError, VersionConflictError
from dq_databricks.model.incident import Incident, IncidentEvent
from dq_databricks.model.testing import TestResult
from dq_databricks.model.vocabulary import IncidentStatus, Severity
from dq_databricks.quality.incidents import BY_PEOPLE, NOBODY, IncidentFilter
from dq_databricks.service.asking import Asked
from dq_databricks.service.pages.forms import PageReading, PageWriting, done, page_router
from dq_databricks.service.pages.inputs import FormSent, Sent
from dq_databricks.service.pages.render import Crumb, Place, page

router = page_router()
MOST_OPEN, RECENT, RESULTS = 200, 25, 20
_INCIDENTS = Crumb("Incidents", "/incidents")
SPANS = (
    (1, "an hour"),
    (4, "four hours"),
    (24, "a day"),
    (72, "three days"),
    (168, "a week"),
    (720, "30 days"),
)
_SEEN = (IncidentStatus.OPEN, IncidentStatus.ACKNOWLEDGED)
VERBS = ("acknowledge", "assign", "resolve", "reopen", "snooze", "mute", "wake")


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the board; `count` are all of this status, `more` whether some are not here."""

    status: str
    label: str
    incidents: tuple[Incident, ...]
    count: int

    @property
    def more(self) -> int:
        """How many are not shown."""
        return max(0, self.count - len(self.incidents))


@dataclass(frozen=True, slots=True)
class BoardContext:
    """Incidents by status, the gravest first."""

    columns: tuple[Column, ...]
    filters: Mapping[str, str]
    severities: tuple[str, ...]
    by_severity: Mapping[str, int]
    tables: tuple[tuple[str, str], ...]
    people: tuple[str, ...]
    total: int


@router.get("/incidents")
def show_board(
    asked: PageReading, *, severity: str = "", table: str = "", assignee: str = "", quiet: str = ""
) -> Response:
    """The board; snoozed incidents are off it unless the address asks for them."""
    filters = {"severity": severity, "table": table, "assignee": assignee, "quiet": quiet}
    incidents, wanted = asked.quality.incidents, _wanted(filters)
    seen = incidents.list(wanted(tuple(_SEEN)), limit=MOST_OPEN).items
    over = incidents.list(wanted((IncidentStatus.RESOLVED,)), limit=RECENT).items
    counts = incidents.counts(wanted(()))
    shown = (*seen, *over)
    context = BoardContext(
        columns=tuple(
            Column(
                status.value,
                status.value.capitalize(),
                tuple(one for one in shown if one.status is status),
                sum(one.incidents for one in counts if one.status is status),
            )
            for status in IncidentStatus
        ),
        filters=filters,
        severities=tuple(reversed([one.value for one in Severity])),
        by_severity=_by_severity(seen),
        tables=tuple(sorted({(one.table_id, one.table_name) for one in shown}, key=lambda t: t[1])),
        people=tuple(sorted({one.assigned_to for one in shown if one.assigned_to})),
        total=sum(one.incidents for one in counts),
    )
    place = Place("Incidents", "incidents", api="/api/v1/incidents")
    return page(asked, "incidents.html", place, context)


def _wanted(filters: Mapping[str, str]) -> Callable[[tuple[str, ...]], IncidentFilter]:
    def of_status(status: tuple[str, ...]) -> IncidentFilter:
        return IncidentFilter(
            status=status,
            severity=filters["severity"] or None,
            table_id=filters["table"] or None,
            assignee=filters["assignee"] or None,
            quiet=True if filters["quiet"] == "only" else None,
            on_board=not filters["quiet"],
        )

    return of_status


def _by_severity(incidents: tuple[Incident, ...]) -> dict[str, int]:
    counted = Counter(one.severity for one in incidents)
    return {one.value: counted[one] for one in reversed(Severity)}


# --- one incident --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class IncidentContext:
    """One incident: what failed, what happened since, what can be done."""

    incident: Incident
    events: tuple[IncidentEvent, ...]
    results: tuple[TestResult, ...]
    is_quiet: bool
    resolutions: tuple[str, ...]
    spans: tuple[tuple[int, str], ...] = SPANS
    nobody: str = NOBODY


@router.get("/incidents/{incident_id}")
def show_incident(asked: PageReading, incident_id: str) -> Response:
    """One incident with its timeline."""
    incidents = asked.quality.incidents
    incident = incidents.show(incident_id)
    context = IncidentContext(
        incident=incident,
        events=incidents.timeline(incident_id).items,
        results=incidents.results(incident_id, limit=RESULTS).items,
        is_quiet=incidents.is_quiet(incident),
        resolutions=tuple(one.value for one in BY_PEOPLE),
    )
    api = f"/api/v1/incidents/{incident_id}"
    place = Place(incident.title, "incidents", (_INCIDENTS,), api)
    return page(asked, "incident.html", place, context)


@dataclass(frozen=True, slots=True)
class IncidentConflictContext:
    """Somebody else changed the incident meanwhile: what was wanted, and how it is now."""

    incident: Incident
    verb: str
    expected: int
    sent: Mapping[str, str]


@router.post("/incidents/{incident_id}/comment")
def comment(asked: PageWriting, incident_id: str, sent: FormSent) -> Response:
    """Say something in the timeline."""
    asked.quality.incidents.comment(incident_id, sent.one("notes"))
    return done(asked.request, f"/incidents/{incident_id}", "Your comment is in the timeline")


@router.post("/incidents/{incident_id}/{verb}")
def act(asked: PageWriting, incident_id: str, verb: str, sent: FormSent) -> Response:
    """Do one of VERBS to an incident, at the version that was seen."""
    if verb not in VERBS:
        raise NotFoundError(f"nothing called {verb!r} can be done to an incident")
    try:
        found = _act(asked, incident_id, verb, sent)
    except VersionConflictError:
        return _conflict(asked, incident_id, verb, sent)
    return done(asked.request, sent.one("next") or f"/incidents/{incident_id}", _said(found, verb))


def _act(asked: Asked, incident_id: str, verb: str, sent: Sent) -> Incident:
    face, version = asked.quality.incidents, sent.number("version")
    if verb == "acknowledge":
        return face.acknowledge(incident_id, version=version)
    if verb == "assign":
        return face.assign(incident_id, sent.one("to") or None, version=version)
    if verb == "resolve":
        why, notes = sent.one("resolution"), sent.one("notes")
        return face.resolve(incident_id, why, notes, version=version)
    if verb == "reopen":
        return face.reopen(incident_id, notes=sent.one("notes") or None, version=version)
    if verb == "wake":
        return face.wake(incident_id, version=version)
    quiet = face.snooze if verb == "snooze" else face.mute
    return quiet(incident_id, _until(asked, sent), version=version)


def _until(asked: Asked, sent: Sent) -> datetime:
    hours = sent.number("hours")
    if not 1 <= hours <= SPANS[-1][0]:
        raise ParameterError(f"for {hours} hours: give 1 to {SPANS[-1][0]}")
    return asked.quality.context.now() + timedelta(hours=hours)


def _said(incident: Incident, verb: str) -> str:
    return {
        "acknowledge": "Acknowledged: others see that you look at it",
        "assign": f"Assigned to {incident.assigned_to or 'nobody'}",
        "resolve": "Resolved; a new failure soon after opens it again",
        "reopen": "Reopened",
        "snooze": "Snoozed: off the board until then",
        "mute": "Muted: nobody is told of it until then",
        "wake": "Back on the board",
    }[verb]


def _conflict(asked: Asked, incident_id: str, verb: str, sent: Sent) -> Response:
    names = ("to", "resolution", "notes", "hours")
    context = IncidentConflictContext(
        incident=asked.quality.incidents.show(incident_id),
        verb=verb,
        expected=sent.number("version"),
        sent={name: sent.one(name) for name in names if sent.one(name)},
    )
    place = Place("Changed meanwhile", "incidents", (_INCIDENTS,))
    return page(asked, "incident_conflict.html", place, context, status=412)
