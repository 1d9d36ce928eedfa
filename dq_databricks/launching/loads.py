"""The task of a pipeline that has loaded data: validate, and stop what must not go on."""

from __future__ import annotations

from dq_databricks.launching.ingestion import validate_load
from dq_databricks.launching.running import platform_task
from dq_databricks.launching.task import Outcome, Task, run_task
from dq_databricks.model.vocabulary import TriggerSource

LOAD_PARAMETERS = ("table", "gate", "wait", "platform_run_id", "repair_count")

_HELP = """Tell that data was loaded into a table: watch the table, and run its tests.

--table catalog.schema.table, --gate true|false, --wait true|false,
--platform-run-id {{job.run_id}}, --repair-count {{job.repair_count}},
--catalog and --schema of the metadata; see docs/ingestion.md.
"""


def complete_load(task: Task) -> Outcome:
    """Watch the table and validate the load, as the parameters of `task` say."""
    given = task.arguments
    with task.opened() as quality:
        validation = validate_load(
            quality,
            given.required("table"),
            is_gate=given.flag("gate", default=False),
            waits=given.flag("wait", default=True),
            task=platform_task(given, TriggerSource.INGESTION),
        )
    return Outcome(validation.line, {"ingestion": validation.to_json()}, validation.exit_code)


def ingest_complete() -> None:
    """The entry point of a `python_wheel_task` in the job of another team."""
    run_task(_HELP, complete_load, *LOAD_PARAMETERS)
