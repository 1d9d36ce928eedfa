"""One run as it is shown, whatever its kind and whether it has started: the run and its job."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from dq_databricks.model.profile import ProfileRun
from dq_databricks.model.testing import TestRun
from dq_databricks.model.vocabulary import JobKind, JobStatus, RunStatus, TriggerSource
from dq_databricks.model.work import Job

ENDED = frozenset({RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELLED})
_STATUS_OF_JOB = {
    JobStatus.QUEUED: RunStatus.PENDING,
    JobStatus.RUNNING: RunStatus.RUNNING,
    JobStatus.SUCCEEDED: RunStatus.COMPLETED,
    JobStatus.FAILED: RunStatus.FAILED,
    JobStatus.TIMED_OUT: RunStatus.FAILED,
    JobStatus.CANCELLED: RunStatus.CANCELLED,
}


class RunProgress(BaseModel):
    """Where a run stands. `total` 0: not known yet."""

    model_config = ConfigDict(frozen=True)

    phase: str | None = Field(default=None, description="What is being done, or why it waits.")
    done: int = Field(default=0, description="Steps done of this phase.")
    total: int = Field(default=0, description="Steps of this phase; 0: not known yet.")


class RunView(BaseModel):
    """A test run or profile run, or the job that will make it."""

    model_config = ConfigDict(frozen=True)

    run_id: str
    kind: JobKind
    status: RunStatus = Field(description="`pending` while its job waits.")
    is_ended: bool = Field(description="Neither run nor worker goes on: it can be retried.")
    project_key: str | None
    title: str
    trigger_source: TriggerSource
    job_id: str | None = Field(default=None, description="Null for a run of the command line.")
    job_status: JobStatus | None = None
    attempt: int | None = Field(default=None, description="How often its job was started.")
    current_run_id: str = Field(
        description="The run that the job makes now: another one after an attempt was lost."
    )
    retry_of: str | None = Field(default=None, description="The job that this one repeats.")
    requested_by: str | None = None
    progress: RunProgress
    created_at: datetime
    started_at: datetime | None = None
    completed_at: datetime | None = None
    duration_ms: int | None = None
    error_message: str | None = None
    table_count: int | None = None
    row_count: int | None = None
    anomaly_count: int | None = None
    total_tests: int | None = None
    failed_tests: int | None = None
    warned_tests: int | None = None
    error_tests: int | None = None


def view_of_run(run: TestRun | ProfileRun, job: Job | None) -> RunView:
    """A run that has a row; `job` made it, if any."""
    is_test = isinstance(run, TestRun)
    named = run.table_name or (run.test_suite_key if isinstance(run, TestRun) else None)
    of_run = run.model_dump(include=_SHARED)
    return RunView(
        **of_run,
        **_of_job(job),
        run_id=run.test_run_id if isinstance(run, TestRun) else run.profile_run_id,
        kind=JobKind.TEST if is_test else JobKind.PROFILE,
        is_ended=run.status in ENDED and not _is_held(job, run),
        title=job.title if job else f"{'Test' if is_test else 'Profile'} {named or 'tables'}",
        current_run_id=job.run_id if job else run_id_of(run),
        created_at=job.created_at if job else run.started_at,
    )


def _is_held(job: Job | None, run: TestRun | ProfileRun) -> bool:
    """Whether the worker of `run` has closed it, but not ended its job yet."""
    return job is not None and job.status is JobStatus.RUNNING and job.run_id == run_id_of(run)


def view_of_job(job: Job) -> RunView:
    """The run of a job that has no row of its own: the job waits, or ended before it began."""
    status = _STATUS_OF_JOB[job.status]
    return RunView(
        **_of_job(job),
        run_id=job.run_id,
        kind=job.kind,
        status=status,
        is_ended=status in ENDED,
        project_key=job.project_key,
        title=job.title,
        trigger_source=job.trigger_source,
        job_id=job.job_id,
        current_run_id=job.run_id,
        created_at=job.created_at,
        started_at=job.started_at,
        completed_at=job.completed_at,
        error_message=job.error_message,
    )


def run_id_of(run: TestRun | ProfileRun) -> str:
    """The id of a run of either kind."""
    return run.test_run_id if isinstance(run, TestRun) else run.profile_run_id


_SHARED = {
    "status",
    "project_key",
    "trigger_source",
    "job_id",
    "started_at",
    "completed_at",
    "duration_ms",
    "error_message",
    "table_count",
    "row_count",
    "anomaly_count",
    "total_tests",
    "failed_tests",
    "warned_tests",
    "error_tests",
}


def _of_job(job: Job | None) -> dict[str, Any]:
    if job is None:
        return {"progress": RunProgress()}
    return {
        "job_status": job.status,
        "attempt": job.attempt,
        "retry_of": job.retry_of,
        "requested_by": job.requested_by,
        "progress": RunProgress(
            phase=job.progress_phase, done=job.progress_done, total=job.progress_total
        ),
    }
