"""The workspace around a warehouse: jobs, dashboards, alerts, connections."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from dq_databricks.conformance.bench import Bench
from dq_databricks.conformance.question import Need, question
from dq_databricks.conformance.verdict import Answer, judged, not_tried

NAME = "dq live-conformance (may be deleted)"


@question(
    "run-now with the same idempotency token gives the same run",
    "the launcher starts a run once for each attempt (launching/databricks.py)",
    Need.WORKSPACE,
)
def idempotency_token(bench: Bench) -> Answer:
    """A job that only compares two words, and so needs no compute, asked for twice."""
    token = bench.context.new_id()
    with _job(bench) as job_id:
        jobs = bench.workspace.jobs
        runs = [
            jobs.run_now(job_id, idempotency_token=token, job_parameters={"probe": "1"}).run_id
            for _ in range(2)
        ]
    return judged(f"runs {runs[0]} and {runs[1]}", holds=runs[0] == runs[1])


@question(
    "A job takes a periodic trigger of minutes",
    "the dispatch job looks for due schedules every few minutes (bundles/)",
    Need.WORKSPACE,
)
def periodic_minutes(bench: Bench) -> Answer:
    """A paused job with such a trigger, read back."""
    from databricks.sdk.service import jobs

    unit = jobs.PeriodicTriggerConfigurationTimeUnit.MINUTES
    trigger = jobs.TriggerSettings(
        pause_status=jobs.PauseStatus.PAUSED,
        periodic=jobs.PeriodicTriggerConfiguration(interval=5, unit=unit),
    )
    with _job(bench, trigger=trigger) as job_id:
        kept = bench.workspace.jobs.get(job_id).settings.trigger
    found = kept.periodic if kept else None
    seen = f"kept as {found.interval} {found.unit.value}" if found else "the trigger was not kept"
    return judged(seen, holds=found is not None and found.unit == unit and found.interval == 5)


@question(
    "A dashboard takes a table widget of version 2",
    "the tables of the dashboards (bundles/dashboards)",
    Need.WORKSPACE,
)
def dashboard_tables(bench: Bench) -> Answer:
    """A draft dashboard for each version, moved to the trash at once."""
    refused = {version: _dashboard_refusal(bench, version) for version in (1, 2)}
    words = (f"version {v}: {why or 'taken'}" for v, why in refused.items())
    return judged("; ".join(words), holds=not refused[2])


@question(
    "An alert takes a query, a threshold and a paused schedule",
    "the alert on open incidents (bundles/); `parameters` of alerts are used nowhere",
    Need.WORKSPACE,
    Need.WAREHOUSE,
)
def alerts(bench: Bench) -> Answer:
    """An alert as the bundle makes it; beside it, one with parameters."""
    plain, bound = _alert_refusal(bench), _alert_refusal(bench, "one")
    seen = f"plain: {plain or 'taken'}; with a parameter: {bound or 'taken'}"
    return judged(seen, holds=not plain)


@question(
    "A task that is no notebook can set task values",
    "no task of ours passes values to another (jobs/)",
)
def task_values(_bench: Bench) -> Answer:
    """It takes a run on compute, which costs money and minutes."""
    return not_tried("needs a run on compute; nothing of ours depends on it")


@question(
    "A connection has the options by which ours name its source",
    "CREATE CONNECTION is written with these names (docs on federated connections)",
    Need.WORKSPACE,
    Need.CONNECTION,
)
def federation_options(bench: Bench) -> Answer:
    """The names of the options of a connection that somebody made; never their values."""
    found = bench.workspace.connections.get(bench.connection)
    kind = getattr(found.connection_type, "value", found.connection_type)
    names = ", ".join(sorted(found.options or {})) or "none"
    return not_tried(f"{kind} shows the options {names}: compare them with the names we write")


# --- below ---------------------------------------------------------------------------------------


@contextmanager
def _job(bench: Bench, **settings: Any) -> Iterator[int]:
    """A job that needs no compute; deleted at the end."""
    from databricks.sdk.service import jobs

    compare = jobs.ConditionTask(op=jobs.ConditionTaskOp.EQUAL_TO, left="1", right="1")
    made = bench.workspace.jobs.create(
        name=NAME,
        tasks=[jobs.Task(task_key="compare", condition_task=compare)],
        parameters=[jobs.JobParameterDefinition(name="probe", default="")],
        **settings,
    )
    try:
        yield made.job_id
    finally:
        bench.workspace.jobs.delete(made.job_id)


def _dashboard_refusal(bench: Bench, version: int) -> str:
    from databricks.sdk.errors import DatabricksError
    from databricks.sdk.service.dashboards import Dashboard

    wanted = Dashboard(display_name=NAME, serialized_dashboard=json.dumps(_document(version)))
    try:
        made = bench.workspace.lakeview.create(wanted)
    except DatabricksError as error:
        return str(error)
    bench.workspace.lakeview.trash(made.dashboard_id)
    return ""


def _document(version: int) -> dict[str, Any]:
    field = {"name": "n", "expression": "`n`"}
    query = {"datasetName": "numbers", "fields": [field], "disaggregated": True}
    columns = [{"fieldName": "n", "displayName": "n"}]
    widget = {
        "name": "numbers_table",
        "queries": [{"name": "main_query", "query": query}],
        "spec": {"version": version, "widgetType": "table", "encodings": {"columns": columns}},
    }
    position = {"x": 0, "y": 0, "width": 6, "height": 4}
    page = {"name": "page", "displayName": "Page", "pageType": "PAGE_TYPE_CANVAS"}
    layout = {"layoutVersion": "GRID_V1", "layout": [{"widget": widget, "position": position}]}
    data = {"name": "numbers", "displayName": "numbers", "queryLines": ["SELECT 1 AS n\n"]}
    return {"datasets": [data], "pages": [{**page, **layout}]}


def _alert_refusal(bench: Bench, parameter: str = "") -> str:
    from databricks.sdk.errors import DatabricksError
    from databricks.sdk.service import sql

    evaluation = sql.AlertV2Evaluation(
        source=sql.AlertV2OperandColumn(name="n"),
        comparison_operator=sql.ComparisonOperator.GREATER_THAN,
        threshold=sql.AlertV2Operand(value=sql.AlertV2OperandValue(double_value=0)),
    )
    schedule = sql.CronSchedule(
        quartz_cron_schedule="0 0 6 * * ?",
        timezone_id="UTC",
        pause_status=sql.SchedulePauseStatus.PAUSED,
    )
    path = bench.settings.warehouse_path.rstrip("/")
    bound = [sql.AlertStatementParameter(name=parameter, value="1")] if parameter else None
    wanted = sql.AlertV2(
        NAME,
        "SELECT 1 AS n",
        path.rpartition("/")[2],
        evaluation,
        schedule,
        parameters=bound,
    )
    try:
        made = bench.workspace.alerts_v2.create_alert(wanted)
    except DatabricksError as error:
        return str(error)
    bench.workspace.alerts_v2.trash_alert(made.id)
    return ""
