"""Upkeep: sizes that add up, retention that keeps what is needed, compaction beside writers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from threading import Event

import pyarrow as pa
import pytest

from dq_databricks.engine.protocol import Engine
from dq_databricks.engine.recording import RecordingEngine
from dq_databricks.errors import (
    PermissionDeniedError,
    SchemaBehindError,
    SchemaBusyError,
    SchemaNewerError,
    WriteConflictError,
)
from dq_databricks.lifecycle.site import Site
from dq_databricks.lifecycle.state import (
    SCHEMA_VERSION,
    Operation,
    Phase,
    change_operation,
    write_values,
)
from dq_databricks.lifecycle.upkeep import compacting, due, terms
from dq_databricks.lifecycle.upkeep import maintain as maintaining
from dq_databricks.lifecycle.upkeep.clustering import clustering_columns
from dq_databricks.lifecycle.upkeep.describing import own_tables, read_commits, span_of
from dq_databricks.lifecycle.upkeep.due import due_rows
from dq_databricks.lifecycle.upkeep.maintain import MaintainReport, maintain
from dq_databricks.lifecycle.upkeep.purge import purge
from dq_databricks.lifecycle.upkeep.sizes import report
from dq_databricks.model.ids import Context
from dq_databricks.model.profile import Anomaly, ColumnProfile, ProfileRun, TableProfile
from dq_databricks.model.tables import LIFE_TABLES
from dq_databricks.model.vocabulary import AlertSource, RunStatus, Severity
from dq_databricks.sql.identifiers import TableName
from dq_databricks.sql.relation import TableRelation
from dq_databricks.sql.statement import Statement
from dq_databricks.store.store import Store
from tests.support import local_engine
from tests.support.contract import rows
from tests.support.engines import ENGINES, engine_parameters, open_engine_for_tests
from tests.support.provisioned import put_schema
from tests.support.store import (
    START,
    TappedEngine,
    a_result,
    a_run,
    a_test,
    an_alert,
    once,
    settings_for,
)

SPARK_SAMPLE = {"test_removals_and_compaction_on_a_few_rows"}
DAYS = 30
NOW = START + timedelta(days=100)
RESULTS = TableName("main", "s", "dq_test_results")


class Killed(BaseException):
    """What a process does not survive."""


def at_now() -> Context:
    return Context(now=lambda: NOW)


def days_ago(days: int) -> datetime:
    return NOW - timedelta(days=days)


@pytest.fixture(params=engine_parameters())
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    put_schema(tmp_path)
    with open_engine_for_tests(request.param, tmp_path) as opened:
        yield opened


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Engine]:
    """The quickest engine, for what does not depend on the engine."""
    put_schema(tmp_path)
    with local_engine.open_for_tests(tmp_path) as opened:
        yield opened


@pytest.fixture
def site(engine: Engine) -> Site:
    return on(engine)[0]


@pytest.fixture
def store(engine: Engine) -> Store:
    return on(engine)[1]


def on(engine: Engine) -> tuple[Site, Store]:
    """The metadata schema of an engine, and what is kept there."""
    settings = settings_for("s")
    return Site.of(engine, settings, at_now()), Store(engine, settings, at_now())


Given = tuple[str, int, str, RunStatus]
"""A run: its name, how many days ago it was, its tests or tables, and its status."""


def keep_runs(store: Store, *given: Given) -> None:
    store.runs.runs.insert_missing(
        [a_run(run, started_at=days_ago(days), status=status) for run, days, _, status in given]
    )
    store.runs.write(
        [
            a_result(run, test, detected_at=days_ago(days))
            for run, days, tests, _ in given
            for test in tests.split()
        ]
    )


def keep_run(store: Store, run: str, days: int, tests: str) -> None:
    keep_runs(store, (run, days, tests, RunStatus.COMPLETED))


def keep_profiles(store: Store, *given: tuple[str, int, str]) -> None:
    store.profiles.runs.insert_missing(
        [
            ProfileRun(
                profile_run_id=run, table_group_id="g", status="completed",
                started_at=days_ago(days),
            )
            for run, days, _ in given
        ]
    )  # fmt: skip
    found = [(run, days_ago(days), name) for run, days, names in given for name in names.split()]
    store.profiles.write(
        [
            TableProfile(
                profile_run_id=run, profiled_at=at, table_name="t", table_id=name,
                fingerprint="f", column_count=1, statement_count=1, columns_read=1, duration_ms=1,
            )
            for run, at, name in found
        ],
        [
            ColumnProfile(
                profile_run_id=run, profiled_at=at, table_name="t", table_id=name,
                column_name="c", position=0, data_type="INT", general_type="number",
            )
            for run, at, name in found
        ],
        [
            Anomaly(
                profile_run_id=run, table_name="t", anomaly_type="odd", severity=Severity.WARNING,
                description="d", detected_at=at, anomaly_id=f"{run}-{name}", table_id=name,
            )
            for run, at, name in found
        ],
    )  # fmt: skip


def ids(engine: Engine, table: str, column: str) -> set[object]:
    return {row[0] for row in rows(engine, f"SELECT {column} FROM main.s.{table}")}


def fill(store: Store) -> None:
    """Old and new of everything; what must stay says so in its name."""
    done, failed = RunStatus.COMPLETED, RunStatus.FAILED
    keep_runs(
        store,
        ("r old", 90, "t1 t2", done),
        ("r old failed", 91, "t1", failed),
        ("r stays, newest of t2", 80, "t1 t2", done),
        ("r stays, open alert", 70, "t1", done),
        ("r old, closed alert", 69, "t1", done),
        ("r stays, runs", 68, "t1", RunStatus.RUNNING),
        ("r stays, failed after", 5, "t2", failed),
        ("r stays, young", 4, "t1", done),
    )
    keep_profiles(
        store,
        ("p old", 90, "a b"),
        ("p stays, newest of b", 80, "a b"),
        ("p stays, of a test", 79, "a"),
        ("p stays, open alert", 78, "a"),
        ("p stays, young", 4, "a"),
    )
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
    assert [table.removed for table in done.tables] == [1, 3, 4, 1, 2, 2, 2, 0, 0, 0, 0, 0]
    assert store.runs.previous(["t2"])["t2"][0].test_run_id == "r stays, newest of t2"
    assert purge(site, DAYS).due == 0


def test_a_purge_that_was_killed_is_completed_by_the_next(local: Engine) -> None:
    site, store = on(local)
    fill(store)
    stays = [{name for name in names if "stays" in str(name)} for names in stand(local)]
    tapped = TappedEngine(local, before=once("execute", "`dq_test_results` AS t", Killed()))
    with pytest.raises(Killed):
        purge(Site.of(tapped, settings_for("s"), at_now()), DAYS)
    assert "r old" not in ids(local, "dq_test_runs", "test_run_id")
    assert "r old" in ids(local, "dq_test_results", "test_run_id")
    purge(site, DAYS)
    assert list(stand(local)) == stays


def test_a_purge_takes_bounded_steps(local: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    _, store = on(local)
    monkeypatch.setattr(due, "BATCH_OWNERS", 1)
    monkeypatch.setattr(terms, "BATCH_OWNERS", 1)
    for number in range(3):
        keep_run(store, f"r{number}", 90 - number, "t")
    tapped = TappedEngine(local)
    purge(Site.of(tapped, settings_for("s"), at_now()), DAYS)
    assert ids(local, "dq_test_results", "test_run_id") == {"r2"}
    removals = [what for kind, what in tapped.calls if kind == "execute" and "MERGE" in what]
    assert sum("`dq_test_runs` AS t" in what for what in removals) == 3


def test_a_removal_carried_out_late_takes_nothing_that_is_needed(local: Engine) -> None:
    site, store = on(local)
    keep_run(store, "r newest by now", 90, "t")
    _, runs, results, *_ = due_rows(site, days_ago(DAYS))
    # What was written for a schema with newer runs meets one that went back to older ones.
    assert local.execute(runs.removal(site)) == 0
    keep_run(store, "r2", 80, "t")
    restoring = Operation(Phase.RESTORING, job="j", other="point", since="now", by="x")
    assert change_operation(local, "main", "s", Operation(), restoring, at=NOW)
    assert local.execute(runs.removal(site)) == 0
    assert local.execute(results.removal(site)) == 0
    assert change_operation(local, "main", "s", restoring, Operation(), at=NOW)
    assert local.execute(runs.removal(site)) == 1
    assert ids(local, "dq_test_runs", "test_run_id") == {"r2"}


def test_rows_of_a_run_that_is_being_written_are_never_left_overs(local: Engine) -> None:
    site, store = on(local)
    store.runs.write([a_result("r not seen yet", "t", detected_at=NOW)])
    assert purge(site, 1).due == 0


def test_retention_zero_keeps_everything(local: Engine) -> None:
    _, store = on(local)
    fill(store)
    tapped = TappedEngine(local)
    assert purge(Site.of(tapped, settings_for("s"), at_now()), 0).due == 0
    assert {kind for kind, _ in tapped.calls} == {"query"}


# --- sizes -------------------------------------------------------------------------------------


def test_the_report_adds_up_and_shows_what_runs(site: Site, store: Store) -> None:
    keep_runs(store, ("r1", 3, "t1 t2", RunStatus.RUNNING))
    store.runs.write([a_result("r1", "t3", detected_at=NOW)])
    with site.lock.hold("a test"):
        found = report(site)
    by_name = {size.table: size for size in found.tables}
    results = by_name["dq_test_results"]
    assert (results.rows, results.files, results.budget_share) == (3, 2, 0.01)
    assert (results.versions, results.oldest_version) == ((results.newest_version or 0) + 1, 0)
    assert results.newest_at == read_commits(site, RESULTS)[0].at
    assert (results.deleted_files_kept_h, results.log_kept_h) == (31 * 24, 60 * 24)
    assert found.table_count == len(own_tables(site)) == len(by_name)
    assert found.rows == sum(size.rows or 0 for size in found.tables)
    assert found.size_bytes == sum(size.size_bytes or 0 for size in found.tables) > 0
    assert found.over_budget == ()
    (run,) = found.open_runs
    assert (run.kind, run.run_id, run.age_s, run.is_long) == ("test", "r1", 3 * 86400.0, True)
    assert found.lock is not None
    assert (found.lock.purpose, found.operation.phase) == ("a test", "open")
    assert report(site).lock is None


def test_bytes_beside_the_live_files_are_counted_where_they_can_be(
    local: Engine, tmp_path: Path
) -> None:
    site, store = on(local)
    keep_run(store, "r1", 3, "t1")
    folder = tmp_path / "lake" / "main" / "s" / "dq_test_runs"
    before = {size.table: size.unreferenced_bytes for size in report(site).tables}
    (folder / "left-behind.parquet").write_bytes(b"x" * 1000)
    after = {size.table: size.unreferenced_bytes for size in report(site).tables}
    assert (after["dq_test_runs"] or 0) - (before["dq_test_runs"] or 0) == 1000


def test_a_table_that_cannot_be_read_is_reported_and_the_others_go_on(local: Engine) -> None:
    denied = PermissionDeniedError("no")
    tapped = TappedEngine(local, before=once("query", "DETAIL `main`.`s`.`dq_alerts`", denied))
    found = report(Site.of(tapped, settings_for("s"), at_now()))
    assert {size.table: size.error for size in found.tables if size.error} == {"dq_alerts": "no"}
    assert found.table_count == len(found.tables) > 10


@pytest.mark.parametrize(
    ("text", "days"),
    [("interval 31 days", 31), ("INTERVAL 1 week", 7), ("interval 1 day 24 hours", 2), (None, 5)],
)
def test_retention_is_read_as_delta_writes_it(text: str | None, days: int) -> None:
    assert span_of(text, timedelta(days=5)) == timedelta(days=days)


# --- maintain ----------------------------------------------------------------------------------


def go(
    engine: Engine, *, days: float = 0, dry_run: bool = False, **settings: object
) -> MaintainReport:
    """Maintain as it would be `days` from now."""
    later = Context(now=lambda: datetime.now(UTC) + timedelta(days=days))
    return maintain(engine, settings_for("s", **settings), later, dry_run=dry_run)


def versions(engine: Engine) -> dict[str, int | None]:
    site = Site.of(engine, settings_for("s"), Context())
    return {n.table: engine.inspect(TableRelation(n)).version for n in own_tables(site)}


def files_of(engine: Engine, name: TableName) -> int:
    return engine.inspect(TableRelation(name)).file_count or 0


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the two tables that the writers of these tests write are taken care of."""
    names = (RESULTS, TableName("main", "s", "dq_test_runs"))
    monkeypatch.setattr(maintaining, "own_tables", lambda _: names)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> int:
    """Tables count as worth compacting from a few files on."""
    monkeypatch.setattr(compacting, "COMPACT_FILES", 5)
    return 5


