"""Care for the metadata tables: restore point of the day, retention, compaction, vacuum.

Safe beside running jobs. Once a day is enough.

Parameters, by name; an empty one counts as not given:
  --catalog, --schema   the metadata schema; DQ_CATALOG and DQ_SCHEMA by default
  --project             project of tables that are new under watch; DQ_PROJECT by default
  --platform-run-id     {{job.run_id}}; not used

A failure means that a part could not be done; the message names it. The rest is done, and the next
run tries again.
"""

from dq_databricks.launching.task import Outcome, Task, run_task
from dq_databricks.quality.reports import EXIT_COULD_NOT_RUN, EXIT_FINE


def maintain(task: Task) -> Outcome:
    """Maintain the tables of the schema."""
    with task.opened() as quality:
        report = quality.upkeep.maintain()
    failed = [f"{table.table}: {table.error}" for table in report.tables if table.error]
    wrong = "; ".join([*report.problems, *failed])
    line = f"{report.schema}: {len(report.tables)} tables looked after" + (wrong and f"; {wrong}")
    code = EXIT_FINE if report.is_complete else EXIT_COULD_NOT_RUN
    return Outcome(line, {"maintenance": report}, code)


if __name__ == "__main__":
    run_task(__doc__, maintain, "platform_run_id")
