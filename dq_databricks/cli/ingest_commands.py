"""The hook of a pipeline, and events for whoever is to be told: ingest-complete, notify."""

from __future__ import annotations

import json
from collections.abc import Sequence

import click

from dq_databricks.cli.options import json_option, opened
from dq_databricks.cli.output import safe, write_json
from dq_databricks.cli.render import say
from dq_databricks.launching.ingestion import validate_load
from dq_databricks.model.jsonable import jsonable


@click.command("ingest-complete")
@click.argument("target")
@click.option(
    "--gate", is_flag=True, help="Exit code 1 when a test of severity error or fatal fails."
)
@click.option(
    "--wait/--no-wait",
    "waits",
    default=True,
    show_default=True,
    help="Run the tests now, or only queue them for a worker. A gate always waits.",
)
@click.option("--key", help="Name of the load: told of again with it, it is tested once.")
@json_option
def ingest_complete(target: str, gate: bool, waits: bool, key: str | None, as_json: bool) -> int:
    """Tell that data was loaded into TARGET: watch it, and run its tests.

    A TARGET that is new is put under watch. One without active tests is profiled instead. Exit
    code 3 when it could not be read or tested.
    """
    with opened() as quality:
        validation = validate_load(quality, target, key=key, is_gate=gate, waits=waits)
    write_json(validation.to_json()) if as_json else say(safe(validation.line))
    return validation.exit_code


@click.command()
@click.option("--dry-run", is_flag=True, help="Print them, and do not remember that.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=1000, show_default=True)
def notify(dry_run: bool, limit: int) -> None:
    """Print events that nobody was told of yet, one line of JSON each, oldest first.

    Events are incidents that opened, reopened, grew graver or were resolved, and runs that failed.
    """
    with opened() as quality:
        notices = quality.notices
        events = notices.pending(limit=limit) if dry_run else notices.take(limit=limit)
    for event in events:
        click.echo(json.dumps(jsonable(event), ensure_ascii=False))


COMMANDS: Sequence[click.Command] = (ingest_complete, notify)
