"""Incidents: list, counts, look at one, and what people do about it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from dq_databricks.model.incident import Incident, IncidentEvent
from dq_databricks.model.testing import TestResult
from dq_databricks.model.vocabulary import IncidentStatus, Severity
from dq_databricks.quality.incidents import IncidentFilter
from dq_databricks.service.asking import Reading, Writing
from dq_databricks.service.etags import ExpectedVersion, tagged
from dq_databricks.service.listing import Listing, Paged, listing

router = APIRouter(prefix="/incidents", tags=["incidents"])

_MOST_CHARS = 4000
Statuses = Annotated[
    list[IncidentStatus] | None, Query(description="Only these; repeat it for more than one.")
]
OfTable = Annotated[str | None, Query(max_length=200, description="Id of a table.")]
OfTest = Annotated[str | None, Query(max_length=200, description="Id of a test.")]
Assignee = Annotated[str | None, Query(max_length=320, description="Who works on it, or `nobody`.")]
IsQuiet = Annotated[
    bool | None, Query(description="Only those that are snoozed or muted now, or only the others.")
]
OnBoard = Annotated[bool, Query(description="Leave out those that are snoozed now.")]
Notes = Annotated[str, Field(min_length=1, max_length=_MOST_CHARS, examples=["Reloaded May."])]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Assignment(_Body):
    """Who works on an incident; null: nobody."""

    assigned_to: Annotated[str | None, Field(max_length=320, examples=["ann@example.org"])]


class GivenResolution(StrEnum):
    """Why people say that an incident is over."""

    FIXED = "fixed"
    EXPECTED = "expected"
    FALSE_ALARM = "false_alarm"
    WONT_FIX = "wont_fix"


class Ending(_Body):
    """Why an incident is over, and what was done."""

    resolution: GivenResolution
    notes: Notes


class Reopening(_Body):
    """Why an incident is not over."""

    notes: Annotated[str | None, Field(max_length=_MOST_CHARS)] = None


class QuietTime(_Body):
    """Until when nobody is told of an incident; at most 366 days from now."""

    until: Annotated[AwareDatetime, Field(examples=["2030-01-31T08:00:00Z"])]


class Comment(_Body):
    """Something to say in the timeline."""

    notes: Notes


class Count(BaseModel):
    """How many incidents have this status and severity."""

    status: IncidentStatus
    severity: Severity
    incidents: int


class Counts(BaseModel):
    """Incidents, counted; what is not there is not listed."""

    items: list[Count]


@router.get("")
def list_incidents(
    asked: Reading,
    paged: Paged,
    *,
    status: Statuses = None,
    severity: Severity | None = None,
    table_id: OfTable = None,
    test_id: OfTest = None,
    assignee: Assignee = None,
    quiet: IsQuiet = None,
    on_board: OnBoard = False,
) -> Listing[Incident]:
    """Incidents, the gravest first, then those last seen."""
    wanted = IncidentFilter(
        status=tuple(one.value for one in status or ()),
        severity=None if severity is None else severity.value,
        table_id=table_id,
        test_id=test_id,
        assignee=assignee,
        quiet=quiet,
        on_board=on_board,
    )
    return listing(asked.quality.incidents.list(wanted, limit=paged.limit, cursor=paged.cursor))


@router.get("/counts")
def count_incidents(asked: Reading, *, on_board: OnBoard = False) -> Counts:
    """Incidents by status and severity."""
    found = asked.quality.incidents.counts(IncidentFilter(on_board=on_board))
    return Counts(
        items=[
            Count(status=one.status, severity=one.severity, incidents=one.incidents)
            for one in found
        ]
    )


@router.get("/{incident_id}")
def show_incident(asked: Reading, incident_id: str, response: Response) -> Incident:
    """One incident."""
    return _tagged(response, asked.quality.incidents.show(incident_id))


@router.get("/{incident_id}/timeline")
def incident_timeline(asked: Reading, paged: Paged, incident_id: str) -> Listing[IncidentEvent]:
    """What happened to an incident, oldest first."""
    incidents = asked.quality.incidents
    incidents.show(incident_id)
    return listing(incidents.timeline(incident_id, limit=paged.limit, cursor=paged.cursor))


@router.get("/{incident_id}/results")
def incident_results(asked: Reading, paged: Paged, incident_id: str) -> Listing[TestResult]:
    """The failing results of an incident, newest first."""
    incidents = asked.quality.incidents
    incidents.show(incident_id)
    return listing(incidents.results(incident_id, limit=paged.limit, cursor=paged.cursor))


@router.post("/{incident_id}/acknowledge")
def acknowledge_incident(
    asked: Writing, incident_id: str, version: ExpectedVersion, response: Response
) -> Incident:
    """Take note of an incident."""
    return _tagged(response, asked.quality.incidents.acknowledge(incident_id, version=version))


@router.post("/{incident_id}/assign")
def assign_incident(
    asked: Writing,
    incident_id: str,
    body: Assignment,
    version: ExpectedVersion,
    response: Response,
) -> Incident:
    """Say who works on an incident."""
    done = asked.quality.incidents.assign(incident_id, body.assigned_to, version=version)
    return _tagged(response, done)


@router.post("/{incident_id}/resolve")
def resolve_incident(
    asked: Writing, incident_id: str, body: Ending, version: ExpectedVersion, response: Response
) -> Incident:
    """End an incident, with the reason and what was done."""
    done = asked.quality.incidents.resolve(
        incident_id, body.resolution.value, body.notes, version=version
    )
    return _tagged(response, done)


@router.post("/{incident_id}/reopen")
def reopen_incident(
    asked: Writing,
    incident_id: str,
    version: ExpectedVersion,
    response: Response,
    body: Reopening | None = None,
) -> Incident:
    """Say that a resolved incident is not over."""
    notes = None if body is None else body.notes
    done = asked.quality.incidents.reopen(incident_id, notes=notes, version=version)
    return _tagged(response, done)


@router.post("/{incident_id}/snooze")
def snooze_incident(
    asked: Writing, incident_id: str, body: QuietTime, version: ExpectedVersion, response: Response
) -> Incident:
    """Take an incident off the board for a time; nobody is told of it so long."""
    done = asked.quality.incidents.snooze(incident_id, body.until, version=version)
    return _tagged(response, done)


@router.post("/{incident_id}/mute")
def mute_incident(
    asked: Writing, incident_id: str, body: QuietTime, version: ExpectedVersion, response: Response
) -> Incident:
    """Tell nobody of an incident for a time; it stays on the board."""
    done = asked.quality.incidents.mute(incident_id, body.until, version=version)
    return _tagged(response, done)


@router.post("/{incident_id}/wake")
def wake_incident(
    asked: Writing, incident_id: str, version: ExpectedVersion, response: Response
) -> Incident:
    """End a snooze or a mute before its time."""
    return _tagged(response, asked.quality.incidents.wake(incident_id, version=version))


@router.post("/{incident_id}/comments", status_code=201)
def comment_on_incident(asked: Writing, incident_id: str, body: Comment) -> IncidentEvent:
    """Say something in the timeline of an incident; the incident stays as it is."""
    return asked.quality.incidents.comment(incident_id, body.notes)


def _tagged(response: Response, incident: Incident) -> Incident:
    tagged(response, incident)
    return incident
