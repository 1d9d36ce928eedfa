"""Puts right what died, with the word of the platform where there is one.

The heartbeat alone takes ten minutes to be sure of a worker of another host, and cannot tell a
task that was cancelled from one that was lost; the Jobs API can.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from dq_databricks.errors import QualityError
from dq_databricks.launching.platform import Platform, PlatformState
from dq_databricks.launching.settling import settle
from dq_databricks.model.vocabulary import JobStatus
from dq_databricks.model.work import Job
from dq_databricks.quality import Quality
from dq_databricks.quality.jobs import Reconciled


@dataclass(slots=True)
class PlatformReconciled(Reconciled):
    """What was put right; `problems` say which runs the platform did not tell about, and why."""

    problems: list[str] = field(default_factory=list)


def reconcile(quality: Quality, platform: Platform) -> PlatformReconciled:
    """Close jobs whose run of the platform has ended, then what shows no sign of life.

    Safe beside live workers, beside launchers, and as often as wanted. A run that the platform
    does not tell about is left to the sign of life.
    """
    done = PlatformReconciled()
    keeper = quality.jobs.keeper
    for job in keeper.queue.open():
        if job.platform_run_id is None:
            continue
        try:
            run = platform.look(job.platform_run_id)
        except QualityError as error:
            done.problems.append(f"run {job.platform_run_id} of job {job.job_id}: {error}")
            continue
        if run.state is not PlatformState.REFUSED:  # its launcher starts another one
            _note(done, settle(keeper, job, run, now=quality.context.now()))
    rest = keeper.reconcile()
    done.queued_again += rest.queued_again
    done.ended += rest.ended
    done.closed_runs += rest.closed_runs
    return done


def _note(done: Reconciled, job: Job | None) -> None:
    if job is not None:
        place = done.queued_again if job.status is JobStatus.QUEUED else done.ended
        place.append(job.job_id)
