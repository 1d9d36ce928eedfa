"""Schedules: list, show, add, edit, remove, enable, disable, preview, run; and dispatch."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeVar

import click

from dq_databricks.cli import render_schedules as render
from dq_databricks.cli.options import (
    NounGroup,
    expected_version,
    json_option,
    opened,
    page_options,
    version_options,
)
from dq_databricks.cli.output import write_json
from dq_databricks.cli.render import page_document
from dq_databricks.cli.render_jobs import queued
from dq_databricks.launching import open_launcher
from dq_databricks.model.vocabulary import CatchUp, JobKind, JobStatus, Overlap, TargetType
from dq_databricks.model.work import Job
from dq_databricks.quality import Quality
from dq_databricks.quality.reports import EXIT_COULD_NOT_RUN, EXIT_FINE

F = TypeVar("F", bound=Callable[..., Any])
_LOOK_EVERY_S = 0.2
_MOST_LEFT_BEHIND = 200
_OPEN = (JobStatus.QUEUED, JobStatus.RUNNING)


def _fields(function: F) -> F:
    """The options of what a schedule does and when."""
    for option in (
        click.option("--group", help="What it is for: all tables of this table group."),
        click.option("--suite", help="What it is for: the tests of this suite."),
        click.option("--kind", type=click.Choice([kind.value for kind in JobKind])),
        click.option("--timezone", help="IANA zone that the cron expression is read in."),
        click.option(
            "--catch-up",
            type=click.Choice([word.value for word in CatchUp]),
            help="Missed slots after downtime: make up for none, the last one or all.",
        ),
        click.option(
            "--overlap",
            type=click.Choice([word.value for word in Overlap]),
            help="While its last job has not ended.",
        ),
        click.option("--jitter", "jitter_s", type=int, help="Seconds starts are spread over."),
        click.option("--timeout", "timeout_s", type=int, help="Seconds a job may run."),
        click.option("--max-attempts", type=int, help="Starts of a job whose worker dies."),
    ):
        function = option(function)
    return function


@click.group(cls=NounGroup)
def schedules() -> None:
    """When profiles and tests run by themselves."""


@schedules.command("list")
@click.option("--enabled/--disabled", default=None, help="Only those that fire, or do not.")
@page_options
@json_option
def list_schedules(enabled: bool | None, limit: int, cursor: str | None, as_json: bool) -> None:
    """List schedules, by name."""
    with opened() as quality:
        page = quality.schedules.list(enabled=enabled, limit=limit, cursor=cursor)
    write_json(page_document(page)) if as_json else render.schedules(page)


@schedules.command("show")
@click.argument("schedule")
@json_option
def show_schedule(schedule: str, as_json: bool) -> None:
    """Show one schedule, by name or id."""
    with opened() as quality:
        found = quality.schedules.show(schedule)
    write_json(found) if as_json else render.schedule(found)


@schedules.command("add")
@click.argument("name")
@click.argument("target", required=False)
@click.option("--cron", required=True, help="Five fields, such as '30 6 * * MON-FRI'.")
@_fields
@click.option("--disabled", is_flag=True, help="Keep it, but do not let it fire yet.")
@json_option
def add_schedule(
    name: str, target: str | None, cron: str, disabled: bool, as_json: bool, **values: Any
) -> None:
    """Run the tests (or --kind profile) of TARGET, --group or --suite by a cron expression."""
    fields = _given(values, target)
    if "target_ref" not in fields:
        raise click.UsageError("what for? give one TARGET, --group or --suite")
    kind = fields.pop("kind", JobKind.TEST.value)
    with opened() as quality:
        added = quality.schedules.add(name, cron=cron, kind=kind, is_enabled=not disabled, **fields)
    write_json(added) if as_json else render.schedule(added)


@schedules.command("edit")
@click.argument("schedule")
@click.option("--name", help="Another name.")
@click.option("--target", help="What it is for: a TARGET under watch.")
@click.option("--cron", help="Five fields, such as '30 6 * * MON-FRI'.")
@_fields
@version_options
@json_option
def edit_schedule(
    schedule: str,
    target: str | None,
    expect_version: int | None,
    latest: bool,
    as_json: bool,
    **values: Any,
) -> None:
    """Change a schedule; its next slot follows."""
    version = expected_version(expect_version, latest)
    with opened() as quality:
        fields = _given(values, target)
        edited = quality.schedules.edit(schedule, expected_version=version, **fields)
    write_json(edited) if as_json else render.schedule(edited)


@schedules.command("remove")
@click.argument("schedule")
@version_options
@json_option
def remove_schedule(schedule: str, expect_version: int | None, latest: bool, as_json: bool) -> None:
    """Remove a schedule; its jobs and runs stay."""
    version = expected_version(expect_version, latest)
    with opened() as quality:
        removed = quality.schedules.remove(schedule, expected_version=version)
    write_json(removed) if as_json else render.schedule(removed)


@schedules.command("enable")
@click.argument("schedule")
@version_options
@json_option
def enable_schedule(schedule: str, expect_version: int | None, latest: bool, as_json: bool) -> None:
    """Let a schedule fire, from its next slot on."""
    version = expected_version(expect_version, latest)
    with opened() as quality:
        enabled = quality.schedules.enable(schedule, expected_version=version)
    write_json(enabled) if as_json else render.schedule(enabled)


@schedules.command("disable")
@click.argument("schedule")
@version_options
@json_option
def disable_schedule(
    schedule: str, expect_version: int | None, latest: bool, as_json: bool
) -> None:
    """Keep a schedule without firing."""
    version = expected_version(expect_version, latest)
    with opened() as quality:
        disabled = quality.schedules.disable(schedule, expected_version=version)
    write_json(disabled) if as_json else render.schedule(disabled)


@schedules.command("preview")
@click.argument("schedule", required=False)
@click.option("--cron", help="Try this expression instead of a schedule.")
@click.option("--timezone", default="UTC", show_default=True, help="Zone of --cron.")
@click.option("--count", type=click.IntRange(1, 100), default=5, show_default=True)
@json_option
def preview_schedule(
    schedule: str | None, cron: str | None, timezone: str, count: int, as_json: bool
) -> None:
    """Show when a schedule, or --cron, fires next."""
    if (schedule is None) == (cron is None):
        raise click.UsageError("give one schedule, or an expression with --cron")
    with opened() as quality:
        if schedule is not None:
            found = quality.schedules.show(schedule)
            cron, timezone = found.cron, found.timezone
        slots = quality.schedules.preview_of(cron or "", timezone, count)
    write_json({"items": slots}) if as_json else render.preview(slots, timezone)


@schedules.command("run")
@click.argument("schedule")
@json_option
def run_schedule(schedule: str, as_json: bool) -> None:
    """Queue what a schedule does now, beside its slots."""
    with opened() as quality:
        job = quality.schedules.run(schedule)
    write_json(job) if as_json else queued(job)


@click.command()
@click.option(
    "--run/--no-run",
    "is_run",
    default=True,
    show_default=True,
    help="Carry out what is queued and wait for it, or leave it to dq serve or dq worker.",
)
@json_option
def dispatch(is_run: bool, as_json: bool) -> int:
    """Queue a job for every slot that has come, and carry them out. Call it every minute or so.

    Any number may be at it at once: no slot starts twice. Exit code 3 when a job did not succeed
    (tests that fail are no failure of their job: see dq results). Jobs that an earlier dispatch
    left behind are carried out too.
    """
    with opened() as quality:
        quality.schedules.recompute()
        report = quality.dispatch()
        jobs = report.jobs
        if is_run:
            jobs = _carried_out(quality, (*jobs, *_left_behind(quality, jobs)))
    write_json(replace(report, jobs=jobs)) if as_json else render.dispatched(report, jobs)
    is_fine = not report.problems and all(
        job.status in (*_OPEN, JobStatus.SUCCEEDED) for job in jobs
    )
    return EXIT_FINE if is_fine else EXIT_COULD_NOT_RUN


def _left_behind(quality: Quality, queued_now: Sequence[Job]) -> list[Job]:
    """Open jobs that nobody is at, such as those of a dispatch that was killed."""
    page = quality.jobs.list(only_open=True, limit=_MOST_LEFT_BEHIND)
    silent_since = quality.context.now() - timedelta(seconds=quality.settings.lease_s)
    if any(job.heartbeat_at is not None and job.heartbeat_at > silent_since for job in page):
        return []  # a launcher is alive, and will come to the others
    known = {job.job_id for job in queued_now}
    return [job for job in page if job.job_id not in known]


def _carried_out(quality: Quality, jobs: Sequence[Job]) -> tuple[Job, ...]:
    """`jobs` once they have ended, whoever carried them out."""
    if not jobs:
        return ()
    launcher = open_launcher(quality.settings)
    launcher.start()
    try:
        waiting = {job.job_id: job for job in jobs}
        while any(job.status in _OPEN for job in waiting.values()):
            time.sleep(_LOOK_EVERY_S)
            for job_id, job in waiting.items():
                if job.status in _OPEN:
                    waiting[job_id] = quality.jobs.show(job_id)
    finally:
        launcher.stop()
    return tuple(waiting.values())


def _given(values: dict[str, Any], target: str | None) -> dict[str, Any]:
    """The fields that were given, with the one target among them."""
    aims = {
        TargetType.TABLE.value: target,
        TargetType.GROUP.value: values.pop("group"),
        TargetType.SUITE.value: values.pop("suite"),
    }
    aimed = [(kind, ref) for kind, ref in aims.items() if ref is not None]
    if len(aimed) > 1:
        raise click.UsageError("give only one of TARGET, --group and --suite")
    fields = {name: value for name, value in values.items() if value is not None}
    for target_type, target_ref in aimed:
        fields |= {"target_type": target_type, "target_ref": target_ref}
    return fields


COMMANDS: Sequence[click.Command] = (schedules, dispatch)
