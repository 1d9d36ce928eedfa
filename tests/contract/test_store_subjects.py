"""The subjects of the store: the catalog, runs and their results, profiles, alerts, settings."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from dq_databricks.engine.protocol import Engine
from dq_databricks.errors import (
    AlreadyExistsError,
    NotFoundError,
    VersionConflictError,
    WrongUseError,
)
from dq_databricks.lifecycle.gate import Gate
from dq_databricks.model.profile import Anomaly, ColumnProfile, ProfileRun, TableProfile
from dq_databricks.model.setting import WarehouseSettings
from dq_databricks.model.vocabulary import ResultStatus, RunStatus, Severity
from dq_databricks.sql.identifiers import TableName
from dq_databricks.sql.relation import FileRelation, TableRelation
from dq_databricks.store.filters import eq
from dq_databricks.store.store import Store
from tests.support.engines import engine_parameters, open_engine_for_tests
from tests.support.provisioned import put_schema
from tests.support.store import (
    START,
    TappedEngine,
    a_result,
    a_run,
    a_test,
    an_alert,
    quiet,
    settings_for,
    ticking,
)

SPARK_SAMPLE = {
    "test_a_run_of_fifty_tests_needs_few_statements",
}


@pytest.fixture(scope="module", params=engine_parameters())
def shared(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    """One migrated schema for the module; each test uses keys of its own."""
    folder = tmp_path_factory.mktemp("lake")
    put_schema(folder)
    with open_engine_for_tests(request.param, folder) as engine:
        yield engine


@pytest.fixture
def tapped(shared: Engine) -> TappedEngine:
    return TappedEngine(shared)


@pytest.fixture
def store(tapped: TappedEngine) -> Store:
    return Store(tapped, settings_for("s"), ticking())


def test_a_target_is_registered_once_and_found_by_one_read(
    store: Store, tapped: TappedEngine
) -> None:
    flights = TableRelation(TableName("lake", "air", "flights"), version=3)
    entry = store.catalog.register("p1", flights)
    tapped.calls.clear()
    assert store.catalog.register("p1", flights.at(9)) == entry
    assert len(tapped.calls) == 1
    files = store.catalog.register("p1", FileRelation("parquet", "/data/a b.parquet"))
    assert (files.table_name, files.path) == ("a b.parquet", "/data/a b.parquet")
    assert store.catalog.projects.require("p1").sql_flavor == "databricks"
    groups = store.catalog.groups_of_project("p1")
    assert [group.name for group in groups] == ["files-default", "lake.air-default"]
    assert store.catalog.tables_of_group(entry.table_group_id).items == (entry,)
    assert store.catalog.find("p2", flights) is None
    other = store.catalog.register("p2", flights)
    assert other.table_id != entry.table_id
    assert store.catalog.groups_of_project("p2").items != groups.items


def test_connections_and_groups_have_one_name_each(store: Store) -> None:
    store.catalog.add_project("p3", "Third")
    connection = store.catalog.add_connection("p3", "lake", catalog="lake", is_active=False)
    assert store.catalog.connections.require(connection.connection_id) == connection
    with pytest.raises(AlreadyExistsError):
        store.catalog.add_connection("p3", "lake")
    group = store.catalog.add_group(connection.connection_id, "air", description="all flights")
    entry = store.catalog.register(
        "p3",
        TableRelation(TableName("lake", "air", "planes")),
        group_id=group.table_group_id,
    )
    assert entry.table_group_id == group.table_group_id
    assert store.catalog.groups_of_project("p3").items == (group,)


def test_results_show_when_the_run_is_complete(store: Store) -> None:
    run = store.runs.start(a_run("r1"))
    results = [
        a_result("r1", "x", result_status=ResultStatus.FAIL, actual_value="7"),
        a_result("r1", "y"),
    ]
    store.runs.write(results)
    assert store.runs.get("r1").status == RunStatus.RUNNING
    assert store.runs.results_of("r1").items == ()
    assert store.runs.previous(["x", "y"]) == {}
    with pytest.raises(NotFoundError):
        store.runs.result("r1-x")
    ended = run.model_copy(
        update={
            "status": RunStatus.COMPLETED,
            "completed_at": START + timedelta(seconds=3),
            "duration_ms": 3000,
            "total_tests": 2,
            "failed_tests": 1,
        }
    )
    assert store.runs.finish(ended) == ended
    assert store.runs.get("r1") == ended
    assert list(store.runs.results_of("r1")) == results
    assert store.runs.result("r1-x") == results[0]
    assert store.runs.results(eq("result_status", "fail"), eq("test_run_id", "r1")).items == (
        results[0],
    )
    with pytest.raises(VersionConflictError, match="'r1' has already ended as completed"):
        store.runs.finish(ended.model_copy(update={"status": RunStatus.FAILED}))
    with pytest.raises(NotFoundError):
        store.runs.finish(a_run("never", status=RunStatus.FAILED))


def test_previous_results_of_many_tests_come_in_one_statement(
    store: Store, tapped: TappedEngine
) -> None:
    ids = [f"many{n}" for n in range(60)]
    for number in range(3):
        run = store.runs.start(a_run(f"prev{number}"))
        at = START + timedelta(days=number)
        store.runs.write([a_result(run.test_run_id, test, detected_at=at) for test in ids])
        status = RunStatus.FAILED if number == 2 else RunStatus.COMPLETED
        store.runs.finish(run.model_copy(update={"status": status}))
    tapped.calls.clear()
    last = store.runs.previous([*ids, "unknown"])
    assert len(tapped.calls) == 1
    assert {test: [row.test_run_id for row in rows] for test, rows in last.items()} == {
        test: ["prev1"] for test in ids
    }
    two = store.runs.previous(ids[:1], count=5)
    assert [row.test_run_id for row in two[ids[0]]] == ["prev1", "prev0"]


def test_a_run_of_fifty_tests_needs_few_statements(store: Store, tapped: TappedEngine) -> None:
    relation = TableRelation(TableName("lake", "air", "budget"))
    entry = store.catalog.register("budget", relation)
    tests = [a_test(f"b{n}", table_id=entry.table_id) for n in range(50)]
    store.tests.add_missing(tests)
    tapped.calls.clear()
    Gate(tapped, settings_for("s"), ticking()).enter(write=True)
    found = store.catalog.register("budget", relation)
    active = store.tests.to_run(table_id=found.table_id)
    assert len(active) == 50
    run = store.runs.start(a_run("budget"))
    store.runs.previous([test.test_id for test in active])
    store.runs.write([a_result("budget", test.test_id) for test in active])
    store.alerts.write([an_alert(f"budget{n}") for n in range(50)])
    store.runs.finish(run.model_copy(update={"status": RunStatus.COMPLETED, "total_tests": 50}))
    assert len(tapped.calls) == 8
    assert len(store.runs.results_of("budget")) == 50


def test_profiles_show_when_the_run_is_complete(store: Store) -> None:
    def profiled(run_id: str, day: int, status: RunStatus) -> None:
        at = START + timedelta(days=day)
        run = ProfileRun(
            profile_run_id=run_id,
            table_group_id="g",
            status=RunStatus.RUNNING,
            started_at=at,
        )
        store.profiles.start(run)
        table = TableProfile(
            profile_run_id=run_id,
            table_id="pt",
            table_name="flights",
            table_version=day,
            fingerprint="f",
            row_count=3,
            column_count=2,
            statement_count=1,
            columns_read=2,
            duration_ms=5,
            profiled_at=at,
        )
        columns = [
            ColumnProfile(
                profile_run_id=run_id,
                table_id="pt",
                table_name="flights",
                column_name=name,
                position=position,
                data_type="BIGINT",
                general_type="number",
                mean=float("nan") if position else 1.5,
                profiled_at=at,
            )
            for position, name in enumerate(("z", "a"))
        ]
        anomaly = Anomaly(
            profile_run_id=run_id,
            table_name="flights",
            anomaly_type="constant",
            severity=Severity.WARNING,
            description="one value",
            detected_at=at,
            anomaly_id=f"{run_id}-a",
            table_id="pt",
        )
        store.profiles.write([table], columns, [anomaly])
        store.profiles.finish(run.model_copy(update={"status": status, "anomaly_count": 1}))

    profiled("pr1", 1, RunStatus.COMPLETED)
    profiled("pr2", 2, RunStatus.FAILED)
    latest = store.profiles.latest("pt")
    assert latest is not None
    assert (latest.profile_run_id, latest.table_version) == ("pr1", 1)
    assert store.profiles.latest("nothing") is None
    assert [column.column_name for column in store.profiles.columns("pr1", "pt")] == ["z", "a"]
    assert store.profiles.columns("pr2").items == ()
    assert [row.anomaly_id for row in store.profiles.anomalies(eq("table_id", "pt"))] == ["pr1-a"]
    assert len(store.profiles.tables("pr1")) == 1
    assert store.profiles.runs.require("pr2").status == RunStatus.FAILED


def test_of_two_who_acknowledge_one_wins(store: Store) -> None:
    assert store.alerts.write([an_alert("ack"), an_alert("ack2")]) == 2
    assert store.alerts.write([an_alert("ack", title="again")]) == 0
    mine = store.alerts.acknowledge("ack", "ann")
    assert (mine.acknowledged, mine.acknowledged_by, mine.version) == (True, "ann", 2)
    assert store.alerts.get("ack") == mine
    with pytest.raises(VersionConflictError, match="already acknowledged by ann"):
        store.alerts.acknowledge("ack", "bob")
    assert store.alerts.get("ack").acknowledged_by == "ann"
    with pytest.raises(NotFoundError):
        store.alerts.acknowledge("nothing", "ann")
    with pytest.raises(WrongUseError, match="say who"):
        store.alerts.acknowledge("ack2", " ")
    waiting = store.alerts.select(eq("acknowledged", False), limit=100)
    assert "ack2" in [alert.alert_id for alert in waiting]
    assert "ack" not in [alert.alert_id for alert in waiting]


def test_of_two_who_acknowledge_at_the_same_moment_one_wins(
    store: Store, tapped: TappedEngine
) -> None:
    store.alerts.write([an_alert("race")])
    rival = Store(tapped.engine, settings_for("s"), ticking())

    def overtake(kind: str, what: str) -> None:
        if kind == "execute":
            tapped.before = quiet
            rival.alerts.acknowledge("race", "rival")

    tapped.before = overtake
    with pytest.raises(VersionConflictError, match="already acknowledged by rival"):
        store.alerts.acknowledge("race", "late")
    assert store.alerts.get("race").acknowledged_by == "rival"


def test_saved_settings_are_read_back(store: Store) -> None:
    wanted = WarehouseSettings(data_quality_schema="s", data_quality_auto_manage_tables=False)
    assert store.settings.save(wanted) == wanted
    assert store.settings.warehouse() == wanted
    assert store.settings.value("data_quality_auto_manage_tables") == "false"


def test_a_refresh_leaves_what_people_changed_meanwhile(store: Store) -> None:
    kinds = ("untouched", "locked", "newer", "removed")
    stored = [a_test(f"refresh-{kind}", profile_run_id="p1", reason="old") for kind in kinds]
    store.tests.add_missing(stored)
    refreshed = [
        test.model_copy(update={"definition": '{"n": 2}', "reason": "new", "version": 2})
        for test in stored
    ]
    store.tests.edit(stored[1].model_copy(update={"name": "mine"}), 1)
    store.tests.table.update(stored[2].model_copy(update={"name": "renamed"}), 1)
    store.tests.remove(stored[3].test_id, 1)
    # Both moved the version too: lock and removal must hold even for one who saw that.
    for place in (1, 3):
        refreshed[place] = refreshed[place].model_copy(update={"version": 3})
    assert store.tests.refresh(refreshed) == 1
    reasons = {
        test.test_id: (test.reason, test.version)
        for test in store.tests.table.select(eq("reason", "new"), include_removed=True)
    }
    assert reasons == {"refresh-untouched": ("new", 2)}
