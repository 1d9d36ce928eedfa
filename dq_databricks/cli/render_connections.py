"""Connections in words and tables for people."""

from __future__ import annotations

from collections.abc import Sequence

from dq_databricks.cli.output import marked, safe, stdout_console, write_table
from dq_databricks.cli.render import next_step, say
from dq_databricks.model.catalog import Connection
from dq_databricks.quality import Page
from dq_databricks.quality.activation import ActivationReport
from dq_databricks.quality.sources import Discovery, FederationPlan, SourceType


def connections(page: Page[Connection]) -> None:
    """A page of connections."""
    if not page.items:
        say("No connections: dq connections add NAME --catalog C --schema S")
        return
    rows = (
        (item.name, marked(item.status), item.connection_type, item.catalog, item.schema_name,
         item.is_active, item.version, item.connection_id)
        for item in page.items
    )  # fmt: skip
    headers = (
        "connection", "status", "type", "catalog", "schema", "active", "version", "connection_id",
    )  # fmt: skip
    write_table("Connections", headers, rows, numeric="version")
    if page.next_cursor:
        next_step(f"the following rows: --cursor {safe(page.next_cursor)}")


def tried(connection: Connection) -> None:
    """How a connection fared."""
    say(f"{marked(connection.status).markup}  {safe(connection.name)}")
    if connection.last_error is not None:
        say(safe(connection.last_error))


def types(found: Sequence[SourceType]) -> None:
    """The types of connections and what their tables can be asked."""
    rows = (
        (one.name, one.title, one.supports_history, one.supports_statistics,
         ", ".join(option.name for option in one.options) or "none")
        for one in found
    )  # fmt: skip
    write_table("Types", ("type", "source", "history", "statistics", "options"), rows)


def type_options(found: SourceType) -> None:
    """The options of one type."""
    rows = (
        (one.name, one.place, one.is_required, one.default,
         one.help + ("" if one.is_verified else " UNVERIFIED: try its name first."))
        for one in found.options
    )  # fmt: skip
    headers = ("option", "of", "required", "default", "what it is")
    write_table(f"Options of {found.title}", headers, rows)
    for note in found.notes:
        say(safe(note))


def discovery(found: Discovery) -> None:
    """What stands below a connection."""
    parts = (found.catalog, found.schema_name, found.table_name)
    place = ".".join(part for part in parts if part is not None)
    if found.columns:
        columns = ((one.name, one.data_type, one.nullable) for one in found.columns)
        write_table(f"{place}: {found.total:,} columns", ("column", "type", "nullable"), columns)
        return
    what = "schemas" if found.schema_name is None else "tables"
    kinds = found.types or (None,) * len(found.names)
    rows = zip(found.names, kinds, strict=True)
    write_table(f"{place}: {found.total:,} {what}", (what.removesuffix("s"), "type"), rows)


def federation(plan: FederationPlan, *, is_applied: bool) -> None:
    """The statements of a plan, ready to be run, with what they need as comments."""
    console = stdout_console()
    for step in plan.steps:
        needs = "; ".join(step.needs)
        text = f"-- {step.does}. Needs: {needs}\n{step.statement};\n"
        console.print(text, markup=False, soft_wrap=True)
    for name in plan.unverified:
        say(f"-- UNVERIFIED: the name of option {name} has not been tried on a workspace")
    for note in plan.notes:
        say(f"-- {safe(note)}")
    if is_applied:
        say(f"-- carried out: {len(plan.steps)} statements")
        next_step(f"dq connections activate {safe(plan.name)}")
    else:
        say(f"-- Whoever profiles and tests needs: {safe('; '.join(plan.readers_need))}")


def activated(report: ActivationReport) -> None:
    """What an activation made."""
    say(f"{marked(report.connection.status).markup}  {safe(report.connection.name)}")
    say(f"Made: {safe(', '.join(report.made))}" if report.made else "All of it was there already.")
    say(f"{report.tables:,} tables; group {safe(report.group.name)}")
    say(f"First profile: {marked(report.job.status).markup} job {report.job.job_id}")
    if report.schedule is not None:
        say(f"Profiled again: {safe(report.schedule.cron)} {safe(report.schedule.timezone)}")
    next_step(f"dq jobs show {report.job.job_id}")
