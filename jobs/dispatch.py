"""Queue a job for every schedule that is due, and start the jobs that wait.

With the ids of the jobs that profile and test, each waiting job becomes a run of one of these.
Without them this task carries the waiting jobs out itself, one after the other.

Parameters, by name; an empty one counts as not given:
  --catalog, --schema   the metadata schema; DQ_CATALOG and DQ_SCHEMA by default
  --project             project of tables that are new under watch; DQ_PROJECT by default
  --profile-job-id      Databricks job that profiles (DQ_PROFILE_JOB_ID)
  --test-job-id         Databricks job that tests (DQ_TEST_JOB_ID)
  --workers             runs of these jobs at once, 10 by default
  --platform-run-id     {{job.run_id}}: stored with the jobs that this task carries out itself

A failure means that schedules could not be claimed, that the Jobs API refused, or that a job which
was carried out here could not be done; the job says why. Tests that fail are no failure of this
task: they are results. What was not started waits for the next round.
"""

from dq_databricks.launching.rounds import dispatch_round
from dq_databricks.launching.task import Outcome, Task, run_task


def dispatch(task: Task) -> Outcome:
    """One round."""
    return dispatch_round(task)


if __name__ == "__main__":
    run_task(__doc__, dispatch, "profile_job_id", "test_job_id", "workers", "platform_run_id")
