"""Restore points and restores: backup, restore."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime

import click

from dq_databricks.cli import render_points
from dq_databricks.cli.options import confirm, json_option, opened, page_options, progress_bar
from dq_databricks.cli.output import write_json
from dq_databricks.cli.render import page_document
from dq_databricks.quality.points import RestorePlan


def moment(text: str) -> datetime:
    """The time that an ISO 8601 text says, in UTC; without a zone it is UTC."""
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError as error:
        hint = f"{text!r}: write a time such as 2026-11-21T05:30:00Z"
        raise click.BadParameter(hint) from error
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


@click.group(invoke_without_command=True)
@click.option("--name", help="Name of the point. [default: such as 2026-11-21T05:30Z-manual]")
@click.option(
    "--keep-days",
    type=click.IntRange(1, 36_500),
    help="Days to keep it. [default: until it is removed]",
)
@json_option
@click.pass_context
def backup(context: click.Context, name: str | None, keep_days: int | None, as_json: bool) -> None:
    """Make a restore point: the version of every table under one name; copies nothing.

    `dq backup list`, `show` and `remove` work on the points there are.
    """
    if context.invoked_subcommand is not None:
        if name is not None or keep_days is not None or as_json:
            raise click.UsageError(
                f"write options of `dq backup {context.invoked_subcommand}` behind its name"
            )
        return
    with opened() as quality:
        point = quality.points.backup(name, keep_days=keep_days)
    write_json(point) if as_json else render_points.made(point)


@backup.command("list")
@page_options
@json_option
def list_points(limit: int, cursor: str | None, as_json: bool) -> None:
    """List restore points, newest first: can they be reached, and what endangers them."""
    with opened() as quality:
        page = quality.points.points(limit=limit, cursor=cursor)
    write_json(page_document(page)) if as_json else render_points.points(page)


@backup.command("show")
@click.argument("point")
@json_option
def show_point(point: str, as_json: bool) -> None:
    """Show one restore point, and open every file it needs."""
    with opened() as quality:
        found = quality.points.show(point)
    write_json(found) if as_json else render_points.point(found)


@backup.command("remove")
@click.argument("point")
@json_option
def remove_point(point: str, as_json: bool) -> None:
    """Remove a restore point; the tables keep their versions."""
    with opened() as quality:
        found = quality.points.remove(point)
    write_json(found) if as_json else render_points.removed(found)


@click.command()
@click.argument("point", required=False)
@click.option(
    "--at",
    type=moment,
    metavar="TIMESTAMP",
    help="Restore to this time instead; UTC unless it says so.",
)
@click.option("--plan", "plan_only", is_flag=True, help="Only show what would be done and lost.")
@click.option("--resume", is_flag=True, help="Finish the restore that was begun.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def restore(
    point: str | None,
    at: datetime | None,
    plan_only: bool,
    resume: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Bring the whole schema back to POINT (name or id), or to a time.

    Everything needed is checked before anything changes, and a point that undoes the restore is
    made first. Killed at any step, the same command finishes it.
    """
    _check_request(point, at, plan_only=plan_only, resume=resume)
    if plan_only:
        with opened() as quality:
            plan = quality.points.plan_restore(point, at=at)
        write_json(_document(plan)) if as_json else render_points.plan(plan)
        return
    with opened() as quality, progress_bar() as progress:
        if not yes and sys.stdin.isatty() and not resume:
            render_points.asked(quality.points.plan_restore(point, at=at))
        confirm("Restore, and lose what was written since?", yes=yes)
        report = quality.points.restore(point, at=at, resume=resume, progress=progress)
    write_json(report) if as_json else render_points.restored(report)


def _check_request(
    point: str | None, at: datetime | None, *, plan_only: bool, resume: bool
) -> None:
    if (point is not None) + (at is not None) + resume != 1:
        raise click.UsageError("say where to go back to: POINT, --at TIMESTAMP or --resume")
    if plan_only and resume:
        raise click.UsageError("--plan shows the way to a POINT or --at TIMESTAMP")


def _document(plan: RestorePlan) -> dict[str, object]:
    return {
        "point": plan.point,
        "is_reachable": plan.is_reachable,
        "why_not": plan.why_not,
        "schema_version_now": plan.schema_version_now,
        "schema_version_then": plan.point.schema_version,
        "rolled_back": plan.rolled_back,
        "applied": plan.applied,
        "tables": plan.tables,
    }


COMMANDS: Sequence[click.Command] = (backup, restore)
