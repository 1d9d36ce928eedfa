"""Tell that data was loaded into a table: watch the table, and run its tests.

A table that is new is put under watch. One without active tests is profiled instead, and the
message says so. With a gate, the tasks that depend on this one run only when the data is good.

Parameters, by name; an empty one counts as not given:
  --catalog, --schema   the metadata schema; DQ_CATALOG and DQ_SCHEMA by default
  --project             project of tables that are new under watch; DQ_PROJECT by default
  --table               catalog.schema.table
  --gate                true: fail when a test of severity error or fatal fails; false by default
  --wait                true (default): run the tests in this task; false: only queue them for
                        the next dispatch. A gate always waits
  --platform-run-id     {{job.run_id}}: a load that is told of again is tested once
  --repair-count        {{job.repair_count}}: lets a run that was repaired test again

A failure means that the gate is closed: the message names the tests. Or the table is gone,
permission is missing, or the run was cancelled or broke off; dq_jobs and the run say why.
"""

from dq_databricks.launching.loads import LOAD_PARAMETERS, complete_load
from dq_databricks.launching.task import Outcome, Task, run_task


def ingest_complete(task: Task) -> Outcome:
    """Watch the table and validate the load."""
    return complete_load(task)


if __name__ == "__main__":
    run_task(__doc__, ingest_complete, *LOAD_PARAMETERS)
