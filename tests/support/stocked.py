"""A workspace with one of everything: a small table that was profiled and tested, and its ids."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

from dq_databricks import Quality
from dq_databricks.engine.protocol import Engine
from dq_databricks.model.actor import Actor
from dq_databricks.model.vocabulary import ActorType
from dq_databricks.sql.statement import Statement

TABLE = "main.shop.orders"


@dataclass(frozen=True)
class Stock:
    """The ids of what one workspace holds."""

    workspace_id: str
    project_key: str
    connection_id: str
    table_group_id: str
    table_id: str
    test_id: str
    result_id: str
    test_run_id: str
    profile_run_id: str
    anomaly_id: str
    suite: str
    alert_id: str
    schedule_id: str
    job_id: str
    run_id: str
    api_key_id: str
    user_id: str
    incident_id: str


def leaps() -> Callable[[], float]:
    """A clock that moves on by ten minutes each time it is read: no limit of requests is met."""
    minutes = count()
    return lambda: 600.0 * next(minutes)


def create_orders(engine: Engine) -> None:
    """`main.shop.orders`: ten rows, three of them without an amount and two with the same id."""
    for text in (
        "CREATE SCHEMA IF NOT EXISTS main.shop",
        f"CREATE TABLE {TABLE} (order_id BIGINT, amount DOUBLE, status STRING, note STRING)"
        " USING DELTA",
        f"INSERT INTO {TABLE} VALUES"
        " (1, 10.0, 'new', ' a'), (2, 12.5, 'new', 'b '), (3, NULL, 'paid', ''),"
        " (4, 7.0, 'paid', 'c'), (5, NULL, 'new', NULL), (6, 9.0, 'sent', 'N/A'),"
        " (7, 11.0, 'new', '1'), (7, NULL, 'paid', '2'), (9, 8.0, 'sent', '3'),"
        " (10, 10.5, 'new', '4')",
    ):
        engine.execute(Statement(text))


def stock(quality: Quality, workspace_id: str, project_key: str) -> Stock:
    """Put one of everything into a project; `main.shop.orders` is there already."""
    actor = Actor("stocker", ActorType.SYSTEM, workspace_id)
    face = quality.acting(actor, (project_key,), project=project_key)
    connection = face.catalog.add_connection("shop", catalog="main", schema_name="shop")
    group = face.catalog.add_group("shop", connection=connection.connection_id)
    entry = face.catalog.add_table(TABLE, group=group.table_group_id)
    test = face.add_test(
        entry.table_id,
        "nulls_percent",
        columns=["amount"],
        name="amount is there",
        suite=f"suite_of_{project_key}",
    )
    face.suites.describe(test.test_suite_key, "All of it.")
    schedule = face.schedules.add(
        "nightly", cron="0 3 * * *", kind="test", target_type="table", target_ref=entry.table_id
    )
    job = face.jobs.request("profile", entry.table_id)
    user = quality.access.users.add(
        f"ann.{project_key}@example.com", f"ann_{project_key}", workspace=workspace_id
    )
    key = quality.access.keys.create(f"key of {project_key}", workspace=workspace_id)
    profile = face.profile(entry.table_id)
    report = face.test(entry.table_id)
    return Stock(
        workspace_id=workspace_id,
        project_key=project_key,
        connection_id=connection.connection_id,
        table_group_id=group.table_group_id,
        table_id=entry.table_id,
        test_id=test.test_id,
        result_id=report.results[0].result_id,
        test_run_id=report.run.test_run_id,
        profile_run_id=profile.run.profile_run_id,
        anomaly_id=profile.tables[0].anomalies[0].anomaly_id,
        suite=test.test_suite_key,
        alert_id=face.alerts(limit=1).items[0].alert_id,
        schedule_id=schedule.schedule_id,
        job_id=job.job_id,
        run_id=report.run.test_run_id,
        api_key_id=key.api_key_id,
        user_id=user.user_id,
        incident_id=face.incidents.list(limit=1).items[0].incident_id,
    )
