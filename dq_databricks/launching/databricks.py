"""The Databricks launcher: each queued job becomes one run of a Databricks job.

The task of that run claims the job and carries it out (``dq worker --job JOB_ID``), exactly as a
local worker does. This side starts it, once for each attempt, and asks the platform how it went.
What the platform says is stored before anything else is done, so a service that starts anew goes
on with the runs that it finds in the rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import cached_property

from dq_databricks.engine.protocol import Engine
from dq_databricks.errors import EngineUnavailableError, QualityError
from dq_databricks.launching.platform import (
    JobsApi,
    Platform,
    PlatformRun,
    PlatformState,
    TooBusyError,
)
from dq_databricks.launching.settling import settle
from dq_databricks.launching.supervisor import REMOTE_POLL_S, Supervisor
from dq_databricks.model.ids import Context, derived_id
from dq_databricks.model.vocabulary import JobKind, JobStatus
from dq_databricks.model.work import Job
from dq_databricks.quality.jobs import JobKeeper
from dq_databricks.settings import Settings

NAME = "databricks"
REFUSED_PAUSE = timedelta(minutes=1)


class DatabricksLauncher(Supervisor):
    """Starts, watches and cancels runs of the platform, at most `workers` at once."""

    stop_s = 3.0  # its runs go on without it, and the platform that stops it waits for nobody

    def __init__(
        self,
        settings: Settings,
        *,
        engine: Engine | None = None,
        context: Context | None = None,
        platform: Platform | None = None,
        poll_s: float = REMOTE_POLL_S,
    ) -> None:
        super().__init__(settings, engine=engine, context=context, poll_s=poll_s)
        self._known_platform = platform

    @cached_property
    def _platform(self) -> Platform:
        """Asked for when it is first needed: signing in asks the workspace where that is done."""
        return self._known_platform or JobsApi.of(self.settings)

    def look(self, keeper: JobKeeper) -> Sequence[Job]:
        """Settle what ended, stop what shall stop, start what waits, in this order."""
        for job in keeper.queue.open():
            if job.platform_run_id is not None:
                self._watch(keeper, job, job.platform_run_id)
        jobs = keeper.queue.open()
        self._start_queued(keeper, jobs)
        return jobs

    def wind_up(self, keeper: JobKeeper) -> None:
        """Runs of the platform go on without this process; the next launcher asks after them."""

    # --- start -----------------------------------------------------------------------------

    def _start_queued(self, keeper: JobKeeper, jobs: Sequence[Job]) -> None:
        """Start what waits, in its order; when the platform is full, the rest keeps its place."""
        waiting = [job for job in jobs if _is_waiting(job)]
        # A run whose id was not stored is found again by its token.
        unknown = [job for job in jobs if _is_unattached(job)]
        free = self.settings.workers - (len(jobs) - len(waiting))
        for job in [*unknown, *waiting[: max(0, free)]]:
            try:
                self._start(keeper, job)
            except (TooBusyError, EngineUnavailableError) as error:
                _tell(keeper, job, f"Waiting: {error}")
                return

    def _start(self, keeper: JobKeeper, job: Job) -> None:
        """Start a run; however often that is sent, the platform starts one for each token."""
        target = self._job_of(job.kind)
        parameters = {"job_id": job.job_id, "run_id": job.run_id}
        try:
            platform_run_id = self._platform.start(target, _token(job), parameters)
        except (TooBusyError, EngineUnavailableError):
            raise
        except (QualityError, LookupError) as error:
            keeper.end(job, JobStatus.FAILED, f"could not start on Databricks: {error}")
            return
        keeper.queue.launched(job, NAME, platform_run_id)

    def _job_of(self, kind: JobKind) -> str:
        of_kind = {
            JobKind.PROFILE: self.settings.profile_job_id,
            JobKind.TEST: self.settings.test_job_id,
        }
        return of_kind[kind]

    def _start_anew(self, keeper: JobKeeper, job: Job, run: PlatformRun) -> None:
        """The platform refused to begin: ask again a minute later, by a token of its own."""
        _tell(keeper, job, f"Waiting: {run.message}")
        if self.context.now() - (job.started_at or job.created_at) > REFUSED_PAUSE:
            self._start(keeper, job)

    # --- watch -----------------------------------------------------------------------------

    def _watch(self, keeper: JobKeeper, job: Job, platform_run_id: str) -> None:
        # The run of a task may hold the work of others: its worker is told by its job.
        is_ours = job.launcher == NAME
        if is_ours and job.cancel_requested_at is not None:
            self._platform.cancel(platform_run_id)
        run = self._platform.look(platform_run_id)
        is_refused = run.state is PlatformState.REFUSED and job.cancel_requested_at is None
        if is_ours and is_refused:
            self._start_anew(keeper, job, run)
        else:
            settle(keeper, job, run, now=self.context.now())


def _token(job: Job) -> str:
    """The run of this attempt; after a run was refused, one that follows from it."""
    if job.platform_run_id is None:
        return job.run_id
    return derived_id("token", job.run_id, job.platform_run_id)


def _is_waiting(job: Job) -> bool:
    is_new = job.platform_run_id is None and job.cancel_requested_at is None
    return job.status is JobStatus.QUEUED and is_new


def _is_unattached(job: Job) -> bool:
    return job.status is JobStatus.RUNNING and job.launcher == NAME and job.platform_run_id is None


def _tell(keeper: JobKeeper, job: Job, reason: str) -> None:
    if job.progress_phase != reason:
        keeper.queue.wait(job, reason)
