"""Jobs: list, show, request, cancel, retry; and the worker that carries them out."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from threading import Event
from types import FrameType

import click

from dq_databricks.cli import render_jobs as render
from dq_databricks.cli.options import NounGroup, json_option, opened, page_options
from dq_databricks.cli.output import write_json
from dq_databricks.cli.render import page_document
from dq_databricks.launching import carry_out, open_launcher, reconcile
from dq_databricks.model.vocabulary import JobKind, JobStatus
from dq_databricks.settings import Settings

_kinds = click.Choice([kind.value for kind in JobKind])
_statuses = click.Choice([status.value for status in JobStatus])
_LOOK_EVERY_S = 0.5


@click.group(cls=NounGroup)
def jobs() -> None:
    """Queued, running and ended jobs: list, show, request, cancel, retry."""


@jobs.command("list")
@click.option("--status", type=_statuses, help="Only jobs with this status.")
@click.option("--kind", type=_kinds, help="Only jobs of this kind.")
@click.option("--open", "only_open", is_flag=True, help="Only jobs that have not ended.")
@page_options
@json_option
def list_jobs(
    status: str | None,
    kind: str | None,
    only_open: bool,
    limit: int,
    cursor: str | None,
    as_json: bool,
) -> None:
    """List jobs, newest first."""
    with opened() as quality:
        page = quality.jobs.list(
            status=status, kind=kind, only_open=only_open, limit=limit, cursor=cursor
        )
    write_json(page_document(page)) if as_json else render.jobs(page)


@jobs.command("show")
@click.argument("job_id")
@json_option
def show_job(job_id: str, as_json: bool) -> None:
    """Show one job."""
    with opened() as quality:
        job = quality.jobs.show(job_id)
    write_json(job) if as_json else render.job(job)


@jobs.command("request")
@click.argument("kind", type=_kinds)
@click.argument("target", required=False)
@click.option("--group", help="All tables of this table group instead of one TARGET.")
@click.option("--suite", help="The tests of this suite.")
@click.option("--priority", type=click.IntRange(1, 10), default=5, show_default=True)
@click.option(
    "--timeout", "timeout_s", type=click.IntRange(1), default=3600, help="Seconds it may run."
)
@json_option
def request_job(
    kind: str,
    target: str | None,
    group: str | None,
    suite: str | None,
    priority: int,
    timeout_s: int,
    as_json: bool,
) -> None:
    """Queue a profile or a test of TARGET; a worker carries it out."""
    with opened() as quality:
        job = quality.jobs.request(
            kind, target, group=group, suite=suite, priority=priority, timeout_s=timeout_s
        )
    write_json(job) if as_json else render.queued(job)


@jobs.command("cancel")
@click.argument("job_id")
@json_option
def cancel_job(job_id: str, as_json: bool) -> None:
    """Stop a job, by its id or that of its run; one that runs ends within seconds."""
    with opened() as quality:
        job = quality.jobs.cancel(job_id)
    write_json(job) if as_json else render.job(job)


@jobs.command("retry")
@click.argument("job_id")
@json_option
def retry_job(job_id: str, as_json: bool) -> None:
    """Queue what an ended job did once more, as a new job."""
    with opened() as quality:
        job = quality.jobs.retry(job_id)
    write_json(job) if as_json else render.queued(job)


@jobs.command("reconcile")
@json_option
def reconcile_jobs(as_json: bool) -> None:
    """Put right jobs and runs whose worker was killed.

    With DQ_LAUNCHER=databricks, the Jobs API is asked about their runs first.
    """
    with opened() as quality:
        report = reconcile(quality)
    write_json(report) if as_json else render.reconciled(report)


@click.command()
@click.option("--once", is_flag=True, help="End when no job is queued or running any more.")
@click.option("--job", "job_id", help="Carry out this one job in this process, then end.")
@click.pass_context
def worker(context: click.Context, once: bool, job_id: str | None) -> int:
    """Carry out queued jobs, DQ_WORKERS at once, until told to end (Ctrl-C).

    Jobs that run then are queued again. With --job, the task of a Databricks job.
    """
    settings: Settings = context.find_root().obj
    if job_id is not None:
        return carry_out(settings, job_id)
    ending = Event()
    _end_on_signals(ending)
    launcher = open_launcher(settings)
    launcher.start()
    try:
        while not ending.wait(_LOOK_EVERY_S) and not (once and launcher.is_idle):
            pass
    finally:
        launcher.stop()
    return 0


def _end_on_signals(ending: Event) -> None:
    def end(_signal: int, _frame: FrameType | None) -> None:
        ending.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)


COMMANDS: Sequence[click.Command] = (jobs, worker)
