"""Upkeep of the metadata: maintain and its report, grants."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import click

from dq_databricks.cli import render_upkeep as render
from dq_databricks.cli.options import json_option, opened, progress_bar
from dq_databricks.cli.output import write_json
from dq_databricks.quality.reports import EXIT_COULD_NOT_RUN, EXIT_FINE


@click.group(invoke_without_command=True)
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@json_option
@click.pass_context
def maintain(context: click.Context, dry_run: bool, as_json: bool) -> int:
    """Make today's restore point, purge by retention, compact and vacuum where it is due.

    Safe beside running writers. Exit code 3 when a part of it could not be done.
    """
    if context.invoked_subcommand is not None:
        return EXIT_FINE
    with opened() as quality, progress_bar() as progress:
        report = quality.upkeep.maintain(dry_run=dry_run, progress=progress)
    write_json(report) if as_json else render.maintained(report)
    return EXIT_FINE if report.is_complete else EXIT_COULD_NOT_RUN


@maintain.command("report")
@click.option(
    "--long-run",
    type=click.FloatRange(min=0),
    default=60.0,
    show_default=True,
    help="Minutes after which an open run is marked.",
)
@json_option
def report_sizes(long_run: float, as_json: bool) -> None:
    """Show rows, files, bytes and history of every table, and what runs now."""
    with opened() as quality, progress_bar() as progress:
        report = quality.upkeep.report(long_run=timedelta(minutes=long_run), progress=progress)
    write_json(report) if as_json else render.sizes(report)


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def grants(context: click.Context, as_json: bool) -> None:
    """Who may read and write the metadata: plan (when nothing is said), apply."""
    if context.invoked_subcommand is None:
        _plan(as_json=as_json)


@grants.command("plan")
@json_option
def plan_grants(as_json: bool) -> None:
    """Show the grants that settings declare, with their statements and which are missing."""
    _plan(as_json=as_json)


@grants.command("apply")
@json_option
def apply_grants(as_json: bool) -> None:
    """Carry out the grants that are missing; none is revoked."""
    with opened() as quality:
        report = quality.upkeep.apply_grants()
    write_json(report) if as_json else render.applied_grants(report)


def _plan(*, as_json: bool) -> None:
    with opened() as quality:
        plan = quality.upkeep.plan_grants()
    write_json(plan) if as_json else render.grant_plan(plan)


COMMANDS: Sequence[click.Command] = (maintain, grants)
