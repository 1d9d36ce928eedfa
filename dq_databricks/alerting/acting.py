"""What people do about incidents: the fields that change, or why that cannot be. Pure values."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from dq_databricks.alerting.projecting import reopened
from dq_databricks.alerting.telling import is_quiet
from dq_databricks.errors import WrongUseError
from dq_databricks.model.incident import Incident
from dq_databricks.model.vocabulary import IncidentStatus, Quiet, Resolution

LONGEST_QUIET = timedelta(days=366)
MOST_NOTES_CHARS = 4000
BY_PEOPLE = tuple(one for one in Resolution if one is not Resolution.PASSED_AGAIN)
"""Resolutions that people may give; the other one is for runs."""

Changes = Mapping[str, Any]


def acknowledged(incident: Incident, by: str, at: datetime) -> Changes:
    """Somebody takes note; raises WrongUseError where somebody has, or it is over."""
    if incident.status is IncidentStatus.ACKNOWLEDGED:
        raise _refused(
            incident,
            f"{incident.acknowledged_by} acknowledged it at {incident.acknowledged_at}",
        )
    _check_open(incident)
    return {
        "status": IncidentStatus.ACKNOWLEDGED,
        "acknowledged_by": by,
        "acknowledged_at": at,
    }


def assigned(incident: Incident, to: str | None) -> Changes:
    """Somebody works on it from now on, or nobody."""
    _check_open(incident)
    return {"assigned_to": None if to is None else to.strip() or None}


def resolved(
    incident: Incident, by: str, at: datetime, resolution: Resolution, notes: str
) -> Changes:
    """It is over, because of `resolution`; `notes` say what was done."""
    _check_open(incident)
    if resolution not in BY_PEOPLE:
        raise _refused(
            incident,
            f"{resolution.value} is for runs; give {', '.join(one.value for one in BY_PEOPLE)}",
        )
    return {
        "status": IncidentStatus.RESOLVED,
        "resolution": resolution,
        "resolution_notes": checked_notes(notes),
        "resolved_by": by,
        "resolved_at": at,
    }


def reopened_by_hand(incident: Incident) -> Changes:
    """It is not over after all."""
    if incident.status is not IncidentStatus.RESOLVED:
        raise _refused(incident, f"it is {incident.status.value}; only resolved ones are reopened")
    return reopened(incident)


def overtaken(incident: Incident, later: Incident) -> WrongUseError:
    """Why an incident cannot be reopened that another one of its key came after."""
    return _refused(incident, f"{later.incident_id!r} came after it; work on that one")


def quieted(incident: Incident, kind: Quiet, by: str, at: datetime, until: datetime) -> Changes:
    """No events until `until`, and with a snooze not on the board either."""
    _check_open(incident)
    if until.tzinfo is None:
        raise _refused(incident, f"{until} has no time zone; give one, such as {until}Z")
    if not at < until <= at + LONGEST_QUIET:
        raise _refused(
            incident, f"{until} is no time within {LONGEST_QUIET.days} days from now, {at}"
        )
    return {"quiet_kind": kind, "quiet_until": until, "quiet_by": by}


def woken(incident: Incident, at: datetime) -> Changes:
    """Neither snoozed nor muted any more."""
    if not is_quiet(incident, at):
        raise _refused(incident, "it is neither snoozed nor muted")
    return {"quiet_kind": None, "quiet_until": None, "quiet_by": None}


def checked_notes(notes: str) -> str:
    """Notes that say something; raises WrongUseError."""
    text = notes.strip()
    if not text or len(text) > MOST_NOTES_CHARS:
        raise WrongUseError(
            f"notes of {len(text):,} characters: say what happened in 1 to {MOST_NOTES_CHARS:,}"
        )
    return text


def _check_open(incident: Incident) -> None:
    if incident.status is IncidentStatus.RESOLVED:
        raise _refused(incident, "it is resolved; reopen it first")


def _refused(incident: Incident, why: str) -> WrongUseError:
    return WrongUseError(f"incident {incident.incident_id!r}: {why}")
