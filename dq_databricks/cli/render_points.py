"""Restore points and restores, in words and tables for people."""

from __future__ import annotations

from collections.abc import Sequence

from dq_databricks.cli.output import safe, stderr_console, write_table
from dq_databricks.cli.render import next_step, say
from dq_databricks.model.life import RestorePoint
from dq_databricks.quality import Page
from dq_databricks.quality.points import PointStatus, RestorePlan, RestoreReport, TableStep

_UNKNOWN = "–"


def made(point: RestorePoint) -> None:
    """A restore point that was just made."""
    say(
        f"Restore point [bold]{safe(point.name)}[/]: {point.table_count} tables, "
        f"{_rows(point.row_count)}, schema version {point.schema_version}, {_kept(point)}"
    )
    if not point.is_consistent:
        say("[yellow]! writers kept moving the tables meanwhile: they may not fit together[/]")
    next_step(f"dq restore {safe(point.name)} --plan shows the way back")


def points(page: Page[PointStatus]) -> None:
    """A page of restore points, newest first."""
    if not page.items:
        say("No restore points. Make one: dq backup")
        return
    rows = (
        (p.name, p.reason, p.created_at, p.expires_at, p.schema_version, p.table_count,
         p.row_count, p.is_reachable, p.why_not or p.warnings)
        for p in page.items
    )  # fmt: skip
    headers = ("name", "reason", "made", "expires", "schema", "tables", "rows", "reachable", "note")
    write_table("Restore points", headers, rows, numeric="schema tables rows")
    if page.next_cursor:
        next_step(f"the following rows: --cursor {safe(page.next_cursor)}")


def point(item: PointStatus) -> None:
    """One restore point."""
    say(f"[bold]{safe(item.name)}[/]  {safe(item.point_id)}")
    facts = {
        "reason": item.reason,
        "made": f"{item.created_at:%Y-%m-%d %H:%M:%S} UTC by {item.created_by}",
        "kept": _kept(item),
        "schema": f"version {item.schema_version}, {item.table_count} tables",
        "rows": _rows(item.row_count),
        "consistent": "yes" if item.is_consistent else "no: writers moved the tables meanwhile",
        "reachable": "yes" if item.is_reachable else f"no: {item.why_not}",
        "warning": item.warnings or _UNKNOWN,
    }
    for name, value in facts.items():
        say(f"  [dim]{name:<10}[/] {safe(value)}")
    next_step(f"dq restore {safe(item.name)} --plan")


def removed(item: RestorePoint) -> None:
    """A restore point that was just removed."""
    say(f"Removed restore point {safe(item.name)}. The tables keep their versions.")


def plan(item: RestorePlan) -> None:
    """What a restore would do."""
    rows = (
        (step.table, step.action, step.from_version, step.to_version, step.rows_now,
         step.rows_then, step.rows_lost, step.why_not)
        for step in item.tables
    )  # fmt: skip
    headers = ("table", "what", "now", "then", "rows now", "rows then", "lost", "cannot")
    write_table(f"Restore to {item.point.name}", headers, rows, numeric="now then lost")
    for line in _plan_lines(item):
        say(safe(line))


def asked(item: RestorePlan) -> None:
    """What a restore would do, in a few lines on stderr, before it is confirmed."""
    console = stderr_console()
    for line in _plan_lines(item):
        console.print(safe(line))


def restored(report: RestoreReport) -> None:
    """What a restore did."""
    what = "Finished the restore of" if report.is_resumed else "Restored"
    say(
        f"{what} of {safe(report.catalog)}.{safe(report.schema)} to "
        f"[bold]{safe(report.point.name)}[/]: {len(report.tables)} tables, schema version "
        f"{report.schema_version}"
    )
    for line in _version_lines(report.rolled_back, report.applied, past=True):
        say(safe(line))
    next_step(f"dq restore {safe(report.safety_point.name)} undoes it")


def _plan_lines(item: RestorePlan) -> list[str]:
    if not item.is_reachable:
        return [f"cannot be restored: {why}" for why in item.why_not]
    changed = [step for step in item.tables if step.action != "keep"]
    emptied = [step.table for step in changed if step.action == "empty"]
    lines = [
        f"Restoring to {item.point.name} takes {len(changed)} of {len(item.tables)} tables back; "
        f"{_lost(changed)}"
    ]
    if emptied:
        lines.append(f"Younger than the point, so emptied: {', '.join(emptied)}")
    lines += _version_lines(item.rolled_back, item.applied, past=False)
    return lines


def _lost(steps: Sequence[TableStep]) -> str:
    known = [step.rows_lost for step in steps if step.rows_lost is not None]
    text = f"{sum(known):,} rows written since are lost, and every edit made since"
    return text if len(known) == len(steps) else f"at least {text}"


def _version_lines(rolled_back: Sequence[int], applied: Sequence[int], *, past: bool) -> list[str]:
    lines = []
    if rolled_back:
        verb = "Rolled" if past else "Rolls"
        lines.append(
            f"{verb} back schema versions {_listed(rolled_back)}; dq migrate applies them again"
        )
    if applied:
        lines.append(f"Schema versions {_listed(applied)} stand again")
    return lines


def _listed(versions: Sequence[int]) -> str:
    return ", ".join(map(str, sorted(versions)))


def _rows(count: int | None) -> str:
    return "rows not counted" if count is None else f"{count:,} rows"


def _kept(point: RestorePoint) -> str:
    if point.expires_at is None:
        return "kept until it is removed"
    return f"kept until {point.expires_at:%Y-%m-%d %H:%M} UTC"
