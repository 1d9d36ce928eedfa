"""Run the active tests of tables; a quality gate for the tasks that depend on this one.

Parameters, by name; an empty one counts as not given:
  --catalog, --schema   the metadata schema; DQ_CATALOG and DQ_SCHEMA by default
  --project             project of tables that are new under watch; DQ_PROJECT by default
  --targets             catalog.schema.table, group:NAME, suite:NAME, all (every table
                        group that has tests), or a JSON array of these
  --trigger             what started it: manual, schedule, ingestion or api
  --platform-run-id     {{job.run_id}}: the task is then carried out once for it and a target,
                        however often the platform starts it
  --repair-count        {{job.repair_count}}: lets a run that was repaired test again
  --job-id, --run-id    a job that a launcher gave to this task; --targets does not count then
  --fail-on-failure     true (default): the task fails when a test of severity error or fatal
                        fails; false: only what could not be tested makes it fail

A failure with "fail" means that data is bad: the message names the tests. Tests of severity
warning never fail the task. Every other failure means that something could not be tested: a table
is gone, permission is missing, the run was cancelled or broke off. Each target is a job of its own
in dq_jobs and a run in dq_test_runs, which say why; the other targets are tested all the same.
"""

from dq_databricks.launching.running import RUN_PARAMETERS, run_targets
from dq_databricks.launching.task import Outcome, Task, run_task
from dq_databricks.model.vocabulary import JobKind


def test(task: Task) -> Outcome:
    """Test the targets."""
    is_gate = task.arguments.flag("fail_on_failure", default=True)
    return run_targets(task, JobKind.TEST, is_gate=is_gate)


if __name__ == "__main__":
    run_task(__doc__, test, *RUN_PARAMETERS, "fail_on_failure")
