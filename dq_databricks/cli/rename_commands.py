"""Another name for the metadata schema: rename."""

from __future__ import annotations

from collections.abc import Sequence

import click

from dq_databricks.cli import render_rename
from dq_databricks.cli.options import confirm, json_option, opened, progress_bar
from dq_databricks.cli.output import write_json
from dq_databricks.quality.moves import RenameFace


@click.command("rename")
@click.argument("new", required=False)
@click.option("--drop-old", is_flag=True, help="Drop the schema that was renamed.")
@click.option("--abandon", is_flag=True, help="Give up a renaming that was begun.")
@click.option("--status", is_flag=True, help="Only show where a renaming stands.")
@click.option("--yes", is_flag=True, help="Do not ask before the old schema is dropped.")
@json_option
def rename_schema(
    new: str | None, drop_old: bool, abandon: bool, status: bool, yes: bool, as_json: bool
) -> None:
    """Give the metadata schema the name NEW: copy, compare, switch over; keep the old one.

    Writers wait meanwhile. Killed at any step, `dq rename` finishes it.
    """
    if (new is not None) + drop_old + abandon + status > 1:
        raise click.UsageError("say one thing: NEW, --drop-old, --abandon or --status")
    with opened() as quality:
        face = quality.renaming
        if drop_old:
            _drop_old(face, yes=yes, as_json=as_json)
        elif abandon:
            given_up = face.abandon()
            write_json(given_up) if as_json else render_rename.abandoned(given_up)
        elif status:
            found = face.status()
            write_json(found) if as_json else render_rename.status(found)
        else:
            _rename(face, new, as_json=as_json)


def _rename(face: RenameFace, new: str | None, *, as_json: bool) -> None:
    with progress_bar() as progress:
        report = face.rename(new, progress=progress)
    write_json(report) if as_json else render_rename.renamed(report)


def _drop_old(face: RenameFace, *, yes: bool, as_json: bool) -> None:
    if kept := face.kept():
        confirm(f"Drop {', '.join(kept)} with all tables and restore points in it?", yes=yes)
    with progress_bar() as progress:
        report = face.drop_old(progress=progress)
    write_json(report) if as_json else render_rename.dropped(report)


COMMANDS: Sequence[click.Command] = (rename_schema,)
