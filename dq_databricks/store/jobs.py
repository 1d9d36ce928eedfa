"""Jobs: asked for once, claimed by one worker at a time, ended once.

Every step is one conditional update, so of two that try the same, one succeeds. A job is claimed
for one `attempt` by one `worker`; whoever lost it changes nothing more.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dq_databricks.errors import NotFoundError
from dq_databricks.model.ids import Context, derived_id
from dq_databricks.model.vocabulary import JobStatus
from dq_databricks.model.work import Job
from dq_databricks.store.access import Table
from dq_databricks.store.filters import Condition, eq, is_in, is_null
from dq_databricks.store.page import Page

OPEN = (JobStatus.QUEUED, JobStatus.RUNNING)


class Jobs:
    """The queue."""

    def __init__(self, table: Table[Job], context: Context) -> None:
        self.table = table
        self._now, self._redaction = context.now, context.redaction

    def add(self, job: Job) -> Job:
        """Ask for a job; one that was asked for before stays as it is. The job as it is stored."""
        self.table.insert_missing([job], is_audited=False)
        return self.table.require(job.job_id)

    def get(self, job_id: str) -> Job:
        """The job of this id; raises NotFoundError."""
        return self.table.require(job_id)

    def of_run(self, run_id: str) -> Job:
        """The job whose attempt of now makes this run; raises NotFoundError."""
        page = self.table.select(eq("run_id", run_id), limit=1)
        if not page.items:
            raise NotFoundError(f"no job makes a run {run_id!r}")
        return page.items[0]

    def select(
        self, *conditions: Condition, limit: int | None = None, cursor: str | None = None
    ) -> Page[Job]:
        """Jobs that meet `conditions`, newest first."""
        return self.table.select(*conditions, order_by=("-created_at",), limit=limit, cursor=cursor)

    def open(self) -> tuple[Job, ...]:
        """Jobs that have not ended, in the order in which they are carried out."""
        return self.table.select(is_in("status", OPEN), order_by=("priority", "created_at")).items

    def claim(
        self, job: Job, worker: str, launcher: str, platform_run_id: str | None = None
    ) -> Job | None:
        """Take a queued job; the job as it runs now, or None when somebody else was first.

        `platform_run_id` is the run of the platform that the worker belongs to, if it knows.
        """
        now = self._now()
        values = {
            "status": JobStatus.RUNNING,
            "worker": worker,
            "launcher": launcher,
            "platform_run_id": platform_run_id or job.platform_run_id,
            "attempt": job.attempt + 1,
            "started_at": now,
            "heartbeat_at": now,
            "progress_phase": "Starting",
            "progress_done": 0,
            "progress_total": 0,
            "error_message": None,
        }
        return self._changed(job, values, *_queued(job), is_null("cancel_requested_at"))

    def launched(self, job: Job, launcher: str, platform_run_id: str) -> Job | None:
        """Note which run of the platform carries out `job`, also when that has begun already."""
        found = {"launcher": launcher, "platform_run_id": platform_run_id}
        waits = {"progress_phase": "Waiting for the platform", "started_at": self._now()}
        same = (eq("run_id", job.run_id), eq("platform_run_id", job.platform_run_id))
        queued = eq("status", JobStatus.QUEUED)
        return self._changed(job, {**found, **waits}, queued, *same) or self._changed(
            job, found, eq("status", JobStatus.RUNNING), *same
        )

    def wait(self, job: Job, reason: str) -> Job | None:
        """Say why a queued job is not carried out yet."""
        told = {"progress_phase": self._redaction(reason)}
        return self._changed(job, told, *_queued(job))

    def beat(self, job: Job, phase: str, done: int, total: int) -> bool:
        """Say that `job` is alive, and where it stands; False: it was taken away or cancelled."""
        now = self._now()
        values = {
            "heartbeat_at": now,
            "updated_at": now,
            "progress_phase": phase,
            "progress_done": done,
            "progress_total": total,
        }
        return self.table.change([job.job_id], values, *_held(job), is_null("cancel_requested_at"))

    def ask_to_stop(self, job: Job, reason: str) -> Job | None:
        """Ask for an open job to be stopped, whoever has it by now; None: it has ended."""
        values = {"cancel_requested_at": self._now(), "error_message": reason}
        return self._changed(job, values, is_in("status", OPEN), is_null("cancel_requested_at"))

    def end(self, job: Job, status: JobStatus, error: str | None = None) -> Job | None:
        """End this attempt of `job`, or the job while it waits; None when it was taken away."""
        now = self._now()
        values: dict[str, Any] = {
            "status": status,
            "error_message": None if error is None else self._redaction(error),
            "completed_at": max(now, job.started_at or job.created_at),
        }
        if status is JobStatus.SUCCEEDED:
            values |= {"progress_phase": "Done", "progress_done": 1, "progress_total": 1}
        held = _held(job) if job.status is JobStatus.RUNNING else _queued(job)
        return self._changed(job, values, *held)

    def queue_again(self, job: Job, reason: str) -> Job | None:
        """Put a running job back in the queue, for a new attempt with a new run."""
        values = {
            "status": JobStatus.QUEUED,
            "run_id": run_id_of(job.job_id, job.attempt + 1),
            "worker": None,
            "launcher": None,
            "platform_run_id": None,
            "started_at": None,
            "heartbeat_at": None,
            "progress_phase": self._redaction(reason),
            "progress_done": 0,
            "progress_total": 0,
            "error_message": None,
        }
        return self._changed(job, values, *_held(job), is_null("cancel_requested_at"))

    def _changed(self, job: Job, values: Mapping[str, Any], *where: Condition) -> Job | None:
        told = {**values, "updated_at": self._now(), "version": job.version + 1}
        if self.table.change([job.job_id], told, *where):
            return job.model_copy(update=told)
        return None


def run_id_of(job_id: str, attempt: int) -> str:
    """The run that an attempt after the first makes: each attempt has its own."""
    return derived_id("run", job_id, str(attempt))


def _queued(job: Job) -> tuple[Condition, ...]:
    return (
        eq("status", JobStatus.QUEUED),
        eq("attempt", job.attempt),
        eq("platform_run_id", job.platform_run_id),
    )


def _held(job: Job) -> tuple[Condition, ...]:
    return (
        eq("status", JobStatus.RUNNING),
        eq("attempt", job.attempt),
        eq("worker", job.worker),
    )
