"""What becomes of a job whose run of the platform has ended, or is no longer known."""

from __future__ import annotations

from datetime import datetime, timedelta

from dq_databricks.launching.platform import PlatformRun, PlatformState
from dq_databricks.model.vocabulary import JobStatus
from dq_databricks.model.work import Job
from dq_databricks.quality.jobs import JobKeeper

UNKNOWN_LIMIT = timedelta(minutes=30)
"""How long a run that the platform does not know may show no sign of life."""


def settle(keeper: JobKeeper, job: Job, run: PlatformRun, *, now: datetime) -> Job | None:
    """End `job` as its run of the platform says; None when there was nothing to do.

    Its worker has mostly ended the job itself by then.
    """
    if run.state is PlatformState.OPEN:
        return None
    if job.cancel_requested_at is not None:
        return keeper.end(job, JobStatus.CANCELLED, job.error_message)
    if run.state is PlatformState.UNKNOWN:
        return _settle_unknown(keeper, job, run, now)
    why = f"run {job.platform_run_id} on Databricks: {run.message or run.state}"
    if run.state is PlatformState.CANCELLED:
        return keeper.end(job, JobStatus.CANCELLED, f"cancelled on the platform; {why}")
    if run.state is PlatformState.TIMED_OUT:
        return keeper.end(job, JobStatus.TIMED_OUT, why)
    if job.status is JobStatus.RUNNING:
        return keeper.lose(job, why)
    return keeper.end(job, JobStatus.FAILED, f"its worker never took it up; {why}")


def _settle_unknown(keeper: JobKeeper, job: Job, run: PlatformRun, now: datetime) -> Job | None:
    """History expires; a job that is still alive says so itself, until it does not."""
    sign = job.heartbeat_at or job.started_at or job.created_at
    if now - sign <= UNKNOWN_LIMIT:
        return None
    why = f"the platform no longer knows run {job.platform_run_id} ({run.message})"
    return keeper.end(job, JobStatus.FAILED, f"lost: {why}")
