"""Incidents and their timelines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from dq_databricks.model.incident import Incident, IncidentEvent
from dq_databricks.model.vocabulary import IncidentEventType, IncidentStatus, Quiet, Severity
from dq_databricks.sql.statement import Statement
from dq_databricks.store.access import Table
from dq_databricks.store.filters import (
    Condition,
    eq,
    escaped,
    in_query,
    is_in,
    render,
    with_time,
)
from dq_databricks.store.page import Page

WORST_FIRST = ("-severity", "-last_seen")
_COUNTED = (IncidentEventType.FAILED, IncidentEventType.PASSED)


@dataclass(frozen=True, slots=True)
class Failures:
    """What the timeline of an incident holds: its failures, the newest version that failed, and
    whether the run that was asked for is among those that passed.
    """

    count: int = 0
    table_version: int | None = None
    has_passed: bool = False


@dataclass(frozen=True, slots=True)
class IncidentCount:
    """How many incidents have this status and severity."""

    status: IncidentStatus
    severity: Severity
    incidents: int


class Incidents:
    """Rows of incidents, each a projection of its timeline, and the timelines."""

    def __init__(self, incidents: Table[Incident], events: Table[IncidentEvent]) -> None:
        self.table = incidents
        self.events = events

    # --- read ------------------------------------------------------------------------------

    def get(self, incident_id: str) -> Incident:
        """The incident of this id; raises NotFoundError."""
        return self.table.require(incident_id)

    def select(
        self, *conditions: Condition, limit: int | None = None, cursor: str | None = None
    ) -> Page[Incident]:
        """Incidents that meet `conditions`, the gravest first, then those last seen."""
        return self.table.select(*conditions, order_by=WORST_FIRST, limit=limit, cursor=cursor)

    def latest_of(self, project_key: str, table_ids: Sequence[str]) -> tuple[Incident, ...]:
        """The newest incident of every key of these tables, and every one that is not resolved.

        One read.
        """
        conditions = [eq("project_key", project_key), is_in("table_id", table_ids)]
        where, parameters = render(Incident, [*conditions, *self.table.scope])
        columns = self.table.columns_sql
        text = f"""SELECT {columns}
FROM (
  SELECT
    {columns},
    row_number() OVER (
      PARTITION BY `key_type`, `incident_key`
      ORDER BY `ordinal` DESC
    ) AS place
  FROM {self.table.name.sql}
  WHERE {where}
) AS ranked
WHERE place = 1 OR `status` <> '{IncidentStatus.RESOLVED.value}'"""
        return self.table.rows(Statement(text, parameters))

    def failures(self, incident_ids: Sequence[str], run_id: str) -> Mapping[str, Failures]:
        """The failures in the timelines of these incidents, and the passes of one run; one read."""
        conditions = [is_in("incident_id", incident_ids), is_in("event_type", _COUNTED)]
        where, parameters = render(IncidentEvent, conditions)
        failed, passed = (f"`event_type` = '{one.value}'" for one in _COUNTED)
        text = f"""SELECT
  `incident_id`,
  count(DISTINCT CASE WHEN {failed} THEN `event_id` END) AS failures,
  max(CASE WHEN {failed} THEN `table_version` END) AS table_version,
  count(CASE WHEN {passed} AND `test_run_id` = :run_id THEN 1 END) AS passes
FROM {self.events.name.sql}
WHERE {where}
GROUP BY `incident_id`"""
        rows = self.events.values(Statement(text, {**parameters, "run_id": run_id}))
        return {
            row["incident_id"]: Failures(row["failures"], row["table_version"], row["passes"] > 0)
            for row in rows
        }

    def timeline(
        self, incident_id: str, *, limit: int | None = None, cursor: str | None = None
    ) -> Page[IncidentEvent]:
        """What happened to an incident, oldest first."""
        # Of what a run found at once, opened and reopened come before the failure.
        order = ("created_at", "-event_type")
        return self.events.select(
            eq("incident_id", incident_id), order_by=order, limit=limit, cursor=cursor
        )

    def counts(self, *conditions: Condition) -> tuple[IncidentCount, ...]:
        """Incidents that meet `conditions`, counted by status and severity; one read."""
        where, parameters = render(Incident, [*conditions, *self.table.scope])
        text = f"""SELECT `status`, `severity`, count(*) AS incidents
FROM {self.table.name.sql}
WHERE {where}
GROUP BY `status`, `severity`
ORDER BY `status`, `severity`"""
        return tuple(
            IncidentCount(
                IncidentStatus(row["status"]), Severity(row["severity"]), row["incidents"]
            )
            for row in self.table.values(Statement(text, parameters))
        )

    def quiet(self, at: datetime) -> Condition:
        """Incidents that are snoozed or muted at `at`."""
        return self._of("quiet_until > {}", at)

    def loud(self, at: datetime) -> Condition:
        """Incidents that are neither snoozed nor muted at `at`."""
        return self._of("quiet_until IS NULL OR quiet_until <= {}", at)

    def on_board(self, at: datetime) -> Condition:
        """Incidents that are not snoozed at `at`; muted ones stay on the board."""
        return self._of(
            f"quiet_until IS NULL OR quiet_until <= {{}} OR quiet_kind = '{Quiet.MUTE.value}'", at
        )

    # --- write -----------------------------------------------------------------------------

    def store(self, rows: Sequence[Incident]) -> tuple[Incident, ...]:
        """Store the next state of each incident in one commit; those that were not taken."""
        return self.table.upsert_expected(rows)

    def happened(self, events: Sequence[IncidentEvent]) -> int:
        """Add the events that the timelines lack, in one commit; how many were new."""
        return self.events.insert_missing(events)

    def _of(self, where: str, at: datetime) -> Condition:
        query = f"SELECT incident_id FROM {escaped(self.table.name.sql)} WHERE {where}"
        return with_time(in_query("incident_id", query, at))
