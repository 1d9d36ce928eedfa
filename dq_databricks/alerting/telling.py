"""What is written down about incidents: entries of their timelines, and events for the outbox.

Ids derive from what happened, so that writing it down twice leaves one entry.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime

from dq_databricks.model.ids import derived_id
from dq_databricks.model.incident import Incident, IncidentEvent, OutboxEvent
from dq_databricks.model.profile import ProfileRun
from dq_databricks.model.testing import TestResult, TestRun
from dq_databricks.model.vocabulary import (
    IncidentEventType,
    IncidentStatus,
    Resolution,
    Severity,
)

INCIDENT_OPENED = "incident.opened"
INCIDENT_REOPENED = "incident.reopened"
INCIDENT_RESOLVED = "incident.resolved"
SEVERITY_RAISED = "incident.severity_raised"
RUN_FAILED = "run.failed"


def is_quiet(incident: Incident, at: datetime) -> bool:
    """Whether an incident is snoozed or muted at `at`; what has run out counts no more."""
    return incident.quiet_until is not None and incident.quiet_until > at


def seen_event(
    incident_id: str,
    project_key: str,
    event_type: IncidentEventType,
    result: TestResult,
    *,
    once: str,
) -> IncidentEvent:
    """An entry that a run makes. `once`: what of this type happens to the incident only once."""
    return IncidentEvent(
        event_id=event_id(incident_id, event_type, once),
        incident_id=incident_id,
        project_key=project_key,
        event_type=event_type,
        test_run_id=result.test_run_id,
        result_id=result.result_id,
        table_version=result.table_version,
        notes=result.message,
        created_at=result.detected_at,
    )


def resolved_event(incident: Incident, at: datetime) -> IncidentEvent:
    """The entry of an incident that a run resolved."""
    once = str(incident.reopened_count)
    return IncidentEvent(
        event_id=event_id(incident.incident_id, IncidentEventType.RESOLVED, once),
        incident_id=incident.incident_id,
        project_key=incident.project_key,
        event_type=IncidentEventType.RESOLVED,
        test_run_id=incident.last_run_id,
        table_version=incident.fixed_table_version,
        notes=Resolution.PASSED_AGAIN.value if incident.resolution else incident.resolution_notes,
        created_at=at,
    )


def passed_event(incident: Incident) -> IncidentEvent:
    """The entry of the pass that `incident` counted last, from the row alone."""
    return IncidentEvent(
        event_id=event_id(incident.incident_id, IncidentEventType.PASSED, incident.last_run_id),
        incident_id=incident.incident_id,
        project_key=incident.project_key,
        event_type=IncidentEventType.PASSED,
        test_run_id=incident.last_run_id,
        created_at=incident.updated_at,
    )


def event_id(incident_id: str, event_type: IncidentEventType, once: str) -> str:
    """The id of an entry."""
    return derived_id("incident_event", incident_id, event_type.value, once)


def outbox_of_change(old: Incident | None, new: Incident, at: datetime) -> list[OutboxEvent]:
    """What the step from `old` to `new` tells others; nothing while the incident is quiet."""
    if is_quiet(new, at):
        return []
    if old is None:
        return [outbox_event(INCIDENT_OPENED, new, "", at)]
    told = []
    if new.reopened_count > old.reopened_count:
        told.append(outbox_event(INCIDENT_REOPENED, new, str(new.reopened_count), at))
    elif new.severity is not old.severity:
        told.append(outbox_event(SEVERITY_RAISED, new, new.severity.value, at))
    if new.status is IncidentStatus.RESOLVED and old.status is not IncidentStatus.RESOLVED:
        told.append(outbox_event(INCIDENT_RESOLVED, new, str(new.reopened_count), at))
    return told


def outbox_of_state(incident: Incident, at: datetime) -> list[OutboxEvent]:
    """What must have been told of an incident for it to be as it is."""
    if is_quiet(incident, at):
        return []
    told = [outbox_event(INCIDENT_OPENED, incident, "", at)]
    count = str(incident.reopened_count)
    if incident.reopened_count:
        told.append(outbox_event(INCIDENT_REOPENED, incident, count, at))
    if incident.status is IncidentStatus.RESOLVED:
        told.append(outbox_event(INCIDENT_RESOLVED, incident, count, at))
    return told


def outbox_event(event_type: str, incident: Incident, once: str, at: datetime) -> OutboxEvent:
    """An event about an incident, with what a receiver needs to say what happened."""
    payload = incident.model_dump(mode="json", exclude_none=True)
    return OutboxEvent(
        event_id=derived_id("outbox", event_type, incident.incident_id, once),
        project_key=incident.project_key,
        event_type=event_type,
        entity_type="incident",
        entity_id=incident.incident_id,
        severity=incident.severity,
        title=incident.title,
        payload=json.dumps(payload, ensure_ascii=False, sort_keys=True),
        created_at=at,
    )


def run_failed(run: TestRun | ProfileRun, at: datetime) -> OutboxEvent:
    """The event of a run that broke off."""
    payload = run.model_dump(mode="json", exclude_none=True)
    is_test = isinstance(run, TestRun)
    run_id = run.test_run_id if isinstance(run, TestRun) else run.profile_run_id
    return OutboxEvent(
        event_id=derived_id("outbox", RUN_FAILED, run_id),
        project_key=run.project_key or "",
        event_type=RUN_FAILED,
        entity_type="test_run" if is_test else "profile_run",
        entity_id=run_id,
        severity=Severity.ERROR,
        title=f"{'Test' if is_test else 'Profile'} run of {run.table_name or 'tables'} failed",
        payload=json.dumps(payload, ensure_ascii=False, sort_keys=True),
        created_at=at,
    )


def each_once(events: Iterable[OutboxEvent]) -> list[OutboxEvent]:
    """`events` without repetitions."""
    return list({event.event_id: event for event in events}.values())
