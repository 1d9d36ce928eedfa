"""Upkeep in words and tables: what was done, how big things are, who may do what."""

from __future__ import annotations

from collections.abc import Iterator

from dq_databricks.cli.output import Marked, safe, write_table
from dq_databricks.cli.render import next_step, say
from dq_databricks.quality.upkeep import GrantPlan, GrantReport, MaintainReport, SizeReport

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")
_STATES = {"granted": "[green]✓ granted[/]", "missing": "[yellow]! missing[/]"}


def maintained(report: MaintainReport) -> None:
    """What the upkeep did, or would do."""
    for sentence in _done(report):
        say(sentence)
    touched = [table for table in report.tables if table.statements and not table.error]
    rows = (
        (table.table, table.files, table.files_after, statement)
        for table in touched
        for statement in table.statements
    )
    if touched:
        title = "Would be carried out" if report.is_dry_run else "Carried out"
        write_table(title, ("table", "files", "after", "statement"), rows, numeric="files after")
    for table in report.tables:
        if table.error:
            say(f"[red]✗[/] {safe(table.table)}: {safe(table.error)}")
    for problem in report.problems:
        say(f"[red]✗[/] {safe(problem)}")


def _done(report: MaintainReport) -> Iterator[str]:
    would = "would be " if report.is_dry_run else ""
    if report.daily_point:
        yield f"[green]✓[/] restore point {safe(report.daily_point)} made"
    for name in report.expired_points:
        yield f"[green]✓[/] restore point {safe(name)} {would}expired"
    if report.purge.before is None:
        yield "DQ_RETENTION_DAYS is 0, so results are kept for ever."
    else:
        since = f"{report.purge.before:%Y-%m-%d %H:%M:%S} UTC"
        yield (
            f"Purged: runs, profiles, jobs, closed alerts and incidents of before {since} "
            f"({report.purge.retention_days} days) that nothing needs any more."
        )
    for purged in report.purge.tables:
        count = purged.due if purged.removed is None else purged.removed
        if count:
            yield f"[green]✓[/] {safe(purged.table)}: {count:,} rows {would}removed"
    if not any(table.statements for table in report.tables):
        yield f"{len(report.tables)} tables: none needs compaction or vacuum."


def sizes(report: SizeReport) -> None:
    """The tables, biggest first, and what runs now."""
    if not report.tables:
        say(f"{safe(report.schema)} has no metadata tables yet: dq migrate")
        return
    rows = (
        (
            table.table,
            table.rows,
            table.files,
            _share(table.budget_share),
            _bytes(table.size_bytes),
            _bytes(table.unreferenced_bytes),
            table.versions,
            table.oldest_at,
            table.newest_at,
            table.commits_last_day,
        )
        for table in report.tables
    )
    headers = (
        "table", "rows", "files", "of budget", "size", "not live", "versions", "oldest", "newest",
        "commits in 24 h",
    )  # fmt: skip
    numeric = "rows files versions size"
    write_table(f"Tables of {safe(report.schema)}", headers, rows, numeric=numeric)
    spare = _bytes(report.unreferenced_bytes) or "unknown"
    say(
        f"{report.table_count} tables, {report.rows:,} rows, {report.files:,} files, "
        f"{_bytes(report.size_bytes)} live, {spare} not live"
    )
    for table in report.tables:
        if table.error:
            say(f"[red]✗[/] {safe(table.table)}: {safe(table.error)}")
    _running(report)
    if report.over_budget:
        next_step(f"dq maintain compacts {safe(', '.join(report.over_budget))}")


def _running(report: SizeReport) -> None:
    operation, lock = report.operation, report.lock
    if operation.phase != "open":
        say(
            f"[yellow]The schema is {operation.phase}[/] ({safe(operation.other)}) since "
            f"{safe(operation.since)}, by {safe(operation.by)}."
        )
    if lock is not None:
        ended = " (ran out)" if lock.is_expired else ""
        say(
            f"Locked by {safe(lock.holder)} for {safe(lock.purpose)} since "
            f"{lock.acquired_at:%Y-%m-%d %H:%M:%S} UTC{ended}."
        )
    if not report.open_runs:
        say("No run is open.")
        return
    rows = (
        (run.kind, run.run_id, run.status, run.started_at, _age(run.age_s, is_long=run.is_long))
        for run in report.open_runs
    )
    write_table("Open runs", ("kind", "run_id", "status", "started", "age"), rows)


def grant_plan(plan: GrantPlan) -> None:
    """Declared grants and whether they are there."""
    if not plan.grants:
        say("No grants are declared: set DQ_READERS (roles that read) and DQ_WRITER.")
    rows = ((_state(grant.state), grant.statement, grant.through) for grant in plan.grants)
    if plan.grants:
        title = f"Grants on {safe(plan.schema)}"
        write_table(title, ("state", "statement", "given through"), rows)
    if not plan.is_supported:
        say(f"The {safe(plan.engine)} engine has no grants: nothing is granted or checked here.")
    for extra in plan.extra:
        say(f"[dim]not declared, left as it is:[/] {safe(extra.privilege)} {safe(extra.principal)}")
    if plan.missing:
        next_step("dq grants apply")


def applied_grants(report: GrantReport) -> None:
    """The grants that were carried out."""
    for statement in report.applied:
        say(f"[green]✓[/] {safe(statement)}")
    if not report.plan.is_supported:
        say(f"The {safe(report.plan.engine)} engine has no grants: nothing was done.")
    elif not report.applied:
        say("Every declared grant was there already.")
    for grant in report.plan.missing:
        say(f"[yellow]![/] still missing: {safe(grant.statement)}")


def _state(state: str) -> Marked:
    return Marked(_STATES.get(state, f"[dim]– {state}[/]"))


def _share(share: float | None) -> str | None:
    return None if share is None else f"{share:.0%}"


def _age(seconds: float, *, is_long: bool) -> Marked:
    text = f"{seconds:,.0f} s" if seconds < 120 else f"{seconds / 60:,.0f} min"
    return Marked(f"[yellow]! {text}[/]" if is_long else text)


def _bytes(count: int | None) -> str | None:
    if count is None:
        return None
    size, unit = float(count), 0
    while size >= 1024 and unit < len(_UNITS) - 1:
        size, unit = size / 1024, unit + 1
    return f"{size:,.0f} {_UNITS[unit]}" if unit == 0 else f"{size:,.1f} {_UNITS[unit]}"
