"""Schedules: which are due, and the one conditional write that claims their slots."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import Any

from dq_databricks.errors import OutcomeUnknownError
from dq_databricks.model.ids import derived_id
from dq_databricks.model.vocabulary import JobStatus
from dq_databricks.model.work import Job, Schedule
from dq_databricks.sql.statement import Statement
from dq_databricks.store.access import Table
from dq_databricks.store.filters import eq, ge, is_in, is_not_null, is_null, le, render
from dq_databricks.store.page import Page

# Rows a claim writes at once: they travel as one JSON parameter, which may hold 1 MB.
BATCH = 1000
ACTIVE = (JobStatus.QUEUED, JobStatus.RUNNING)


def job_id_of(schedule_id: str, slot: datetime) -> str:
    """The one job that a slot of a schedule may have."""
    return derived_id("job", schedule_id, slot.astimezone(UTC).isoformat())


def run_id_of(schedule_id: str, slot: datetime) -> str:
    """The one run that a slot of a schedule may have."""
    return derived_id("run", schedule_id, slot.astimezone(UTC).isoformat())


@dataclass(frozen=True, slots=True)
class Claim:
    """What becomes of one schedule, if it still stands at `expected` with this `version`.

    `slot` is the last slot it settles; `job_id` None: that slot starts nothing. `missed` counts
    the slots that start nothing.
    """

    schedule_id: str
    version: int
    expected: datetime
    slot: datetime
    next_run_at: datetime | None
    job_id: str | None = None
    missed: int = 0


class Schedules:
    """The rows of the schedules, and what of their jobs decides about the next slot."""

    def __init__(self, table: Table[Schedule], jobs: Table[Job]) -> None:
        self.table = table
        self._jobs = jobs

    def due(self, at: datetime) -> Iterator[Page[Schedule]]:
        """Enabled schedules whose slot has come, longest due first, `BATCH` at a time."""
        conditions = (eq("is_enabled", value=True), le("next_run_at", at))
        cursor = None
        while True:
            page = self.table.select(
                *conditions, order_by=("next_run_at",), limit=BATCH, cursor=cursor
            )
            yield page
            if (cursor := page.next_cursor) is None:
                return

    def enabled(self) -> Page[Schedule]:
        """All enabled schedules."""
        return self.table.select(eq("is_enabled", value=True))

    def without_job(self, since: datetime) -> tuple[Schedule, ...]:
        """Schedules whose last slot was claimed at or after `since` and has no job (yet)."""
        conditions = [
            is_not_null("last_job_id"),
            is_null("deleted_at"),
            ge("last_run_at", since),
            *self.table.scope,
        ]
        where, parameters = render(Schedule, conditions)
        text = f"""SELECT {self.table.columns_sql}
