"""What was done to migration files, and what is wrong with them, in words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dq_databricks.cli.output import safe, stdout_console
from dq_databricks.cli.render import next_step, say
from dq_databricks.quality.ddl import Finding, NewMigration, SealReport


def new_migration(made: NewMigration) -> None:
    """The two files to write."""
    say(f"[green]✓[/] {safe(made.up)}")
    say(f"[green]✓[/] {safe(made.rollback)}")
    next_step("write the statements, then dq ddl lint and dq ddl seal")


def sealed(report: SealReport) -> None:
    """What became of the lines of the seal."""
    for sign, names in (("+", report.added), ("~", report.changed), ("-", report.removed)):
        for name in names:
            say(f"{sign} {safe(name)}")
    say(f"{report.sealed} files are sealed." + ("" if _changed(report) else " Nothing changed."))


def findings(folder: Path, found: Sequence[Finding]) -> None:
    """One line each, as compilers write them, so that editors can jump there."""
    for one in found:
        line = f"{folder / one.file}:{one.line}: {one.rule}: {one.message}"
        stdout_console().print(safe(line), soft_wrap=True)
    if not found:
        say("The migration files are in order.")


def _changed(report: SealReport) -> bool:
    return bool(report.added or report.changed or report.removed)
