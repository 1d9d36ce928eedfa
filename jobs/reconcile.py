"""Close jobs and runs whose worker died without a word.

Asks the Jobs API about the run of every open job, and closes what was cancelled, timed out, failed
or is no longer known there. Where the platform cannot tell, the sign of life decides.

Parameters, by name; an empty one counts as not given:
  --catalog, --schema   the metadata schema; DQ_CATALOG and DQ_SCHEMA by default
  --project             project of tables that are new under watch; DQ_PROJECT by default
  --platform-run-id     {{job.run_id}}; not used

A failure means that the Jobs API did not tell about some runs; these are left to the sign of life,
and the next round asks again.
"""

from dq_databricks.launching.rounds import reconcile_round
from dq_databricks.launching.task import Outcome, Task, run_task


def reconcile(task: Task) -> Outcome:
    """One round."""
    return reconcile_round(task)


if __name__ == "__main__":
    run_task(__doc__, reconcile, "platform_run_id")
