"""Every dataset of every dashboard, on every engine, over rows whose answers are known."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dq_databricks.engine.protocol import Engine
from dq_databricks.model.actor import Actor
from dq_databricks.model.catalog import Connection, TableEntry, TableGroup
from dq_databricks.model.ids import Context
from dq_databricks.model.incident import Incident
from dq_databricks.model.profile import Anomaly, ProfileRun, TableProfile
from dq_databricks.model.testing import TestResult, TestRun
from dq_databricks.model.work import Schedule
from dq_databricks.sql.statement import Statement
from dq_databricks.store.store import Store
from tests.support.engines import engine_parameters, open_engine_for_tests
from tests.support.provisioned import put_schema
from tests.support.store import a_result, a_run, a_test, settings_for
from tools.dashboards.__main__ import BUILDERS

NOW = datetime.now(UTC).replace(microsecond=0)
# The views look back from the moment they are asked; noon keeps days apart whatever the hour is.
TODAY = NOW.replace(hour=12, minute=0, second=0)
YESTERDAY, LONG_AGO = TODAY - timedelta(days=1), TODAY - timedelta(days=10)
TIMES = {"created_at": LONG_AGO, "updated_at": LONG_AGO}
Rows = list[tuple[Any, ...]]


SPARK_SAMPLE = {"test_every_dataset_answers_with_what_is_known"}


@pytest.fixture(params=engine_parameters())
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """Every engine over one lake, whose rows the embedded engine wrote: that takes no minutes."""
    put_schema(tmp_path)
    if "known" in request.node.name:
        with open_engine_for_tests("local", tmp_path) as writer:
            fill(writer)
    with open_engine_for_tests(request.param, tmp_path) as opened:
        yield opened


def fill(engine: Engine) -> None:
    store = Store(engine, settings_for("s"), Context(now=lambda: NOW), actor=Actor("ada"))
    _catalog(store)
    _tests(store)
    _profiles(store)
    _work(store)


def _catalog(store: Store) -> None:
    connection = {"connection_id": "k", "project_key": "default", "name": "shop", **TIMES}
    store.table(Connection).insert_missing([Connection.model_validate(connection)])
    group = {"table_group_id": "g1", "connection_id": "k", "name": "all", **TIMES}
    store.table(TableGroup).insert_missing([TableGroup.model_validate(group)])
    table = {"table_id": "t1", "table_group_id": "g1", "schema_name": "s", "table_name": "orders"}
    store.table(TableEntry).insert_missing([TableEntry.model_validate({**table, **TIMES})])


def _tests(store: Store) -> None:
    tables = {"a": "orders", "b": "orders", "c": "customers", "idle": "orders", "never": "orders"}
    tests = [
        a_test(name, table_name=table, is_active=name != "idle", severity="fatal")
        for name, table in tables.items()
    ]
    removed = a_test("removed", deleted_at=LONG_AGO)
    store.tests.table.insert_missing([*tests, removed])
    store.runs.runs.insert_missing([_run(*run) for run in RUNS])
    store.table(TestResult).append(
        [
            a_result(run, test, result_status=verdict, detected_at=at, table_name=tables[test],
                     table_id={"orders": "t1"}.get(tables[test], "t2"), severity="fatal",
                     source=source, statement_hash=statement)
            for run, test, verdict, at, source, statement in RESULTS
        ]
    )  # fmt: skip


RUNS = [
    ("old", "completed", LONG_AGO, 1_000),
    ("first", "completed", YESTERDAY, 2_000),
    ("second", "completed", TODAY, 4_000),
    ("broken", "failed", TODAY + timedelta(minutes=5), None),
]
RESULTS = [
    ("old", "a", "fail", LONG_AGO, "scan", "h1"),
    ("first", "a", "pass", YESTERDAY, "scan", "h1"),
    ("first", "b", "pass", YESTERDAY, "scan", "h1"),
    ("first", "c", "warn", YESTERDAY, "statistics", None),
    ("second", "a", "fail", TODAY, "scan", "h1"),
    ("second", "b", "pass", TODAY, "group", "h2"),
    ("second", "c", "error", TODAY, "metadata", None),
    ("broken", "b", "fail", TODAY + timedelta(minutes=5), "scan", "h3"),
]


def _run(name: str, status: str, at: datetime, duration_ms: int | None) -> TestRun:
    return a_run(name, status=status, started_at=at, duration_ms=duration_ms, statement_count=1)


def _profiles(store: Store) -> None:
    store.profiles.runs.insert_missing(
        [
            ProfileRun(profile_run_id=name, project_key="default", table_group_id="g1",
                       status=status, started_at=at, duration_ms=500, anomaly_count=1,
                       table_name="orders")
            for name, status, at in PROFILES
        ]
    )  # fmt: skip
    store.table(TableProfile).append(
        [
            TableProfile(profile_run_id=name, table_id="t1", table_name="orders", table_version=7,
                         fingerprint="f", row_count=rows, column_count=10, size_bytes=4_000_000_000,
                         statement_count=3, columns_read=5, duration_ms=400, profiled_at=at)
            for (name, _, at), rows in zip(PROFILES, (90, 100, 1), strict=True)
        ]
    )  # fmt: skip
    said = {"muted": "muted", "open": None, "confirmed": "confirmed"}
    store.table(Anomaly).append(
        [
            Anomaly(profile_run_id=name, table_name="orders", anomaly_type="odd", table_id="t1",
                    column_name=f"{column} {name}", severity="warning", description="d",
                    detected_at=at, anomaly_id=f"{column} {name}", prevalence=0.125,
                    disposition=disposition)
            for name, _, at in PROFILES for column, disposition in said.items()
        ]
    )  # fmt: skip


PROFILES = [
    ("p1", "completed", YESTERDAY),
    ("p2", "completed", TODAY),
    ("p3", "running", TODAY + timedelta(minutes=1)),
]


def _work(store: Store) -> None:
    store.table(Incident).insert_missing([_incident(*incident) for incident in INCIDENTS])
    at = NOW - timedelta(minutes=1)
    later = NOW + timedelta(hours=1)
    store.table(Schedule).insert_missing(
        [
            Schedule(schedule_id=name, project_key="default", name=name, kind="test",
                     target_type="table", target_ref="t1", cron="0 3 * * *", next_run_at=when,
                     is_enabled=name != "disabled", **TIMES)
            for name, when in (("due", at), ("later", later), ("disabled", at))
        ]
    )  # fmt: skip


INCIDENTS = [
    ("mild", "warning", "open", TODAY, None),
    ("worst", "fatal", "acknowledged", YESTERDAY, None),
    ("over", "fatal", "resolved", YESTERDAY, None),
    ("quiet", "error", "open", YESTERDAY, NOW + timedelta(days=1)),
]


def _incident(
    name: str, severity: str, status: str, at: datetime, quiet_until: datetime | None
) -> Incident:
    values = {
        "incident_id": name,
        "project_key": "default",
        "key_type": "test",
        "incident_key": name,
        "ordinal": 1,
        "status": status,
        "severity": severity,
        "title": name,
        "table_id": "t1",
        "table_name": "orders",
        "failure_count": 2,
        "first_seen": at,
        "last_seen": TODAY,
        "last_run_id": "second",
        "quiet_until": quiet_until,
        "quiet_kind": "snooze" if quiet_until else None,
        **TIMES,
    }
    return Incident.model_validate(values)


def datasets(dashboard: str) -> Mapping[str, str]:
    """The queries of a dashboard, their bare names filled in as the platform does."""
    document = BUILDERS[dashboard]()
    return {
        one["name"]: re.sub(r"\b(v_\w+)", r"main.s.\1", "".join(one["queryLines"]))
        for one in document["datasets"]
    }


def answers(engine: Engine, dashboard: str) -> dict[str, Rows]:
    return {
        name: [tuple(row.values()) for row in engine.query(Statement(sql)).to_pylist()]
        for name, sql in datasets(dashboard).items()
    }


@pytest.mark.timeout(600)
def test_every_dataset_answers_with_what_is_known(engine: Engine) -> None:
    found = {name: answers(engine, name) for name in BUILDERS}
    _check_overview(found["overview"])
    _check_runs(found["runs"])
    _check_table(found["table_detail"])
    _check_cost(found["cost"])


def _check_overview(found: Mapping[str, Rows]) -> None:
    assert found["headline"] == [(2, 2, 60.0, 1)]
    assert [row[:6] for row in found["open_incidents"]] == [
        ("fatal", "acknowledged", "worst", "orders", "shop", 2),
        ("warning", "open", "mild", "orders", "shop", 2),
    ]
    assert found["pass_rate_by_table"] == [("customers", 0.0, 2, 0, 1), ("orders", 75.0, 4, 1, 0)]
    assert sorted(row for row in found["verdicts_by_day"] if row[2]) == [
        (LONG_AGO.date(), "fail", 1),
        (YESTERDAY.date(), "pass", 2),
        (YESTERDAY.date(), "warn", 1),
        (TODAY.date(), "error", 1),
        (TODAY.date(), "fail", 1),
        (TODAY.date(), "pass", 1),
    ]
    assert [(row[0], row[2], row[3], row[5]) for row in found["failing_tests"]] == [
        ("error", "customers", "test c", TODAY),
        ("fail", "orders", "test a", TODAY),
    ]
    assert [row[0] for row in found["due_schedules"]] == ["due"]


def _check_runs(found: Mapping[str, Rows]) -> None:
    assert [(row[0], row[1], row[5]) for row in found["runs"]][:2] == [
        ("test", "failed", None),
        ("profile", "running", 0.5),
    ]
    assert len(found["runs"]) == 7
    days = {(row[0], row[1], row[2]): row[3] for row in found["runs_by_day"]}
    assert days[TODAY.date(), "test", "completed"] == 1
    assert days[TODAY.date(), "test", "failed"] == 1
    assert days[YESTERDAY.date(), "profile", "completed"] == 1
    longest = {(row[0], row[1], row[2]): row[4] for row in found["duration_by_day"]}
    assert longest[TODAY.date(), "test", "completed"] == 4.0


def _check_table(found: Mapping[str, Rows]) -> None:
    assert [(row[0], row[1], row[5]) for row in found["tests"]] == [
        ("customers", "test c", "error"),
        ("orders", "test a", "fail"),
        ("orders", "test b", "pass"),
        ("orders", "test never", "never_run"),
    ]
    assert sum(row[3] for row in found["verdicts"] if row[1] == "orders") == 5
    assert [(row[1], row[6]) for row in found["anomalies"]] == [
        ("confirmed p2", 12.5),
        ("open p2", 12.5),
    ]
    assert [row[2] for row in found["table_history"]] == [90, 100]


def _check_cost(found: Mapping[str, Rows]) -> None:
    # Seven verdicts of complete runs, two of them without a scan; two profiles of 2 GB each.
    assert found["headline"] == [(5, 10, 4.0, 28.6)]
    by_table = {row[0]: row[1:5] for row in found["cost_by_table"]}
    assert by_table == {"customers": (2, 2, 0, 0), "orders": (5, 5, 10, 10)}
    runs = {row[1]: row[3:6] for row in found["cost_by_run"]}
    assert (runs["first"], runs["second"]) == ((3, 1, 1), (3, 2, 2))
    assert runs["p2"] == (None, 3, 3)
    assert {(row[0], row[1]): row[2] for row in found["cost_by_day"]}[TODAY.date(), "test"] == 2
    assert {(row[0], row[1]): row[2] for row in found["read_by_day"]}[TODAY.date(), "orders"] == 2.0


def test_an_empty_schema_gives_no_rows_and_no_error(engine: Engine) -> None:
    for name in BUILDERS:
        for dataset, rows in answers(engine, name).items():
            assert len(rows) <= (1 if dataset == "headline" else 0), (name, dataset)
