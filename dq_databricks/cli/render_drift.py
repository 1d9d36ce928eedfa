"""Drift in words: what differs, what was expected and what was found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dq_databricks.cli.output import safe, write_table
from dq_databricks.cli.render import next_step, say


def verified(report: Any) -> None:
    """Whether the schema is what its migrations made of it, object by object."""
    where = f"{safe(report.catalog)}.{safe(report.schema)}"
    if report.drift:
        _differences(f"Drift of {where} at version {report.version}", report.drift)
    elif report.adopted:
        say(f"[green]✓[/] {where} is at version {report.version}, but for drift that was accepted.")
    else:
        say(f"[green]✓[/] {where} is what version {report.version} makes of it.")
    if report.adopted:
        _differences("Accepted before", report.adopted)
    _named("Objects of migrations that are not applied", report.left_over)
    _named("Extra objects, of other hands", report.foreign)
    if report.unfinished:
        say(f"[red]✗[/] {safe(', '.join(report.unfinished))} failed; what it did shows as drift.")
        next_step("dq migrate resumes it")
    elif report.drift:
        next_step("undo these changes by hand, or accept them: dq migrate repair --adopt")


def _differences(title: str, items: Sequence[Any]) -> None:
    rows = ((item.object, item.kind, item.expected, item.found) for item in items)
    write_table(title, ("object", "what differs", "expected", "found"), rows)


def _named(title: str, names: Sequence[str]) -> None:
    if names:
        say(f"{title} (left alone): {safe(', '.join(names))}")
