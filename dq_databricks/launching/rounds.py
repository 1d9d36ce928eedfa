"""The tasks that come again and again: dispatch, reconcile, notify."""

from __future__ import annotations

import json
from dataclasses import replace

import click

from dq_databricks.errors import QualityError
from dq_databricks.launching.attempts import DATABRICKS, Attempts
from dq_databricks.launching.running import platform_task
from dq_databricks.launching.task import Outcome, Task
from dq_databricks.model.jsonable import jsonable
from dq_databricks.model.vocabulary import JobStatus, TriggerSource
from dq_databricks.model.work import Job
from dq_databricks.quality import Quality
from dq_databricks.quality.reports import EXIT_COULD_NOT_RUN, EXIT_FINE
from dq_databricks.settings import Settings

RUNS_AT_ONCE = 10


def dispatch_round(task: Task) -> Outcome:
    """Queue what is due, then start what waits, on the platform or in this process."""
    settings = _of_platform(task)
    with task.opened() as quality:
        report = quality.dispatch()
        waiting = [job for job in quality.jobs.keeper.queue.open() if _waits(job)]
        queued = f"{len(report.jobs)} jobs queued, {report.missed} slots missed"
        document = {"dispatch": report}
        if settings is not None:
            _start_on_platform(quality, settings)
            return Outcome(f"{queued}, {len(waiting)} were waiting", document)
        done = _carry_out(quality, task, waiting)
    wrong = [f"{job.title}: {job.error_message or job.status}" for job in done if not _is_well(job)]
    line = f"{queued}, {len(done)} of {len(waiting)} carried out"
    code = EXIT_COULD_NOT_RUN if wrong else EXIT_FINE
    return Outcome("; ".join([line, *wrong]), {**document, "jobs": done}, code)


def reconcile_round(task: Task) -> Outcome:
    """Close what died. Without a sign-in to the platform, the sign of life decides alone."""
    from dq_databricks.launching.platform import JobsApi
    from dq_databricks.launching.reconciling import PlatformReconciled, reconcile

    with task.opened() as quality:
        try:
            done = reconcile(quality, JobsApi.of(task.settings))
        except QualityError as error:
            found = quality.jobs.reconcile()
            done = PlatformReconciled(
                found.queued_again, found.ended, found.closed_runs, [str(error)]
            )
    line = (
        f"{len(done.queued_again)} jobs queued again, {len(done.ended)} jobs ended, "
        f"{len(done.closed_runs)} runs closed"
    )
    code = EXIT_COULD_NOT_RUN if done.problems else EXIT_FINE
    return Outcome("; ".join([line, *done.problems]), {"reconciled": done}, code)


def notify_round(task: Task) -> Outcome:
    """Print each event that nobody was told of, once, as a line of JSON."""
    told = 0
    with task.opened() as quality:
        while events := quality.notices.take():
            for event in events:
                click.echo(json.dumps(jsonable(event), ensure_ascii=False))
            told += len(events)
    return Outcome(f"{told} new events", {"events": told})


def _of_platform(task: Task) -> Settings | None:
    """The settings of the launcher; None where this process carries jobs out."""
    settings = task.settings
    has_jobs = bool(settings.profile_job_id or settings.test_job_id)
    if not has_jobs and settings.launcher != DATABRICKS:
        return None
    workers = task.arguments.number("workers", default=RUNS_AT_ONCE)
    return replace(settings, launcher=DATABRICKS, workers=workers)


def _start_on_platform(quality: Quality, settings: Settings) -> None:
    from dq_databricks.launching.databricks import DatabricksLauncher

    launcher = DatabricksLauncher(settings, engine=quality.engine, context=quality.context)
    launcher.step()


def _carry_out(quality: Quality, task: Task, waiting: list[Job]) -> list[Job]:
    """One after the other, until the process is told to end: the job then waits again."""
    attempts = Attempts(quality, platform_task(task.arguments, TriggerSource.SCHEDULE))
    done: list[Job] = []
    for job in waiting:
        after = attempts.take_queued(job)
        done.append(after)
        if after.status is JobStatus.QUEUED:
            break
    return done


def _waits(job: Job) -> bool:
    is_free = job.platform_run_id is None and job.cancel_requested_at is None
    return job.status is JobStatus.QUEUED and is_free


def _is_well(job: Job) -> bool:
    """Whether nothing is wrong with a job that this process took, or left to who was faster."""
    return job.status in (JobStatus.SUCCEEDED, JobStatus.RUNNING)
