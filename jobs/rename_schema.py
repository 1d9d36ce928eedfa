"""Give the metadata schema another name: copy, compare, switch over.

Writers wait meanwhile. Killed at any step, the same call finishes it. Jobs and services that still
have the old name find the new one by themselves.

Parameters, by name; an empty one counts as not given:
  --catalog, --schema   the metadata schema; DQ_CATALOG and DQ_SCHEMA by default
  --project             project of tables that are new under watch; DQ_PROJECT by default
  --to                  the new name; without it, a renaming that was begun is finished
  --drop-old            true: also drop the schema that was renamed, with its restore points

A failure means that the copy is not complete or not equal, or that the old schema holds what was
not copied; nothing is switched over or dropped then.
"""

from dq_databricks.launching.task import Outcome, Task, run_task


def rename_schema(task: Task) -> Outcome:
    """Rename, then drop what is left behind if that is wanted."""
    with task.opened() as quality:
        report = quality.renaming.rename(task.arguments.text("to"))
        is_dropping = task.arguments.flag("drop_old", default=False)
        dropped = quality.renaming.drop_old() if is_dropping else None
    line = f"{report.catalog}.{report.source} is {report.catalog}.{report.target} now"
    return Outcome(line, {"renaming": report, "dropped": dropped})


if __name__ == "__main__":
    run_task(__doc__, rename_schema, "to", "drop_old")
