"""Migrations of the metadata schema: apply, status, plan, rollback, repair, baseline."""

from __future__ import annotations

from collections.abc import Sequence

import click

from dq_databricks.cli import render_migrations as render
from dq_databricks.cli.options import confirm, json_option, opened, progress_bar
from dq_databricks.cli.output import write_json

_TO = click.option("--to", type=click.IntRange(0), help="The version to reach.")
_MISSING = click.option(
    "--allow-missing", is_flag=True, help="Go on though an applied file is missing."
)
_OUT_OF_ORDER = click.option(
    "--allow-out-of-order", is_flag=True, help="Apply a file below the applied version."
)
_YES = click.option("--yes", is_flag=True, help="Do not ask before data is lost.")


@click.group(invoke_without_command=True)
@_TO
@_MISSING
@_OUT_OF_ORDER
@click.option("--no-backup", is_flag=True, help="Make no restore point before rows are touched.")
@json_option
@click.pass_context
def migrate(
    context: click.Context,
    to: int | None,
    allow_missing: bool,
    allow_out_of_order: bool,
    no_backup: bool,
    as_json: bool,
) -> None:
    """Create or upgrade the metadata tables; running it again changes nothing.

    Several at once are safe: one holds the lock, the others wait and find the work done.
    """
    if context.invoked_subcommand is not None:
        return
    with opened() as quality, progress_bar() as progress:
        report = quality.schema.migrate(
            to,
            allow_missing=allow_missing,
            allow_out_of_order=allow_out_of_order,
            backup=not no_backup,
            progress=progress,
        )
    write_json(report) if as_json else render.migrated(report)


@migrate.command()
@json_option
def status(as_json: bool) -> None:
    """Show where every migration stands, the lock, and what is being done to the schema."""
    with opened() as quality:
        report = quality.schema.status()
    write_json(report) if as_json else render.status(report)


@migrate.command()
@_TO
@click.option("--rollback", "down", is_flag=True, help="Plan a rollback instead, and its losses.")
@_MISSING
@_OUT_OF_ORDER
@json_option
def plan(
    to: int | None, down: bool, allow_missing: bool, allow_out_of_order: bool, as_json: bool
) -> None:
    """Print the exact SQL for this engine, and what data a rollback would lose; runs nothing."""
    with opened() as quality:
        planned = (
            quality.schema.plan_rollback(to)
            if down
            else quality.schema.plan(
                to, allow_missing=allow_missing, allow_out_of_order=allow_out_of_order
            )
        )
    write_json(planned) if as_json else render.plan(planned)


@migrate.command()
@_TO
@_YES
@json_option
def rollback(to: int | None, yes: bool, as_json: bool) -> None:
    """Undo the last migration, or all above --to; asks first when data would be lost."""
    with opened() as quality:
        planned = quality.schema.plan_rollback(to)
        if planned.loses_data:
            render.losses(planned)
            confirm("Roll back and lose this data?", yes=yes)
        report = quality.schema.rollback(to)
    write_json(report) if as_json else render.rolled_back(report)


@migrate.command()
@click.option("--adopt", is_flag=True, help="Accept the drift that verify lists.")
@json_option
def repair(adopt: bool, as_json: bool) -> None:
    """Accept edited migration files (changes no table), or with --adopt the present drift."""
    with opened() as quality:
        if adopt:
            adopted = quality.drift.adopt()
            write_json(adopted) if as_json else render.adopted(adopted)
            return
        report = quality.schema.repair()
    write_json(report) if as_json else render.repaired(report)


@migrate.command()
@click.argument("version", type=click.IntRange(1))
@json_option
def baseline(version: int, as_json: bool) -> None:
    """Take over tables made by other hands: versions up to VERSION count as applied."""
    with opened() as quality:
        report = quality.schema.baseline(version)
    write_json(report) if as_json else render.baseline(report)


COMMANDS: Sequence[click.Command] = (migrate,)