FROM {self.table.name.sql}
WHERE {where}
AND last_job_id NOT IN (SELECT job_id FROM {self._jobs.name.sql})"""
        return self.table.rows(Statement(text, parameters))

    def jobs(self, job_ids: Collection[str]) -> dict[str, Job]:
        """The jobs of these ids, by id; those that are not stored are absent."""
        if not job_ids:
            return {}
        found = self._jobs.select(is_in("job_id", sorted(job_ids)))
        return {job.job_id: job for job in found}

    def busy(self, schedule_ids: Collection[str]) -> frozenset[str]:
        """Those of these schedules that have a job which is queued or running."""
        if not schedule_ids:
            return frozenset()
        ids = is_in("schedule_id", sorted(schedule_ids))
        found = self._jobs.select(ids, is_in("status", ACTIVE))
        return frozenset(job.schedule_id for job in found if job.schedule_id is not None)

    def claim(self, claims: Sequence[Claim], at: datetime) -> frozenset[str]:
        """Carry out `claims` in one statement; which schedules now stand as their claim says.

        A claim is deterministic, so it does not matter which of several dispatchers made it: the
        job it leads to has the same id.
        """
        with suppress(OutcomeUnknownError):  # what is stored says which were carried out
            self.table.change_where(self._claiming(claims, at))
        stored = {
            row.schedule_id: row
            for row in self.table.select(is_in("schedule_id", [c.schedule_id for c in claims]))
        }
        return frozenset(
            claim.schedule_id
            for claim in claims
            if (row := stored.get(claim.schedule_id)) is not None
            and row.last_slot_at == claim.slot
            and claim.job_id in (None, row.last_job_id)
        )

    def give_up(self, schedule: Schedule) -> bool:
        """Count the last slot of `schedule` as missed, once: it was claimed and never started."""
        values = {"last_job_id": None, "missed_count": schedule.missed_count + 1}
        unchanged = [
            eq("last_job_id", schedule.last_job_id),
            eq("missed_count", schedule.missed_count),
        ]
        return self._progress(schedule, values, unchanged)

    def move(self, schedule: Schedule, next_run_at: datetime | None) -> bool:
        """Move the next slot of `schedule`, unless it was edited or claimed meanwhile."""
        unchanged = [
            eq("version", schedule.version),
            eq("next_run_at", schedule.next_run_at),
            eq("is_enabled", value=True),
        ]
        return self._progress(schedule, {"next_run_at": next_run_at}, unchanged)

    def insert_jobs(self, jobs: Sequence[Job]) -> tuple[Job, ...]:
        """Store the jobs that are missing, in one commit; those that this call stored."""
        if self._jobs.insert_missing(jobs, is_audited=False) == len(jobs):
            return tuple(jobs)
        stored = self.jobs([job.job_id for job in jobs])
        return tuple(job for job in jobs if stored.get(job.job_id) == job)

    def _progress(self, schedule: Schedule, values: dict[str, Any], unchanged: list[Any]) -> bool:
        # What a dispatcher writes is the progress of a schedule, no edit: it is not audited.
        where, parameters = render(
            Schedule,
            [eq("schedule_id", schedule.schedule_id), is_null("deleted_at"), *unchanged],
        )
        assignments = []
        for name, value in values.items():
            assignments.append(f"{name} = " + ("NULL" if value is None else f":v_{name}"))
            if value is not None:
                parameters[f"v_{name}"] = value
        text = f"UPDATE {self.table.name.sql} SET {', '.join(assignments)} WHERE {where}"
        return self.table.change_where(Statement(text, parameters)) == 1

    def _claiming(self, claims: Sequence[Claim], at: datetime) -> Statement:
        shape = ", ".join(f"{field.name}: STRING" for field in fields(Claim))
        text = f"""MERGE INTO {self.table.name.sql} AS t
USING (
  SELECT
    c.schedule_id AS schedule_id,
    CAST(c.version AS BIGINT) AS version,
    CAST(c.expected AS TIMESTAMP) AS expected,
    CAST(c.slot AS TIMESTAMP) AS slot,
    CAST(c.next_run_at AS TIMESTAMP) AS next_run_at,
    c.job_id AS job_id,
    CAST(c.missed AS BIGINT) AS missed
  FROM (SELECT explode(from_json(:claims, 'ARRAY<STRUCT<{shape}>>')) AS c)
) AS s
ON t.schedule_id = s.schedule_id AND t.version = s.version
WHEN MATCHED AND t.next_run_at = s.expected AND t.is_enabled AND t.deleted_at IS NULL
THEN UPDATE SET
  next_run_at = s.next_run_at,
  last_slot_at = s.slot,
  last_run_at = CASE WHEN s.job_id IS NULL THEN t.last_run_at ELSE :at END,
  last_job_id = coalesce(s.job_id, t.last_job_id),
  missed_count = coalesce(t.missed_count, 0) + s.missed"""
        payload = json.dumps([_as_text(claim) for claim in claims])
        return Statement(text, {"claims": payload, "at": at})


def _as_text(claim: Claim) -> dict[str, str | None]:
    return {name: None if value is None else str(value) for name, value in asdict(claim).items()}
