"""Schedules in words and tables for people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from dq_databricks.cli.output import marked, safe, write_table
from dq_databricks.cli.render import next_step, record, say
from dq_databricks.model.work import Job, Schedule
from dq_databricks.quality import Page
from dq_databricks.quality.schedules import DispatchReport


def schedules(page: Page[Schedule]) -> None:
    """A page of schedules."""
    if not page.items:
        say("No schedules. Add one: dq schedules add NAME TARGET --cron '30 6 * * *'")
        return
    rows = (
        (item.name, item.kind, item.cron, item.timezone, item.is_enabled, item.next_run_at,
         item.missed_count, item.schedule_id)
        for item in page.items
    )  # fmt: skip
    headers = ("schedule", "does", "cron", "zone", "enabled", "next", "missed", "schedule_id")
    write_table("Schedules", headers, rows, numeric="missed")
    if page.next_cursor:
        next_step(f"the following rows: --cursor {safe(page.next_cursor)}")


def schedule(item: Schedule) -> None:
    """One schedule, field by field."""
    record(item)


def preview(slots: Sequence[datetime], timezone: str) -> None:
    """When a schedule fires next, by the clock of its zone and in UTC."""
    zone = ZoneInfo(timezone)
    rows = ((f"{slot.astimezone(zone):%a %Y-%m-%d %H:%M %z}", slot) for slot in slots)
    write_table("Fires next", (timezone, "UTC"), rows)


def dispatched(report: DispatchReport, jobs: Sequence[Job]) -> None:
    """One round of dispatch; `jobs` as they stand now."""
    say(
        f"{len(jobs)} jobs queued, {report.missed} slots missed or skipped, "
        f"{report.waiting} schedules wait for their last job"
    )
    for problem in report.problems:
        say(f"[red]✗[/] {safe(problem)}")
    if jobs:
        rows = (
            (marked(job.status), job.title, job.slot_at, job.error_message, job.job_id)
            for job in jobs
        )
        write_table("Jobs", ("status", "job", "slot", "why", "job_id"), rows)
