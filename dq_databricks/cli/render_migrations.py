"""Migrations in words: what was applied, where things stand, what would be sent and lost."""

from __future__ import annotations

from typing import Any

from dq_databricks.cli.output import marked, safe, stderr_console, write_table
from dq_databricks.cli.render import next_step, say


def migrated(report: Any) -> None:
    """What a migration did."""
    where = f"{safe(report.catalog)}.{safe(report.schema)}"
    if not report.applied:
        say(f"The metadata schema {where} is up to date at version {report.version}.")
        return
    for item in report.applied:
        say(f"[green]✓[/] applied {safe(item)}")
    details = [f"{report.statements_executed} statements"]
    if report.adopted:
        details.append(f"{report.adopted} found done")
    if report.skipped:
        details.append(f"{len(report.skipped)} skipped: this engine does not understand them")
    say(f"The metadata schema {where} is at version {report.version} ({', '.join(details)}).")


def status(report: Any) -> None:
    """Every version with its state."""
    rows = (
        (f"{m.version:04d}", m.name, marked(m.state),
         m.applied_at, m.applied_by, "yes" if m.can_be_undone else "no")
        for m in report.migrations
    )  # fmt: skip
    title = f"Migrations of {safe(report.catalog)}.{safe(report.schema)}"
    write_table(title, ("version", "name", "state", "at", "by", "can be undone"), rows)
    for entry in report.migrations:
        if entry.error_message and entry.state == "failed":
            say(f"[red]✗[/] {entry.version:04d}: {safe(entry.error_message)}")
    told = "none" if report.version is None else report.version
    say(f"Readers are told version {told}; this software works with {report.newest_version}.")
    if report.operation.phase != "open":
        operation = report.operation
        say(f"[yellow]The schema is {operation.phase}[/]: {safe(operation.other)}")
    if report.lock is not None:
        say(f"Locked by {safe(report.lock.holder)} for {safe(report.lock.purpose)}.")
    _advise(report)


def _advise(report: Any) -> None:
    states = {m.state for m in report.migrations}
    if "edited" in states:
        next_step("restore the edited file, or accept the edit: dq migrate repair")
    elif "missing" in states:
        next_step("restore the missing file, or: dq migrate --allow-missing")
    elif "out of order" in states:
        next_step("give the file the next number, or: dq migrate --allow-out-of-order")
    elif states & {"pending", "failed", "rolled back"}:
        next_step("dq migrate plan, then dq migrate")


def plan(planned: Any) -> None:
    """The SQL, file by file, as it would be sent."""
    if not planned.statements:
        say(f"Nothing to do: the schema is at version {planned.from_version}.")
        return
    say(f"From version {planned.from_version} to {planned.to_version}:")
    file = ""
    for statement in planned.statements:
        if statement.file != file:
            file = statement.file
            say(f"\n[bold]-- {safe(file)}[/]")
        if statement.skipped:
            say(f"[dim]-- line {statement.line} {safe(statement.skipped)}[/]")
        else:
            say("\n".join(safe(line) for line in statement.sql.splitlines()) + ";")
    if planned.losses:
        losses(planned, to_stdout=True)


def losses(planned: Any, *, to_stdout: bool = False) -> None:
    """The data a rollback would remove."""
    tell = say if to_stdout else stderr_console().print
    for loss in planned.losses:
        what = f"{loss.rows:,} rows" if loss.column is None else f"{loss.rows:,} values"
        place = loss.table if loss.column is None else f"{loss.table}.{loss.column}"
        tell(f"[red]lost:[/] {what} of {safe(place)} ({safe(loss.why)})")


def rolled_back(report: Any) -> None:
    """What a rollback did."""
    for item in report.rolled_back:
        say(f"[yellow]↩[/] rolled back {safe(item)}")
    say(f"The metadata schema is at version {report.version}.")
    next_step(
        "older software works with it now; with data_quality_auto_manage_tables on, this version "
        "of dq upgrades it again when it is next used"
    )


def repaired(report: Any) -> None:
    """What a repair accepted."""
    for item in report.accepted:
        say(f"[green]✓[/] accepted ddl/{safe(item)}.sql as it is now")
    if report.version_was != report.version:
        say(f"schema_version was {report.version_was}, the ledger says {report.version}: stored.")
    elif not report.accepted:
        say("Nothing to repair.")


def adopted(report: Any) -> None:
    """The drift that is accepted now."""
    for item in report.adopted:
        say(f"[green]✓[/] accepted {safe(item.object)}: {safe(item.kind)}")
    if not report.adopted:
        say("There is no drift to accept.")


def baseline(report: Any) -> None:
    """The versions that count as applied."""
    for item in report.recorded:
        say(f"[green]=[/] {safe(item)} counts as applied")
    for item in report.differences:
        say(f"[yellow]differs[/] {safe(item.object)}: {safe(item.kind)}")
    say(f"The metadata schema is at version {report.version}.")
