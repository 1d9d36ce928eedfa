"""Incidents in tables for people."""

from __future__ import annotations

from dq_databricks.cli import render
from dq_databricks.cli.output import marked, safe, write_table
from dq_databricks.model.incident import Incident, IncidentEvent
from dq_databricks.quality import Page


def incidents(page: Page[Incident]) -> None:
    """A page of incidents."""
    if not page.items:
        render.say("No incidents. They are opened by failing tests: dq test TARGET")
        return
    rows = (
        (marked(item.severity), item.status.value, item.title, item.failure_count, item.last_seen,
         item.assigned_to, item.version, item.incident_id)
        for item in page.items
    )  # fmt: skip
    headers = ("severity", "status", "incident", "failures", "last seen", "assigned to",
               "version", "incident_id")  # fmt: skip
    write_table("Incidents", headers, rows, numeric="failures version")
    if page.next_cursor:
        render.next_step(f"the following rows: --cursor {safe(page.next_cursor)}")
    else:
        render.next_step("dq incidents show INCIDENT_ID tells what happened")


def incident(item: Incident, timeline: Page[IncidentEvent]) -> None:
    """One incident, field by field, and what happened to it."""
    render.record(item)
    rows = (
        (event.created_at, event.event_type.value, event.actor or "a run", event.table_version,
         event.notes, event.result_id or event.test_run_id)
        for event in timeline
    )  # fmt: skip
    headers = ("when", "what", "by", "version", "notes", "result or run")
    write_table("Timeline", headers, rows, numeric="version")
