"""Print events that nobody was told of yet, one line of JSON each, and remember that.

Events are opened, reopened, graver and resolved incidents, and runs that failed. Each is printed
once: how far they were printed is one row of dq_settings. This delivers to nobody by itself;
whoever reads the output of the task does. Events stay in dq_outbox.

Parameters, by name; an empty one counts as not given:
  --catalog, --schema   the metadata schema; DQ_CATALOG and DQ_SCHEMA by default
  --project             project of tables that are new under watch; DQ_PROJECT by default
  --platform-run-id     {{job.run_id}}; not used

That there are events is no failure. A failure means that they could not be read.
"""

from dq_databricks.launching.rounds import notify_round
from dq_databricks.launching.task import Outcome, Task, run_task


def notify(task: Task) -> Outcome:
    """Print what is new."""
    return notify_round(task)


if __name__ == "__main__":
    run_task(__doc__, notify, "platform_run_id")
