"""Jobs in words and tables for people."""

from __future__ import annotations

from dq_databricks.cli.output import marked, safe, write_table
from dq_databricks.cli.render import next_step, record, say
from dq_databricks.model.work import Job
from dq_databricks.quality import Page
from dq_databricks.quality.jobs import Reconciled


def jobs(page: Page[Job]) -> None:
    """A page of jobs."""
    if not page.items:
        say("No jobs. Queue one: dq jobs request test TARGET")
        return
    rows = (
        (marked(item.status), item.title, item.created_at, item.attempt, _standing(item),
         item.job_id)
        for item in page.items
    )  # fmt: skip
    headers = ("status", "job", "asked for", "attempt", "where it stands", "job_id")
    write_table("Jobs", headers, rows, numeric="attempt")
    if page.next_cursor:
        next_step(f"the following rows: --cursor {safe(page.next_cursor)}")


def job(item: Job) -> None:
    """One job, field by field."""
    record(item)


def queued(item: Job) -> None:
    """A job that was asked for, and how to see it done."""
    say(f"{marked(item.status).markup}  {safe(item.title)}")
    say(f"  job {item.job_id}")
    say(f"  run {item.run_id}")
    next_step(f"dq worker --once, then dq jobs show {item.job_id}")


def reconciled(report: Reconciled) -> None:
    """What was put right."""
    say(
        f"{len(report.queued_again)} jobs queued again, {len(report.ended)} jobs ended, "
        f"{len(report.closed_runs)} runs closed"
    )


def _standing(item: Job) -> str | None:
    if item.error_message or not item.progress_phase:
        return item.error_message
    counts = f" {item.progress_done}/{item.progress_total}" if item.progress_total else ""
    return f"{item.progress_phase}{counts}"
