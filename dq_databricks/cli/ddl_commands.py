"""Migration files: new, lint, seal. They touch files only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from dq_databricks.cli import render_ddl
from dq_databricks.cli.options import RootGroup, json_option
from dq_databricks.cli.output import write_json
from dq_databricks.quality.ddl import MigrationFiles
from dq_databricks.quality.reports import EXIT_FINE, EXIT_TESTS_FAILED

F = TypeVar("F", bound=Callable[..., Any])


def _folder_option(function: F) -> F:
    return click.option(
        "--folder",
        type=click.Path(path_type=Path),
        default=Path("ddl"),
        show_default=True,
        help="Folder of the migration files.",
    )(function)


@click.group(cls=RootGroup)
def ddl() -> None:
    """Migration files for their authors: new, lint, seal."""


@ddl.command("new")
@click.argument("name", nargs=-1, required=True)
@_folder_option
@json_option
def new(name: tuple[str, ...], folder: Path, as_json: bool) -> None:
    """Start the next migration: NAME says what it does, as in "add owner to tests"."""
    made = MigrationFiles(folder).new(" ".join(name))
    write_json(made) if as_json else render_ddl.new_migration(made)


@ddl.command("seal")
@click.option("--force", is_flag=True, help="Seal files that changed or vanished, too.")
@_folder_option
@json_option
def seal(force: bool, folder: Path, as_json: bool) -> None:
    """Write ddl.sum, which holds a checksum of every file; refuses what changed since."""
    report = MigrationFiles(folder).seal(force=force)
    write_json(report) if as_json else render_ddl.sealed(report)


@ddl.command("lint")
@_folder_option
@json_option
def lint(folder: Path, as_json: bool) -> int:
    """Look through the files; exit code 1 when something is wrong with them."""
    findings = MigrationFiles(folder).lint()
    write_json({"findings": findings}) if as_json else render_ddl.findings(folder, findings)
    return EXIT_TESTS_FAILED if findings else EXIT_FINE


COMMANDS: Sequence[click.Command] = (ddl,)