@pytest.mark.usefixtures("few")
def test_s9_small_files_are_compacted_below_the_budget(
    engine: Engine, store: Store, small: int
) -> None:
    for number in range(small):
        store.runs.write([a_result("r", f"t{number}", detected_at=NOW)])
    assert files_of(engine, RESULTS) == small
    planned = go(engine, dry_run=True)
    assert files_of(engine, RESULTS) == small
    done = go(engine)
    assert files_of(engine, RESULTS) == 1
    assert ids(engine, "dq_test_results", "test_id") == {f"t{n}" for n in range(small)}
    (before,) = [table for table in planned.tables if table.table == RESULTS.table]
    (after,) = [table for table in done.tables if table.table == RESULTS.table]
    assert before.statements == after.statements
    assert after.statements == (f"OPTIMIZE {RESULTS.sql} ZORDER BY (`test_id`, `detected_at`)",)
    assert (after.files, before.files_after, after.files_after) == (small, None, 1)
    assert done.is_complete
    assert not [table for table in go(engine).tables if table.statements]


def test_many_commits_are_summed_up_even_when_files_are_few(
    local: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, store = on(local)
    monkeypatch.setattr(compacting, "COMPACT_COMMITS", 12)
    for number in range(12):
        store.runs.write([a_result("r", f"t{number}", detected_at=NOW)])
    (table,) = [t for t in go(local).tables if t.table == RESULTS.table]
    assert (table.commits, table.files, table.files_after) == (12, 12, 1)
    assert table.statements == (f"OPTIMIZE {RESULTS.sql}",)


@pytest.mark.parametrize(
    ("more", "order"),
    [
        ({}, " ZORDER BY (`test_id`, `detected_at`)"),
        ({"clusteringColumns": ["test_id"]}, ""),
        ({"tableFeatures": ["clustering"]}, ""),
    ],
)
def test_a_clustered_table_is_ordered_by_the_plain_statement(
    more: dict[str, object], order: str
) -> None:
    detail = {"numFiles": 150, "sizeInBytes": 1, "createdAt": NOW, "properties": [], **more}
    commit = {"version": 1, "timestamp": NOW, "operation": "WRITE"}
    platform = RecordingEngine(
        {"DETAIL": pa.Table.from_pylist([detail]), "HISTORY": pa.Table.from_pylist([commit])}
    )
    compacting.Care(on(platform)[0], None, check=lambda: None).take(RESULTS)
    assert [done.text for done in platform.calls.executed] == [f"OPTIMIZE {RESULTS.sql}{order}"]


def test_the_columns_to_order_by_are_those_of_the_migrations() -> None:
    assert clustering_columns()["dq_test_results"] == ("test_id", "detected_at")
    assert "dq_settings" not in clustering_columns()


def test_a_dry_run_changes_nothing(local: Engine, small: int) -> None:
    _, store = on(local)
    fill(store)
    before = versions(local)
    planned = go(local, days=400, dry_run=True, retention_days=DAYS)
    assert versions(local) == before
    assert planned.purge.due > 0
    assert any(table.statements for table in planned.tables)


def hours(found: MaintainReport) -> dict[str, int]:
    """Hours that VACUUM keeps, by table."""
    kept = {}
    for table in found.tables:
        for statement in table.statements:
            if match := re.search(r"RETAIN (\d+) HOURS", statement):
                kept[table.table] = int(match[1])
    return kept


def test_s10_vacuum_keeps_what_readers_and_restore_points_need(
    engine: Engine, store: Store, small: int
) -> None:
    keep_run(store, "r1", 3, "t1")
    first = go(engine, days=20, restore_days=100)
    assert first.daily_point is not None
    # Nothing in a table is old enough to go, but in those that no point needs.
    assert hours(first).keys() == LIFE_TABLES
    pinned = engine.inspect(TableRelation(RESULTS)).relation
    for number in range(small):
        store.runs.write([a_result("r1", f"t{number}", detected_at=NOW)])
    later = go(engine, days=60, restore_days=100)
    assert (later.is_complete, later.expired_points) == (True, ())
    assert files_of(engine, RESULTS) == 1
    kept = hours(later)
    assert kept.keys() == versions(engine).keys()
    # The oldest point is 40 days old, and a day is added; no point needs the tables of the lock.
    assert {kept[name] for name in kept.keys() - LIFE_TABLES} == {41 * 24 + 1}
    assert {kept[name] for name in LIFE_TABLES} == {7 * 24}
    assert rows(engine, f"SELECT count(*) FROM {pinned.sql}") == [(1,)]
    last = go(engine, days=300, restore_days=100)
    assert set(last.expired_points) == {first.daily_point, later.daily_point}
    assert hours(last)["dq_test_results"] == 31 * 24


def test_a_table_that_cannot_be_done_leaves_the_others_alone(local: Engine) -> None:
    denied = PermissionDeniedError("you may not")
    tapped = TappedEngine(local, before=once("execute", "VACUUM `main`.`s`.`dq_alerts`", denied))
    done = go(tapped, days=400)
    assert {t.table: t.error for t in done.tables if t.error} == {"dq_alerts": "you may not"}
    vacuumed = [what for kind, what in tapped.calls if kind == "execute" and "VACUUM" in what]
    assert len(vacuumed) == len(done.tables)
    assert not done.is_complete


def test_points_and_purge_that_fail_are_problems_and_the_rest_is_done(
    local: Engine, small: int
) -> None:
    _, store = on(local)
    for number in range(small):
        store.runs.write([a_result("r", f"t{number}", detected_at=days_ago(99))])
    fails = once("query", "dq_restore_points", PermissionDeniedError("no points"))
    with Site.of(local, settings_for("s"), Context()).lock.hold("somebody else's work"):
        done = go(TappedEngine(local, before=fails), retention_days=1, lock_wait_s=0)
    points, locked = done.problems
    assert points == "restore points: no points"
    assert "somebody else's work" in locked
    assert files_of(local, RESULTS) == 1
    assert not done.is_complete


def test_a_conflict_is_tried_again(local: Engine, small: int) -> None:
    _, store = on(local)
    for number in range(small):
        store.runs.write([a_result("r", f"t{number}", detected_at=NOW)])
    tapped = TappedEngine(local, before=once("execute", "OPTIMIZE", WriteConflictError("lost")))
    assert go(tapped).is_complete
    assert files_of(local, RESULTS) == 1


def test_it_stops_when_the_schema_begins_to_be_renamed(local: Engine, small: int) -> None:
    _, store = on(local)
    for number in range(small):
        store.runs.write([a_result("r", f"t{number}", detected_at=NOW)])
    busy = Operation(Phase.RENAMING, job="j", other="target", since="noon", by="somebody")

    def begin(kind: str, what: str) -> None:
        if kind == "query" and "DETAIL `main`.`s`.`dq_connections`" in what:
            change_operation(local, "main", "s", Operation(), busy, at=NOW)

    with pytest.raises(SchemaBusyError):
        go(TappedEngine(local, after=begin))
    assert files_of(local, RESULTS) == small


WRITES = 6


@pytest.mark.usefixtures("few")
def test_s9_maintaining_beside_writers_loses_and_doubles_nothing(
    engine: Engine, tmp_path: Path, small: int
) -> None:
    """Two writers insert and update keyed rows while everything is compacted and vacuumed."""
    ended = Event()
    with ThreadPoolExecutor(3) as pool:
        writers = [pool.submit(write, engine, tmp_path, who) for who in ("left", "right")]
        care = pool.submit(maintain_until, ended, engine, tmp_path)
        try:
            written = {key for writer in writers for key in writer.result()}
        finally:
            ended.set()
        compactions = care.result()
    assert compactions > 0
    stored = rows(engine, "SELECT test_run_id, total_tests FROM main.s.dq_test_runs")
    assert sorted(stored) == sorted((key, 1) for key in written)
    assert len(written) == 2 * WRITES
    results = rows(engine, "SELECT result_id FROM main.s.dq_test_results")
    assert sorted(results) == sorted((f"{key}-t",) for key in written)


def write(engine: Engine, folder: Path, who: str) -> list[str]:
    keys = [f"{who} {number}" for number in range(WRITES)]
    with second(engine, folder) as own:
        store = Store(own, settings_for("s"), Context())
        for key in keys:
            run = store.runs.start(a_run(key))
            store.runs.write([a_result(key, "t", detected_at=NOW)])
            store.runs.finish(run.model_copy(update={"status": "completed", "total_tests": 1}))
    return keys


def maintain_until(ended: Event, engine: Engine, folder: Path) -> int:
    """How often a table was compacted."""
    found = 0
    with second(engine, folder) as own:
        while not ended.is_set():
            done = go(own, days=40)
            assert done.is_complete, done
            found += sum("OPTIMIZE" in text for table in done.tables for text in table.statements)
        # However fast the writers were, the last round has their files to compact.
        return found + sum(len(table.statements) for table in go(own).tables)


def second(engine: Engine, folder: Path) -> AbstractContextManager[Engine]:
    """Another engine on the same tables, or the same one where it is safe for threads."""
    open_contender = getattr(import_module(ENGINES[engine.facts.name]), "contender", None)
    if open_contender is None:
        return nullcontext(engine)
    opener: Callable[[], Engine] = open_contender(engine, folder)
    return opener()


def test_it_refuses_a_schema_that_is_busy_or_missing(engine: Engine) -> None:
    with pytest.raises(SchemaBehindError, match="dq migrate"):
        maintain(engine, settings_for("elsewhere"), at_now())
    for version, refusal in (("1", SchemaBehindError), ("99", SchemaNewerError)):
        write_values(engine, "main", "s", {SCHEMA_VERSION: version}, at=NOW)
        with pytest.raises(refusal):
            go(engine)
    busy = Operation(Phase.RENAMING, job="j", other="target", since="noon", by="somebody")
    change_operation(engine, "main", "s", Operation(), busy, at=NOW)
    before = versions(engine)
    with pytest.raises(SchemaBusyError, match=r"renaming \(target\) since noon, by somebody"):
        go(engine)
    assert versions(engine) == before


def test_removals_and_compaction_on_a_few_rows(engine: Engine) -> None:
    """What the statements of the upkeep do on every engine, in as few of them as can be."""
    site, store = on(engine)
    old, new = ("r old", 90, "t1"), ("r new", 80, "t1")
    keep_runs(store, (*old, RunStatus.COMPLETED), (*new, RunStatus.COMPLETED))
    _, runs, results, *_ = due_rows(site, days_ago(DAYS))
    assert engine.query(results.count(site)).to_pylist() == [{"n": 1}]
    assert engine.execute(runs.removal(site)) == 1
    assert engine.execute(results.removal(site)) == 1
    assert ids(engine, "dq_test_results", "test_run_id") == {"r new"}
    store.runs.write([a_result("r new", "t2", detected_at=NOW)])
    order = f"OPTIMIZE {RESULTS.sql} ZORDER BY (`test_id`, `detected_at`)"
    assert engine.execute(Statement(order)) is None
    later = Context(now=lambda: datetime.now(UTC) + timedelta(days=400))
    care = compacting.Care(Site.of(engine, settings_for("s"), later), None, check=lambda: None)
    table = care.take(RESULTS)
    assert (table.error, table.files, table.commits) == (None, 1, 0)
    assert [text.split()[0] for text in table.statements] == ["VACUUM"]
