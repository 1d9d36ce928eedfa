"""Incidents: failures that belong together, what was done about them, and what went out."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from dq_databricks.model.base import EventRecord, Record, SmallCount
from dq_databricks.model.vocabulary import (
    IncidentEventType,
    IncidentKey,
    IncidentStatus,
    Quiet,
    Resolution,
    Severity,
)


class Incident(Record):
    """Failures of one `incident_key`. At most one incident of a key is not resolved."""

    TABLE: ClassVar[str] = "dq_incidents"
    KEY: ClassVar[tuple[str, ...]] = ("incident_id",)
    ENTITY: ClassVar[str] = "incident"

    incident_id: str
    project_key: str
    key_type: IncidentKey
    incident_key: str
    ordinal: SmallCount
    status: IncidentStatus = IncidentStatus.OPEN
    severity: Severity
    title: str
    table_id: str
    table_name: str
    column_name: str | None = None
    test_id: str | None = None
    test_name: str | None = None
    dimension: str | None = None
    failure_count: int
    pass_count: int = 0
    first_seen: datetime
    last_seen: datetime
    opened_table_version: int | None = None
    fixed_table_version: int | None = None
    last_run_id: str
    last_result_id: str | None = None
    reopened_count: SmallCount = 0
    acknowledged_by: str | None = None
    acknowledged_at: datetime | None = None
    assigned_to: str | None = None
    resolved_by: str | None = None
    resolved_at: datetime | None = None
    resolution: Resolution | None = None
    resolution_notes: str | None = None
    quiet_until: datetime | None = None
    quiet_kind: Quiet | None = None
    quiet_by: str | None = None
    created_at: datetime
    updated_at: datetime
    version: int = 1


class IncidentEvent(EventRecord):
    """One entry of the timeline of an incident."""

    TABLE: ClassVar[str] = "dq_incident_events"
    KEY: ClassVar[tuple[str, ...]] = ("event_id",)

    event_id: str
    incident_id: str
    project_key: str
    event_type: IncidentEventType
    actor: str | None = None
    test_run_id: str | None = None
    result_id: str | None = None
    table_version: int | None = None
    notes: str | None = None
    created_at: datetime


class OutboxEvent(EventRecord):
    """Something that others may want to be told of. `payload` is JSON."""

    TABLE: ClassVar[str] = "dq_outbox"
    KEY: ClassVar[tuple[str, ...]] = ("event_id",)

    event_id: str
    project_key: str
    event_type: str
    entity_type: str
    entity_id: str
    severity: Severity | None = None
    title: str
    payload: str = "{}"
    created_at: datetime
