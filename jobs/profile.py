"""Profile tables: every column measured, anomalies named.

Parameters, by name; an empty one counts as not given:
  --catalog, --schema   the metadata schema; DQ_CATALOG and DQ_SCHEMA by default
  --project             project of tables that are new under watch; DQ_PROJECT by default
  --targets             catalog.schema.table, group:NAME, all (every table group), or a
                        JSON array of these
  --trigger             what started it: manual, schedule, ingestion or api
  --platform-run-id     {{job.run_id}}: the task is then carried out once for it and a target,
                        however often the platform starts it
  --repair-count        {{job.repair_count}}: lets a run that was repaired measure again
  --job-id, --run-id    a job that a launcher gave to this task; --targets does not count then

A failure means that a table could not be read (it is gone, permission is missing), that the run
was cancelled or that it broke off. Each target is a job of its own in dq_jobs and a run in
dq_profiles, which say why; the other targets are profiled all the same.
"""

from dq_databricks.launching.running import RUN_PARAMETERS, run_targets
from dq_databricks.launching.task import Outcome, Task, run_task
from dq_databricks.model.vocabulary import JobKind


def profile(task: Task) -> Outcome:
    """Profile the targets."""
    return run_targets(task, JobKind.PROFILE)


if __name__ == "__main__":
    run_task(__doc__, profile, *RUN_PARAMETERS)
