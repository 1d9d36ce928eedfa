"""Typed access: pages, conditional writes, and what happens when a reply is lost."""

from __future__ import annotations

import importlib
import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier

import pytest

from dq_databricks.engine.protocol import Engine
from dq_databricks.errors import (
    AlreadyExistsError,
    EngineError,
    NotFoundError,
    OutcomeUnknownError,
    UnknownNameError,
    VersionConflictError,
    WriteConflictError,
    WrongUseError,
)
from dq_databricks.model.catalog import Project
from dq_databricks.model.ids import Context
from dq_databricks.model.profile import ProfileRun
from dq_databricks.model.testing import TestRecord, TestResult
from dq_databricks.model.vocabulary import RunStatus
from dq_databricks.store.filters import contains, eq, ge, is_in, is_null, lt, ne
from dq_databricks.store.store import Store
from tests.support.engines import engine_parameters, open_engine_for_tests
from tests.support.provisioned import put_schema
from tests.support.store import (
    START,
    TappedEngine,
    a_result,
    a_test,
    once,
    quiet,
    settings_for,
    ticking,
)

SPARK_SAMPLE = {
    "test_rows_come_back_as_they_went",
    "test_s1_a_key_is_inserted_once",
    "test_s2_the_second_edit_of_one_state_is_refused",
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


def test_rows_come_back_as_they_went(store: Store) -> None:
    test = a_test("round", column_name="c", reason=None, is_active=False)
    assert store.tests.add(test) == test
    assert store.tests.get("round") == test
    result = a_result(
        "round",
        "t",
        measured_value=0.1,
        row_count=2**40,
        lower_bound=float("-inf"),
        detected_at=START + timedelta(microseconds=123456),
    )
    store.runs.write([result])
    assert store.table(TestResult).get("round-t") == result


def test_s1_a_key_is_inserted_once(store: Store, tapped: TappedEngine) -> None:
    store.tests.add(a_test("s1", name="first"))
    tapped.calls.clear()
    with pytest.raises(AlreadyExistsError, match="dq_tests already has a row 's1'"):
        store.tests.add(a_test("s1", name="second"))
    assert tapped.count("merge", "append", "execute") == 1
    assert store.tests.get("s1").name == "first"
    assert store.tests.add_missing([a_test("s1", name="third"), a_test("s1b")]) == 1
    assert store.tests.get("s1").name == "first"


def test_s2_the_second_edit_of_one_state_is_refused(store: Store) -> None:
    test = store.tests.add(a_test("s2"))
    edited = store.tests.edit(test.model_copy(update={"name": "mine"}), expected_version=1)
    assert (edited.version, edited.name, edited.is_locked) == (2, "mine", True)
    assert edited.updated_at > test.updated_at
    with pytest.raises(VersionConflictError, match="version 1 was expected, version 2 is stored"):
        store.tests.edit(test.model_copy(update={"name": "yours"}), expected_version=1)
    assert store.tests.get("s2") == edited
    with pytest.raises(NotFoundError, match="dq_tests row 'nobody'"):
        store.tests.edit(a_test("nobody"), expected_version=1)


def test_s3_conflicts_are_retried_and_nothing_else(store: Store, tapped: TappedEngine) -> None:
    tapped.before = once("merge", "dq_tests", WriteConflictError("somebody won"))
    store.tests.add(a_test("s3"))
    assert tapped.count("merge") == 2
    tapped.before = once("merge", "dq_tests", EngineError("broken"))
    with pytest.raises(EngineError, match="broken"):
        store.tests.add(a_test("s3b"))
    assert tapped.count("merge") == 3


@pytest.mark.parametrize("committed", [True, False])
def test_s5_a_lost_reply_neither_loses_nor_doubles(
    store: Store, tapped: TappedEngine, committed: bool
) -> None:
    side = "after" if committed else "before"
    key = f"s5{side}"

    def lose(kind: str, what: str) -> None:
        tapped.before = tapped.after = quiet
        setattr(tapped, side, once(kind, what, OutcomeUnknownError("the line went dead")))

    lose("merge", "dq_tests")
    assert store.tests.add(a_test(key)).version == 1
    lose("append", "dq_test_results")
    store.runs.write([a_result(key, "t1"), a_result(key, "t2")])
    assert len(store.table(TestResult).select(eq("test_run_id", key))) == 2
    lose("execute", "UPDATE")
    edited = store.tests.edit(a_test(key, name="edited"), expected_version=1)
    assert store.tests.get(key) == edited
    lose("execute", "UPDATE")
    store.tests.remove(key, expected_version=2)
    assert store.tests.table.get(key) is None


def test_removed_rows_are_hidden_and_stay_stored(store: Store) -> None:
    test = store.tests.add(a_test("removed"))
    with pytest.raises(VersionConflictError):
        store.tests.remove("removed", expected_version=7)
    store.tests.remove("removed", expected_version=1)
    with pytest.raises(NotFoundError):
        store.tests.get("removed")
    assert not store.tests.select(eq("test_id", "removed")).items
    hidden = store.tests.table.get("removed", include_removed=True)
    assert hidden is not None
    assert (hidden.version, hidden.deleted_at is not None) == (2, True)
    with pytest.raises(NotFoundError, match="it was removed at"):
        store.tests.edit(test, expected_version=2)
    with pytest.raises(NotFoundError, match="it was removed at"):
        store.tests.remove("removed", expected_version=2)
    assert store.tests.add_missing([test]) == 0
    again = store.tests.add(test)
    assert (again.version, again.deleted_at) == (3, None)
    assert store.tests.get("removed") == again


def test_conditions_are_typed_and_bound(store: Store) -> None:
    rows = [
        a_test("f1", name="50% off!", table_id="filters", column_name="a'b"),
        a_test("f2", name="50 per", table_id="filters", version=2),
        a_test("f3", name="; DROP TABLE x --", table_id="filters", is_active=False),
    ]
    store.tests.add_missing(rows)
    here = eq("table_id", "filters")

    def found(*conditions: object) -> list[str]:
        return [row.test_id for row in store.tests.table.select(here, *conditions)]

    assert found(contains("name", "0% o")) == ["f1"]
    assert found(contains("name", "f!")) == ["f1"]
    assert found(eq("column_name", "a'b")) == ["f1"]
    assert found(eq("column_name", None)) == ["f2", "f3"]
    assert found(is_null("column_name"), eq("is_active", False)) == ["f3"]
    assert found(ge("version", 2)) == ["f2"]
    assert found(lt("version", 2), ne("name", "50% off!")) == ["f3"]
    assert found(eq("name", "; DROP TABLE x --")) == ["f3"]
    assert found(is_in("test_id", [])) == []
    assert found(is_in("test_id", ["f3", "f1"])) == ["f1", "f3"]
    many = ["f3", *(f"none'{number}" for number in range(300))]
    assert found(is_in("test_id", many)) == ["f3"]
    with pytest.raises(UnknownNameError, match="dq_tests has no column 'nme'; it has test_id"):
        found(eq("nme", "x"))
    with pytest.raises(UnknownNameError):
        store.tests.table.select(order_by=("-nme",))


def pages(store: Store, order_by: tuple[str, ...], limit: int) -> list[list[str]]:
    here, cursor, found = eq("table_group_id", "paged"), None, []
    while True:
        page = store.tests.table.select(here, order_by=order_by, limit=limit, cursor=cursor)
        found.append([row.test_id for row in page])
        cursor = page.next_cursor
        if cursor is None:
            return found


def test_pages_follow_each_other_in_every_order(store: Store) -> None:
    columns = ["b", None, "a", "b", None]
    store.tests.add_missing(
        [
            a_test(f"p{n}", table_group_id="paged", column_name=column, created_at=START)
            for n, column in enumerate(columns)
        ]
    )
    assert pages(store, (), 2) == [["p0", "p1"], ["p2", "p3"], ["p4"]]
    assert pages(store, ("column_name",), 2) == [["p2", "p0"], ["p3", "p1"], ["p4"]]
    assert pages(store, ("-column_name",), 2) == [["p3", "p0"], ["p2", "p4"], ["p1"]]
    assert pages(store, ("-created_at", "column_name"), 3) == [["p2", "p0", "p3"], ["p1", "p4"]]
    assert pages(store, (), 5) == [["p0", "p1", "p2", "p3", "p4"]]


def test_cursors_are_stable_under_inserts_and_refuse_tampering(store: Store) -> None:
    here = eq("table_group_id", "stable")
    store.tests.add_missing([a_test(f"c{n}", table_group_id="stable") for n in (1, 3, 5)])
    first = store.tests.table.select(here, limit=2)
    assert first.next_cursor is not None
    store.tests.add_missing([a_test(f"c{n}", table_group_id="stable") for n in (0, 2, 4)])
    rest = store.tests.table.select(here, limit=2, cursor=first.next_cursor)
    assert [row.test_id for row in (*first, *rest)] == ["c1", "c3", "c4", "c5"]
    cursor = first.next_cursor
    other = eq("table_group_id", "other")
    for forged in (cursor[:-2], cursor[:-1] + "!", "x" + cursor[1:], "", "é"):
        with pytest.raises(WrongUseError, match="start again without a cursor"):
            store.tests.table.select(here, limit=2, cursor=forged)
    with pytest.raises(WrongUseError, match="this listing did not give it"):
        store.tests.table.select(here, order_by=("name",), limit=2, cursor=cursor)
    with pytest.raises(WrongUseError, match="this listing did not give it"):
        store.tests.table.select(here, include_removed=True, limit=2, cursor=cursor)
    with pytest.raises(WrongUseError, match="this listing did not give it"):
        store.tests.table.select(other, limit=2, cursor=cursor)
    with pytest.raises(WrongUseError, match="limit 0"):
        store.tests.table.select(here, limit=0)


def test_s18_text_is_kept_byte_for_byte_and_nul_is_refused(store: Store) -> None:
    texts = ["e\u0301 é", "👩‍👩‍👧 \u202eabc", "tab\tnew\nline\\ '' \" `", "", " ", "\ufeff"]
    rows = [a_test(f"u{n}", name=text, table_group_id="s18") for n, text in enumerate(texts)]
    store.tests.add_missing(rows)
    stored = store.tests.table.select(eq("table_group_id", "s18"))
    assert [row.name.encode() for row in stored] == [text.encode() for text in texts]
    assert [row.test_id for row in store.tests.table.select(eq("name", "👩‍👩‍👧 \u202eabc"))] == [
        "u1"
    ]
    for bad in ("a\x00b", "\ud800"):
        with pytest.raises(WrongUseError, match=r"dq_tests\.name"):
            store.tests.add(a_test("bad", name=bad))
        with pytest.raises(WrongUseError, match=r"dq_tests\.name"):
            store.tests.edit(a_test("u0", name=bad), expected_version=1)
    composed = store.catalog.ensure_project("caf\u00e9")
    assert store.catalog.ensure_project("cafe\u0301") == composed


def test_keyed_rows_are_never_appended(store: Store, tapped: TappedEngine) -> None:
    with pytest.raises(WrongUseError, match="dq_tests is keyed"):
        store.table(TestRecord).append([a_test("x")])
    tapped.calls.clear()
    store.runs.write([])
    assert store.tests.add_missing([]) == 0
    assert tapped.calls == []


def test_upsert_replaces_by_key(store: Store) -> None:
    run = ProfileRun(
        profile_run_id="up", table_group_id="g", status=RunStatus.RUNNING, started_at=START
    )
    assert store.profiles.runs.upsert_many([run]) == (1, 0)
    done = run.model_copy(update={"status": RunStatus.COMPLETED, "row_count": 3})
    assert store.profiles.runs.upsert_many([done]) == (0, 1)
    assert store.profiles.runs.get("up") == done


def test_pages_give_arrow(store: Store) -> None:
    store.tests.add(a_test("arrow", table_group_id="arrow"))
    page = store.tests.select(eq("table_group_id", "arrow"))
    assert len(page) == 1
    arrow = page.to_arrow()
    assert arrow.column("test_id").to_pylist() == ["arrow"]
    assert str(arrow.schema.field("created_at").type) == "timestamp[us, tz=UTC]"
    assert arrow.column_names == list(TestRecord.model_fields)


def _insert_in_process(folder: Path, gate: Barrier, owner: str) -> list[str]:
    module = importlib.import_module("tests.support.local_engine")
    won = []
    with module.open_for_tests(folder) as engine:
        projects = Store(engine, settings_for("s"), Context()).table(Project)
        now = START
        for number in range(4):
            gate.wait(60)
            row = Project(project_key=f"k{number}", name=owner, created_at=now, updated_at=now)
            try:
                projects.insert(row)
            except AlreadyExistsError:
                continue
            won.append(row.project_key)
    return won


def test_s1_two_processes_insert_the_same_keys(tmp_path: Path) -> None:
    module = importlib.import_module("tests.support.local_engine")
    with module.open_for_tests(tmp_path) as engine:
        put_schema(tmp_path)
        store = Store(engine, settings_for("s"), ticking())
        spawn = multiprocessing.get_context("spawn")
        with spawn.Manager() as manager, ProcessPoolExecutor(2, mp_context=spawn) as pool:
            gate = manager.Barrier(2)
            owners = ["left", "right"]
            work = [pool.submit(_insert_in_process, tmp_path, gate, owner) for owner in owners]
            won = {owner: done.result() for owner, done in zip(owners, work, strict=True)}
        stored = {row.project_key: row.name for row in store.catalog.projects.select()}
        assert sorted(won["left"] + won["right"]) == ["k0", "k1", "k2", "k3"]
        assert stored == {key: owner for owner, keys in won.items() for key in keys}
