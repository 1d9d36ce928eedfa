"""Renaming, in words and tables for people."""

from __future__ import annotations

from dq_databricks.cli.output import safe, write_table
from dq_databricks.cli.render import next_step, say
from dq_databricks.quality.moves import AbandonReport, DropReport, RenameReport, RenameStatus


def renamed(report: RenameReport) -> None:
    """What a renaming did, and what to do now."""
    names = f"{safe(report.source)} → [bold]{safe(report.target)}[/]"
    if report.was_done:
        say(f"{names}: it was renamed before; nothing was done")
    else:
        headers = ("table", "rows", "checksum", "compared by presence only")
        rows = [
            (table.name, table.row_count, table.checksum, ", ".join(table.presence_only) or None)
            for table in report.tables
        ]
        write_table("Copied and compared twice", headers, rows, numeric="rows")
        what = "finished renaming" if report.resumed else "renamed"
        say(f"{names}: {what}, {len(report.tables)} tables, {report.row_count:,} rows")
    for name in report.left_behind:
        say(f"[yellow]! {safe(name)} is a view or no Delta table: it stays in the old schema[/]")
    for item in report.differences:
        wanted, found = safe(item.expected or "none"), safe(item.found or "none")
        say(f"[yellow]! {safe(item.object)}: {item.kind}: {wanted} is now {found}[/]")
    next_step(f"set DQ_SCHEMA={safe(report.target)}")
    next_step(f"dq rename --drop-old drops {safe(report.source)}, which is kept until then")


def abandoned(report: AbandonReport) -> None:
    """What giving up a renaming did."""
    say(f"{safe(report.source)} is open again; it was not renamed to {safe(report.target)}")
    if report.kept_target:
        say(
            f"{safe(report.target)} keeps what had been copied: a later renaming to it goes on "
            f"from there, or drop it: DROP SCHEMA {safe(report.target)} CASCADE"
        )


def dropped(report: DropReport) -> None:
    """What became of the old schemas."""
    if not report.dropped:
        say(f"Nothing to drop: no old schema of {safe(report.schema)} is left")
    for schema in report.dropped:
        for late in schema.late:
            say(
                f"{safe(schema.schema)}.{safe(late.table)}: {late.added:,} rows that came late "
                f"were brought over; {late.edited:,} late edits were not"
            )
        say(f"Dropped {safe(schema.schema)} with {len(schema.tables)} tables")


def status(item: RenameStatus) -> None:
    """Where a renaming stands."""
    words = {
        "renaming": f"is being renamed to {item.other}",
        "arriving": f"is the unfinished target of the renaming of {item.other}",
        "moved": f"was renamed to {item.other}",
        "restoring": f"is being restored to {item.other}",
    }
    what = words.get(item.phase, "is open")
    since = f" (since {item.since}, by {item.by})" if item.since and item.phase != "open" else ""
    say(safe(f"{item.catalog}.{item.schema} {what}{since}"))
    if item.old_schema is not None:
        say(f"Its old schema {safe(item.old_schema)} is kept")
        next_step("dq rename --drop-old")
    if item.phase == "renaming":
        next_step("dq rename finishes it, dq rename --abandon gives it up")
