"""Jobs that a task of the platform asks for and carries out itself.

The id of such a job derives from the run of the platform, the kind and the target. So a task that
the platform starts again finds what its earlier attempt left: a run that is complete is answered
and not repeated, one that broke off is followed by a new job, and one whose process died is
closed first.
"""

from __future__ import annotations

from dataclasses import dataclass

from dq_databricks.launching import worker
from dq_databricks.model.ids import derived_id
from dq_databricks.model.vocabulary import JobKind, JobStatus, TriggerSource
from dq_databricks.model.work import Job
from dq_databricks.quality import Quality
from dq_databricks.quality.jobs import TASK
from dq_databricks.running.process import is_gone
from dq_databricks.settings import LauncherName
from dq_databricks.store.jobs import OPEN

DATABRICKS: LauncherName = "databricks"
_BROKEN_OFF = (JobStatus.FAILED, JobStatus.TIMED_OUT)
_LOOK_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class PlatformTask:
    """The run of the platform that this process is part of, and what started that.

    `repair` tells a run that a person repaired, whose id stays the same, from what it was before.
    """

    platform_run_id: str | None = None
    repair: str = ""
    trigger: TriggerSource = TriggerSource.MANUAL

    @property
    def key(self) -> str | None:
        """What every attempt of the task shares; None: nothing is known of attempts."""
        if self.platform_run_id is None:
            return None
        return f"{self.platform_run_id}/{self.repair or '0'}"

    def job_id(self, kind: JobKind, aim: str) -> str | None:
        """The id of the job for `aim`; None: each call asks for a new one."""
        return None if self.key is None else derived_id("task", self.key, kind.value, aim)


@dataclass(frozen=True, slots=True)
class Attempts:
    """Carries jobs to their end in this process, each at most once for a run of the platform."""

    quality: Quality
    task: PlatformTask

    def finish(self, job: Job) -> Job:
        """Carry out a job that this process asked for, or take it up where an attempt left it."""
        job = self._newest(job)
        if job.status is JobStatus.RUNNING:
            job = self._wait(job)
        if _is_broken_off(job):
            job = self.quality.jobs.retry(
                job.job_id, job_id=_next_id(job), platform_run_id=self.task.platform_run_id
            )
        return self._through(job, TASK)

    def take(self, job: Job) -> Job:
        """Carry out a job that a launcher gave to this task; its attempts are the launcher's."""
        return self._through(job, DATABRICKS)

    def take_queued(self, job: Job) -> Job:
        """Carry out a job that waits for anybody. Told to end, this process gives it back."""
        self._carry_out(job, TASK, is_given_back=True)
        return self.quality.jobs.show(job.job_id)

    def _through(self, job: Job, launcher: str) -> Job:
        """Carry out a job, or wait for whoever does; the job as it ended."""
        jobs = self.quality.jobs
        while job.status in OPEN:
            if job.status is JobStatus.RUNNING:
                self._wait(job)
            elif job.cancel_requested_at is not None:
                jobs.keeper.end(job, JobStatus.CANCELLED, job.error_message)
            else:
                self._carry_out(job, launcher)
            job = jobs.show(job.job_id)
        return job

    def _carry_out(self, job: Job, launcher: str, *, is_given_back: bool = False) -> None:
        worker.carry_out(
            self.quality.settings,
            job.job_id,
            engine=self.quality.engine,
            context=self.quality.context,
            launcher=launcher,
            platform_run_id=self.task.platform_run_id,
            is_given_back=is_given_back,
        )

    def _newest(self, job: Job) -> Job:
        """The last of the jobs that followed one another."""
        while (following := self.quality.jobs.known(_next_id(job))) is not None:
            job = following
        return job

    def _wait(self, job: Job) -> Job:
        """Wait for another process to end `job`; take it away when that shows no sign of life.

        Whether there is one is seen by this process' clock alone, for those of hosts differ.
        """
        context, jobs = self.quality.context, self.quality.jobs
        lease_s = self.quality.settings.lease_s
        seen, since = job.heartbeat_at, context.monotonic()
        while job.status is JobStatus.RUNNING:
            silent_s = context.monotonic() - since
            if is_gone(job.worker or "") or silent_s > lease_s:
                jobs.keeper.lose(job, f"its worker {job.worker} showed no sign of life any more")
            else:
                context.sleep(min(_LOOK_EVERY_S, lease_s / 3))
            job = jobs.show(job.job_id)
            if job.heartbeat_at != seen:
                seen, since = job.heartbeat_at, context.monotonic()
        return job


def _is_broken_off(job: Job) -> bool:
    """Whether another attempt may follow: nobody of ours asked for `job` to be stopped."""
    was_told_to_end = job.status is JobStatus.CANCELLED and job.cancel_requested_at is None
    return job.status in _BROKEN_OFF or was_told_to_end


def _next_id(job: Job) -> str:
    return derived_id("attempt", job.job_id)
