"""What machines do to jobs and their runs: carry out, end, take away from the dead, reconcile.

A job that is running and whose worker died is lost: its run is closed as failed, and the job is
queued again for a new run while it may be attempted once more. The run is closed first, so that a
worker that was only asleep cannot end it any more when the next attempt begins.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from dq_databricks.alerting.telling import run_failed
from dq_databricks.errors import AlreadyExistsError, NotFoundError, VersionConflictError
from dq_databricks.lifecycle.lease import SKEW
from dq_databricks.model.ids import Context
from dq_databricks.model.profile import ProfileRun
from dq_databricks.model.testing import TestRun
from dq_databricks.model.vocabulary import JobKind, JobStatus, RunStatus, TargetType
from dq_databricks.model.work import Job
from dq_databricks.quality.run_view import ENDED, run_id_of
from dq_databricks.running.ending import ended
from dq_databricks.running.process import is_gone, is_here, stop
from dq_databricks.settings import Settings
from dq_databricks.store.filters import is_in
from dq_databricks.store.jobs import OPEN, Jobs
from dq_databricks.store.store import Store

LOST = "lost: "
Run = TestRun | ProfileRun
_OPEN_RUNS = (RunStatus.PENDING, RunStatus.RUNNING)


@dataclass(slots=True)
class Reconciled:
    """What was put right: ids of jobs queued again, of jobs ended, and of runs closed."""

    queued_again: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    closed_runs: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class JobKeeper:
    """The jobs of all projects, for launchers, workers and whoever puts things right."""

    store: Store
    context: Context
    settings: Settings

    @property
    def queue(self) -> Jobs:
        """The jobs themselves."""
        return Jobs(self.store.table(Job), self.context)

    # --- one job ---------------------------------------------------------------------------

    def end(self, job: Job, status: JobStatus, error: str | None = None) -> Job | None:
        """End `job`, and its run if that is still open; None when the job was taken away.

        A run that is complete makes its job succeed, whatever was asked for meanwhile. Work that
        was begun and failed before its run has a failed run all the same.
        """
        if (run := self._run_to_end(job, status, error)) is not None:
            as_run = RunStatus.CANCELLED if status is JobStatus.CANCELLED else RunStatus.FAILED
            closed = self._closed(run, as_run, error)
            if closed.status is RunStatus.COMPLETED:
                status, error = JobStatus.SUCCEEDED, None
            self._tell_failed(closed)
        return self.store.written(self.queue.end(job, status, error))

    def _run_to_end(self, job: Job, status: JobStatus, error: str | None) -> Run | None:
        if status is JobStatus.SUCCEEDED:
            return None
        is_begun = status is JobStatus.FAILED and job.status is JobStatus.RUNNING
        return self._run_of(job, error or "failed") if is_begun else self._run(job)

    def give_back(self, job: Job, reason: str) -> Job | None:
        """Queue `job` again because its worker must stop, however often it was tried."""
        if self._fence(job, reason).status is RunStatus.COMPLETED:
            return self.store.written(self.queue.end(job, JobStatus.SUCCEEDED))
        return self.store.written(self.queue.queue_again(job, reason))

    def lose(self, job: Job, reason: str) -> Job | None:
        """Take `job` away from its dead worker: queue it again, or end it.

        What its run says counts: a complete one makes the job succeed.
        """
        if job.cancel_requested_at is not None:
            return self.end(job, JobStatus.CANCELLED, job.error_message)
        run = self._fence(job, reason)
        if run.status is RunStatus.COMPLETED:
            return self.store.written(self.queue.end(job, JobStatus.SUCCEEDED))
        if not (run.error_message or "").startswith(LOST):
            return self.end(job, _ended_as(run.status), run.error_message)
        if job.attempt < job.max_attempts:
            return self.store.written(self.queue.queue_again(job, f"{LOST}{reason}"))
        return self.end(job, JobStatus.FAILED, f"{LOST}{reason}")

    # --- everything ------------------------------------------------------------------------

    def reconcile(self) -> Reconciled:
        """Put right what died: jobs whose worker is gone, and runs nobody reports on.

        Safe beside live workers, beside itself, and as often as wanted.
        """
        done = Reconciled()
        for job in self.queue.open():
            self._reconcile_job(job, done)
        for run in self._open_runs():
            self._reconcile_run(run, done)
        return self.store.written(done)

    def _reconcile_job(self, job: Job, done: Reconciled) -> None:
        if job.status is JobStatus.QUEUED:
            if job.cancel_requested_at is not None and self._is_stale(job.cancel_requested_at):
                _note(done, self.end(job, JobStatus.CANCELLED, job.error_message))
            return
        reason = self._why_lost(job)
        if reason is not None:
            _note(done, self.lose(job, reason))
        elif self._is_overdue(job):
            late = f"timed out after {job.timeout_s} s"
            _note(done, self.end(job, JobStatus.TIMED_OUT, late))

    def _why_lost(self, job: Job) -> str | None:
        worker = job.worker or ""
        if is_gone(worker):
            return f"its worker {worker} ended without a word"
        if not self._is_stale(_last_sign(job), near=is_here(worker)):
            return None
        stop(worker, kill=True)  # it stands still: what it would still do does not count
        return f"its worker {worker} was last heard of at {_last_sign(job):%Y-%m-%d %H:%M:%S} UTC"

    def _is_stale(self, sign: datetime, *, near: bool = True) -> bool:
        """Whether `sign` is older than the lease; clocks of other hosts may differ."""
        margin = timedelta(0) if near else SKEW
        return self.context.now() - sign > timedelta(seconds=self.settings.lease_s) + margin

    def _is_overdue(self, job: Job) -> bool:
        """Whether a job outran its limit so far that its own worker should have ended it."""
        limit = timedelta(seconds=job.timeout_s + 2 * self.settings.lease_s)
        return self.context.now() - (job.started_at or job.created_at) > limit + SKEW

    # --- runs ------------------------------------------------------------------------------

    def _open_runs(self) -> Iterable[Run]:
        """Open runs that no open job makes, or that are older than any run may be."""
        still_open = is_in("status", _OPEN_RUNS)
        runs: list[Run] = [*self.store.runs.select(still_open)]
        runs += self.store.profiles.select(still_open)
        ids = [run.job_id for run in runs if run.job_id is not None]
        jobs = {job.job_id: job for job in self.queue.select(is_in("job_id", ids))} if ids else {}
        return [run for run in runs if self._is_abandoned(run, jobs.get(run.job_id or ""))]

    def _is_abandoned(self, run: Run, job: Job | None) -> bool:
        if job is not None:
            return job.status not in OPEN or job.run_id != run_id_of(run)
        age = self.context.now() - run.started_at
        return age > timedelta(seconds=self.settings.run_limit_s)

    def _reconcile_run(self, run: Run, done: Reconciled) -> None:
        since = f"nobody reported on it since {run.started_at:%Y-%m-%d %H:%M:%S} UTC"
        closed = self._closed(run, RunStatus.FAILED, f"{LOST}{since}")
        if closed.error_message == f"{LOST}{since}":
            self._tell_failed(closed)
            done.closed_runs.append(run_id_of(run))

    def _run(self, job: Job) -> Run | None:
        if job.kind is JobKind.TEST:
            return self.store.runs.runs.get(job.run_id)
        return self.store.profiles.runs.get(job.run_id)

    def _tell_failed(self, run: Run) -> None:
        """Whoever waits for failures is told of a run that nobody attempts again."""
        if run.status is RunStatus.FAILED:
            self.store.outbox.write([run_failed(run, self.context.now())])

    def _fence(self, job: Job, reason: str) -> Run:
        """Close the run of `job` so that its worker can neither start nor end it any more."""
        run = self._run_of(job, f"{LOST}{reason}")
        return self._closed(run, RunStatus.FAILED, f"{LOST}{reason}")

    def _run_of(self, job: Job, reason: str) -> Run:
        """The run of `job`; where it never began, a row that says it failed for `reason`."""
        run = self._run(job)
        return run if run is not None else self._closed_before_start(job, reason)

    def _closed(self, run: Run, status: RunStatus, reason: str | None) -> Run:
        """`run` as it ended: just so, or in its own way before."""
        if run.status in ENDED:
            return run
        end = {
            **ended(run.started_at, self.context.now()),
            "status": status,
            "error_message": None if reason is None else self.context.redaction(reason),
        }
        try:
            if isinstance(run, TestRun):
                return self.store.runs.finish(run.model_copy(update=end))
            return self.store.profiles.finish(run.model_copy(update=end))
        except VersionConflictError:
            return self._stored(run)

    def _stored(self, run: Run) -> Run:
        if isinstance(run, TestRun):
            return self.store.runs.get(run.test_run_id)
        return self.store.profiles.runs.require(run.profile_run_id)

    def _closed_before_start(self, job: Job, reason: str) -> Run:
        """The row of a run that never began; a worker that wakes up finds its place taken."""
        run = _never_started(job, self.context.now(), reason, self._group_of(job))
        with suppress(AlreadyExistsError):
            if isinstance(run, TestRun):
                return self.store.runs.start(run)
            return self.store.profiles.start(run)
        return self._stored(run)

    def _group_of(self, job: Job) -> str:
        if job.target_type is TargetType.GROUP:
            return job.target_ref
        with suppress(NotFoundError):
            return self.store.catalog.tables.require(job.target_ref).table_group_id
        return ""


def _never_started(job: Job, at: datetime, reason: str, group_id: str) -> Run:
    shared = {
        "project_key": job.project_key,
        "status": RunStatus.FAILED,
        "started_at": at,
        "completed_at": at,
        "duration_ms": 0,
        "trigger_source": job.trigger_source,
        "error_message": reason,
        "job_id": job.job_id,
        "table_group_id": group_id,
    }
    if job.kind is JobKind.PROFILE:
        return ProfileRun.model_validate({**shared, "profile_run_id": job.run_id})
    suite = job.target_ref if job.target_type is TargetType.SUITE else ""
    return TestRun.model_validate({**shared, "test_run_id": job.run_id, "test_suite_key": suite})


def _last_sign(job: Job) -> datetime:
    return job.heartbeat_at or job.started_at or job.created_at


def _ended_as(status: RunStatus) -> JobStatus:
    return JobStatus.CANCELLED if status is RunStatus.CANCELLED else JobStatus.FAILED


def _note(done: Reconciled, job: Job | None) -> None:
    if job is not None:
        place = done.queued_again if job.status is JobStatus.QUEUED else done.ended
        place.append(job.job_id)
