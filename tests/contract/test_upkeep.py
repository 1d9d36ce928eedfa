"""Upkeep: sizes that add up, retention that keeps what is needed, compaction beside writers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from dq_databricks.engine.protocol import Engine
from dq_databricks.lifecycle.provision import provision
from dq_databricks.lifecycle.site import Site
from dq_databricks.lifecycle.upkeep.purge import purge
from dq_databricks.model.ids import Context
from dq_databricks.model.profile import Anomaly, ColumnProfile, ProfileRun, TableProfile
from dq_databricks.model.vocabulary import AlertSource, RunStatus, Severity
from dq_databricks.store.store import Store
from tests.support.contract import rows
from tests.support.store import START, a_result, a_run, a_test, an_alert, settings_for

SPARK_SAMPLE = {"test_retention_keeps_what_later_work_needs"}
DAYS = 30
NOW = START + timedelta(days=100)


def at_now() -> Context:
    return Context(now=lambda: NOW)


def days_ago(days: int) -> object:
    return NOW - timedelta(days=days)


@pytest.fixture
def site(engine: Engine) -> Site:
    provision(engine, settings_for("s"), at_now())
    return Site.of(engine, settings_for("s"), at_now())


@pytest.fixture
def store(site: Site) -> Store:
    return Store(site.engine, settings_for("s"), at_now())


def keep_run(store: Store, run: str, days: int, *tests: str, status: str = "completed") -> None:
    store.runs.start(a_run(run, started_at=days_ago(days), status=status))
    store.runs.write([a_result(run, test, detected_at=days_ago(days)) for test in tests])


def keep_profile(store: Store, run: str, days: int, *tables: str) -> None:
    at = days_ago(days)
    store.profiles.start(
        ProfileRun(profile_run_id=run, table_group_id="g", status="completed", started_at=at)
    )
    common = {"profile_run_id": run, "profiled_at": at, "table_name": "t"}
    store.profiles.write(
        [
            TableProfile(
                **common, table_id=table, fingerprint="f", column_count=1, statement_count=1,
                columns_read=1, duration_ms=1,
            )
            for table in tables
        ],
        [
            ColumnProfile(
                **common, table_id=table, column_name="c", position=0, data_type="INT",
                general_type="number",
            )
            for table in tables
        ],
        [
            Anomaly(
                profile_run_id=run, table_name="t", anomaly_type="odd", severity=Severity.WARNING,
                description="d", detected_at=at, anomaly_id=f"{run}-{table}", table_id=table,
            )
            for table in tables
        ],
    )  # fmt: skip


def ids(engine: Engine, table: str, column: str) -> set[object]:
    return {row[0] for row in rows(engine, f"SELECT {column} FROM main.s.{table}")}


def fill(store: Store) -> None:
    """Old and new of everything; what must stay says so in its name."""
    keep_run(store, "r old", 90, "t1", "t2")
    keep_run(store, "r old failed", 91, "t1", status=RunStatus.FAILED)
    keep_run(store, "r stays, newest of t2", 80, "t1", "t2")
    keep_run(store, "r stays, open alert", 70, "t1")
    keep_run(store, "r old, closed alert", 69, "t1")
    keep_run(store, "r stays, runs", 68, "t1", status=RunStatus.RUNNING)
    keep_run(store, "r stays, failed after", 5, "t2", status=RunStatus.FAILED)
    keep_run(store, "r stays, young", 4, "t1")
    keep_profile(store, "p old", 90, "a", "b")
    keep_profile(store, "p stays, newest of b", 80, "a", "b")
    keep_profile(store, "p stays, of a test", 79, "a")
    keep_profile(store, "p stays, open alert", 78, "a")
    keep_profile(store, "p stays, young", 4, "a")
    store.tests.table.insert(a_test("t1", profile_run_id="p stays, of a test"))
    closed = {"acknowledged": True, "acknowledged_by": "x", "acknowledged_at": days_ago(60)}
    late = {**closed, "acknowledged_at": days_ago(2)}
    of_profile = {"source_type": AlertSource.PROFILE_ANOMALY, "source_ref": "p stays, open alert"}
    old = {"created_at": days_ago(65), "updated_at": days_ago(65)}
    store.alerts.write(
        [
            an_alert("a stays, open", source_ref="r stays, open alert", **old),
            an_alert("a old", source_ref="r old, closed alert", **old, **closed),
            an_alert("a stays, closed late", source_ref="r stays, young", **old, **late),
            an_alert("a stays, of a profile", **of_profile, **old),
        ]
    )


def stand(engine: Engine) -> Iterator[set[object]]:
    yield ids(engine, "dq_alerts", "alert_id")
    yield ids(engine, "dq_test_runs", "test_run_id")
    yield ids(engine, "dq_test_results", "test_run_id")
    for table in ("dq_profiles", "dq_table_profiles", "dq_column_profiles", "dq_profile_anomalies"):
        yield ids(engine, table, "profile_run_id")


def test_retention_keeps_what_later_work_needs(site: Site, store: Store) -> None:
    fill(store)
    before = list(stand(site.engine))
    planned = purge(site, DAYS, dry_run=True)
    assert list(stand(site.engine)) == before
    done = purge(site, DAYS)
    for found in stand(site.engine):
        assert all("stays" in str(name) for name in found), found
    stays = [{name for name in names if "stays" in str(name)} for names in before]
    assert list(stand(site.engine)) == stays
    assert [(t.table, t.due) for t in planned.tables] == [(t.table, t.due) for t in done.tables]
    assert all(t.due == t.removed == t.rows_before - (t.rows_after or 0) for t in done.tables)
    assert [table.removed for table in done.tables] == [1, 3, 4, 1, 2, 2, 2]
    assert store.runs.previous(["t2"])["t2"][0].test_run_id == "r stays, newest of t2"
    assert purge(site, DAYS).due == 0
