"""Renaming: everything arrives, whoever is killed or comes late, and nothing is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread

import pytest

from dq_databricks.engine.protocol import Engine
from dq_databricks.errors import (
    IdentifierError,
    PermissionDeniedError,
    QualityError,
    RenameError,
    SchemaBehindError,
)
from dq_databricks.lifecycle.moving.checksums import content
from dq_databricks.lifecycle.moving.copying import (
    Copying,
    copy_table,
    latest_version,
    merge_statement,
)
from dq_databricks.lifecycle.moving.job import Renaming
from dq_databricks.lifecycle.moving.rename import RenameReport, abandon, rename
from dq_databricks.lifecycle.moving.renaming import STEPS
from dq_databricks.lifecycle.moving.standing import status
from dq_databricks.lifecycle.shape.live import live_table
from dq_databricks.lifecycle.state import OPERATION, Operation, Phase, read_state, write_values
from dq_databricks.model.ids import Context
from dq_databricks.model.setting import Setting
from dq_databricks.sql.identifiers import TableName
from tests.support.cloning import CloningEngine
from tests.support.contract import rows, run
from tests.support.engines import open_engine_for_tests
from tests.support.renamed import (
    NEW,
    OLD,
    PROJECTS,
    TESTS,
    add_tests,
    ids,
    make,
    setting,
    setting_list,
    small_schema,
    table,
    tables,
)
from tests.support.store import START, Tap, TappedEngine, settings_for

SPARK_SAMPLE: set[str] = set()  # its checksums and statements run there in other modules
T = f"`main`.`{OLD}`.{TESTS}"
STRIDE = 7
LATER = Context(now=lambda: datetime.now(UTC) + timedelta(hours=1))


class Killed(BaseException):
    """What a process does not survive."""


def go(engine: Engine, target: str | None = NEW, context: Context | None = None) -> RenameReport:
    return rename(engine, settings_for(OLD), context or Context(), target)


def operation(engine: Engine, schema: str) -> Operation:
    return read_state(engine, "main", schema).operation


def phases(engine: Engine) -> tuple[Phase, Phase]:
    return operation(engine, OLD).phase, operation(engine, NEW).phase


def shape_of(engine: Engine, schema: str, name: str = TESTS) -> object:
    return live_table(engine, TableName("main", schema, name))


def test_m17_rows_comments_properties_and_constraints_arrive(engine: Engine) -> None:
    small_schema(engine)
    run(engine, f"ALTER TABLE {T} SET TBLPROPERTIES ('team' = 'it\\'s \\\\ us')")
    run(engine, f"COMMENT ON TABLE {T} IS 'it\\'s \"ours\" \\\\ two'")
    run(engine, f"ALTER TABLE {T} ALTER COLUMN name COMMENT 'what it\\'s called'")
    run(engine, f"ALTER TABLE {T} ADD CONSTRAINT has_name CHECK (name <> '')")
    run(engine, f"CREATE TABLE main.{OLD}.extra (n BIGINT, tags MAP<STRING, INT>) USING DELTA")
    run(engine, f"INSERT INTO main.{OLD}.extra VALUES (1, map('a', 1)), (1, map('b', 2))")
    run(engine, f"CREATE VIEW main.{OLD}.named AS SELECT name FROM {T}")

    report = go(engine)

    assert shape_of(engine, NEW) == shape_of(engine, OLD)
    for name in (TESTS, PROJECTS, "extra"):
        text = f"SELECT * FROM main.{{}}.{name} ORDER BY 1, 2" if name != "extra" else ""
        text = text or "SELECT n, tags['a'] AS a FROM main.{}.extra ORDER BY 2"
        assert rows(engine, text.format(NEW)) == rows(engine, text.format(OLD))
    assert report.differences == ()
    assert report.left_behind == ("named",)
    copied = {found.name: found for found in report.tables}
    assert (copied[TESTS].row_count, copied[PROJECTS].row_count, report.row_count) == (2, 1, 5)
    assert copied["extra"].presence_only == ("tags",)
    assert phases(engine) == (Phase.MOVED, Phase.OPEN)
    assert setting(engine, NEW, "data_quality_schema") == NEW
    assert setting(engine, NEW, "schema_version") == setting(engine, OLD, "schema_version")
    assert setting_list(engine, NEW, "renamed_from") == [OLD]
    points = rows(engine, f"SELECT name, reason FROM main.{NEW}.dq_restore_points")
    assert points == [(report.restore_point, "after rename")]
    with pytest.raises(QualityError, match="has_name"):
        run(engine, f"UPDATE main.{NEW}.{TESTS} SET name = '' WHERE test_id = 't1'")


def test_m17_one_table_is_copied_and_kept_in_step(engine: Engine) -> None:
    """The statements of a renaming, on one table of three columns."""
    columns = "project_key STRING NOT NULL COMMENT 'it\\'s a key', name STRING, n DOUBLE"
    source, target = (TableName("main", schema, PROJECTS) for schema in ("s", NEW))
    run(engine, f"CREATE TABLE {source.sql} ({columns}) USING DELTA COMMENT 'ours \\\\'")
    run(engine, f"ALTER TABLE {source.sql} ADD CONSTRAINT keyed CHECK (project_key <> '')")
    run(engine, f"INSERT INTO {source.sql} VALUES ('a', NULL, 0.1), ('b', 'b', NULL)")
    run(engine, f"CREATE SCHEMA main.{NEW}")
    make(engine, Setting, NEW)
    marker = Operation(Phase.ARRIVING, "job", "s")
    row = Setting(key=OPERATION, value=marker.text, updated_at=START)
    table(engine, Setting, NEW).insert_missing([row])
    copying = Copying(source, target, live_table(engine, source), marker)

    def copied() -> bool:
        assert copy_table(engine, copying, latest_version(engine, source)) == ()
        one, other = (content(engine, name, copying.shape.columns) for name in (source, target))
        return one == other

    assert copied()
    assert live_table(engine, target) == copying.shape
    run(engine, f"UPDATE {source.sql} SET n = 0.2 WHERE project_key = 'a'")
    run(engine, f"DELETE FROM {source.sql} WHERE project_key = 'b'")
    run(engine, f"INSERT INTO {source.sql} VALUES ('c', NULL, NULL)")
    assert copied()
    run(engine, f"DELETE FROM main.{NEW}.{Setting.TABLE}")
    run(engine, f"INSERT INTO {source.sql} VALUES ('d', NULL, NULL)")
    assert not copied()


def test_m18_what_was_lost_on_the_way_is_given_back_or_listed(engine: Engine) -> None:
    small_schema(engine)
    run(engine, f"ALTER TABLE {T} SET TBLPROPERTIES ('team' = 'us')")
    stopping(engine, "verify", before=True)
    run(engine, f"COMMENT ON TABLE main.{NEW}.{TESTS} IS 'lost'")
    run(engine, f"ALTER TABLE main.{NEW}.{TESTS} SET TBLPROPERTIES ('team' = 'them')")
    run(engine, f"COMMENT ON TABLE main.{NEW}.{PROJECTS} IS 'lost too'")

    def denied(kind: str, what: str) -> None:
        if kind == "execute" and "COMMENT ON" in what and PROJECTS in what:
            raise PermissionDeniedError("not the owner")

    report = go(TappedEngine(engine, before=denied))
    assert shape_of(engine, NEW) == shape_of(engine, OLD)
    assert [(d.object, d.expected, d.found) for d in report.differences] == [
        (PROJECTS, f"about {PROJECTS}", "lost too")
    ]


def test_m18_grants_and_tags_that_a_clone_loses_are_given_again(lake: Engine) -> None:
    small_schema(lake)
    run(lake, f"ALTER TABLE {T} ADD CONSTRAINT has_name CHECK (name <> '')")
    cloning = CloningEngine(lake)
    governed = cloning.governed
    old, new = (f"`main`.`{schema}`" for schema in (OLD, NEW))
    governed.grants = {
        ("SCHEMA", old): {("readers", "USE SCHEMA"), ("readers", "SELECT"), ("me", "OWN")},
        ("TABLE", f"{old}.`{TESTS}`"): {("writer", "MODIFY"), ("writer", "MANAGE")},
    }
    governed.tags = {
        (old, None): {"team": "us"},
        (f"{old}.`{TESTS}`", None): {"pii": ""},
        (f"{old}.`{TESTS}`", "name"): {"kind": "label"},
    }
    governed.denied = {"MANAGE"}

    report = go(cloning)

    clones = [what for kind, what in cloning.calls if what.startswith("DEEP CLONE")]
    assert f"DEEP CLONE main.{OLD}.{TESTS}" in clones
    assert shape_of(lake, NEW) == shape_of(lake, OLD)
    assert governed.grants["SCHEMA", new] == {("readers", "USE SCHEMA"), ("readers", "SELECT")}
    assert governed.tags[new, None] == {"team": "us"}
    assert governed.tags[f"{new}.`{TESTS}`", None] == {"pii": ""}
    assert governed.tags[f"{new}.`{TESTS}`", "name"] == {"kind": "label"}
    assert [(d.object, d.found) for d in report.differences] == [
        (f"grants of {new}.`{TESTS}`", "MANAGE may not be granted by you")
    ]
    arrived(lake)


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Engine]:
    """The local engine, for what is the same code on every engine."""
    with open_engine_for_tests("local", tmp_path) as opened:
        yield opened


# --- where it may go --------------------------------------------------------------------------


def test_m13_an_empty_target_is_allowed(lake: Engine) -> None:
    small_schema(lake)
    run(lake, f"CREATE SCHEMA main.{NEW}")
    assert not go(lake).resumed
    assert ids(lake, NEW) == ["t1", "t2"]


def test_m13_a_target_with_tables_is_refused_and_nothing_is_touched(engine: Engine) -> None:
    small_schema(engine)
    run(engine, f"CREATE SCHEMA main.{NEW}")
    run(engine, f"CREATE TABLE main.{NEW}.theirs (n INT) USING DELTA")
    with pytest.raises(RenameError, match=r"main\.new holds theirs; nothing was changed"):
        go(engine)
    small_schema(engine, "third")
    with pytest.raises(RenameError, match=r"main\.third is a metadata schema of version \d+"):
        go(engine, "third")
    assert operation(engine, OLD) == Operation()
    assert tables(engine, NEW) == ["theirs"]
    assert ids(engine, "third") == ["t1", "t2"]


def test_m13_the_half_done_target_of_another_schema_is_refused(lake: Engine) -> None:
    small_schema(lake)
    small_schema(lake, "third")
    stopping(lake, "copy_tables", before=False)
    with pytest.raises(RenameError, match=r"half-done target of job .* which renames old"):
        rename(lake, settings_for("third"), Context(), NEW)
    assert operation(lake, "third").phase is Phase.OPEN
    assert go(lake).resumed


def test_m13_only_the_target_that_was_begun_may_be_finished(lake: Engine) -> None:
    small_schema(lake)
    stopping(lake, "copy_tables", before=False)
    with pytest.raises(RenameError, match=r"is being renamed to new .*dq rename --abandon"):
        go(lake, "other")
    report = go(lake, None)
    assert (report.target, report.resumed) == (NEW, True)
    assert go(lake).was_done
    with pytest.raises(RenameError, match="was renamed to new already"):
        go(lake, "other")


def test_m13_what_an_abandoned_renaming_left_is_gone_on_with(engine: Engine) -> None:
    small_schema(engine)
    stopping(engine, "verify", before=True)
    given_up = abandon(engine, settings_for(OLD), Context())
    assert (given_up.target, given_up.kept_target) == (NEW, True)
    assert operation(engine, OLD).phase is Phase.OPEN
    # Life goes on in the old schema, so the copy is out of date in every way.
    add_tests(engine, "t3")
    run(engine, f"UPDATE {T} SET name = 'edited' WHERE test_id = 't1'")
    run(engine, f"DELETE FROM {T} WHERE test_id = 't2'")
    go(engine)
    found = rows(engine, f"SELECT test_id, name FROM main.{NEW}.{TESTS} ORDER BY test_id")
    assert found == [("t1", "edited"), ("t3", "test t3")]
    with pytest.raises(RenameError, match="was renamed to new already"):
        abandon(engine, settings_for(OLD), Context())


@pytest.mark.parametrize("name", ["a.b", "a b", "a/b", "", "x" * 121, "x" * 256, "a\nb"])
def test_m19_names_that_databricks_refuses_are_refused_first(engine: Engine, name: str) -> None:
    tapped = TappedEngine(engine)
    with pytest.raises(IdentifierError, match="data_quality_schema"):
        go(tapped, name)
    assert tapped.calls == []


def test_m19_odd_names_that_databricks_takes_are_quoted(engine: Engine) -> None:
    small_schema(engine)
    name = "new-tick`ed-it's-ünï"
    go(engine, name)
    assert ids(engine, name) == ["t1", "t2"]
    assert operation(engine, OLD).other == name


def test_m19_case_makes_no_other_name(engine: Engine) -> None:
    small_schema(engine)
    with pytest.raises(RenameError, match="has that name already"):
        go(engine, OLD.upper())


def test_a_schema_that_is_not_up_to_date_is_refused(engine: Engine) -> None:
    with pytest.raises(SchemaBehindError, match=r"main\.old has no metadata tables"):
        go(engine)
    small_schema(engine)
    write_values(engine, "main", OLD, {"schema_version": "1"}, at=START)
    with pytest.raises(SchemaBehindError, match=r"is at version 1, .*run `dq migrate`"):
        go(engine)
    assert tables(engine, NEW) == []


# --- killed, stopped, late --------------------------------------------------------------------


@pytest.mark.parametrize("step", [step.__name__ for step in STEPS])
def test_m15_killed_after_a_step_the_next_run_completes(lake: Engine, step: str) -> None:
    small_schema(lake)
    stopping(lake, step, before=False)
    switched = step in ("switch", "open_target")
    assert (operation(lake, OLD).phase is Phase.MOVED) is switched
    assert ids(lake, OLD) == ["t1", "t2"]
    go(lake)
    arrived(lake)


def test_m15_killed_after_ever_more_calls(lake: Engine) -> None:
    small_schema(lake)
    calls, kills = 1, 0
    while True:
        tapped = TappedEngine(lake, before=dying_after(calls))
        try:
            go(tapped)
        except Killed:
            calls, kills = calls + STRIDE, kills + 1
            continue
        break
    assert kills > 50 / STRIDE
    arrived(lake)


def test_m14_what_is_written_meanwhile_and_acknowledged_arrives(lake: Engine) -> None:
    small_schema(lake)
    acknowledged: list[str] = []
    began, ended = Event(), Event()

    def write() -> None:
        for number in range(1000):
            name = f"w{number:03}"
            add_tests(lake, name)
            if operation(lake, OLD).phase is not Phase.OPEN:
                ended.wait(30)
                return
            acknowledged.append(name)
            began.set()

    with running(write):
        assert began.wait(30)
        go(lake)
        ended.set()
    there = ids(lake, NEW)
    assert acknowledged
    assert set(acknowledged) <= set(there)
    assert len(there) == len(set(there))
    assert set(there) <= set(ids(lake, OLD))


def test_m14_a_write_that_slips_in_is_copied_as_well(engine: Engine) -> None:
    small_schema(engine)

    def slip(kind: str, what: str) -> None:
        if kind == "query" and "md5" in what and "t3" not in ids(engine, OLD):
            add_tests(engine, "t3")
            run(engine, f"UPDATE {T} SET name = 'edited' WHERE test_id = 't1'")
            run(engine, f"DELETE FROM {T} WHERE test_id = 't2'")

    report = go(TappedEngine(engine, before=slip))
    assert ids(engine, NEW) == ["t1", "t3"]
    assert rows(engine, f"SELECT name FROM main.{NEW}.{TESTS} WHERE test_id = 't1'") == [
        ("edited",)
    ]
    assert {found.name: found.row_count for found in report.tables}[TESTS] == 2


def test_m16_a_writer_that_never_stops_ends_it(lake: Engine) -> None:
    small_schema(lake)
    count = 0

    def busy(kind: str, what: str) -> None:
        nonlocal count
        if kind == "query" and "md5" in what and f"`{OLD}`.`{TESTS}`" in what:
            count += 1
            add_tests(lake, f"b{count}")

    with pytest.raises(RenameError, match=r"main\.old is still written to: main\.old\.dq_tests"):
        go(TappedEngine(lake, before=busy))
    assert phases(lake) == (Phase.RENAMING, Phase.ARRIVING)
    go(lake)
    assert ids(lake, NEW) == ids(lake, OLD)


def test_m16_a_difference_stops_it_and_both_are_kept(engine: Engine) -> None:
    small_schema(engine)
    spoilt = after_once(
        "MERGE INTO", PROJECTS, lambda: run(engine, f"DELETE FROM main.{NEW}.{PROJECTS}")
    )
    with pytest.raises(RenameError) as caught:
        go(TappedEngine(engine, after=spoilt))
    for part in (f"main.old.{PROJECTS} has 1 rows", f"main.new.{PROJECTS} has 0", "--abandon"):
        assert part in str(caught.value)
    assert ids(engine, OLD) == ids(engine, NEW) == ["t1", "t2"]
    assert phases(engine) == (Phase.RENAMING, Phase.ARRIVING)
    abandon(engine, settings_for(OLD), Context())
    assert phases(engine) == (Phase.OPEN, Phase.ARRIVING)
    go(engine)
    arrived(engine)


def test_m16_equal_counts_of_unequal_rows_are_a_difference(lake: Engine) -> None:
    small_schema(lake)
    edit = f"UPDATE main.{NEW}.{TESTS} SET name = NULL WHERE test_id = 't2'"
    spoilt = after_once("MERGE INTO", TESTS, lambda: run(lake, edit))
    with pytest.raises(RenameError, match=r"dq_tests has 2 rows .* has 2 \(checksum"):
        go(TappedEngine(lake, after=spoilt))


def test_two_runners_at_once_rename_once(lake: Engine) -> None:
    small_schema(lake)
    reports: list[RenameReport] = []
    with running(*[lambda: reports.append(go(lake))] * 2):
        pass
    assert sorted(report.was_done for report in reports) == [False, True]
    arrived(lake)


@pytest.mark.parametrize("call", [8, 20, 30, 50, 70, 80])
def test_a_runner_that_wakes_after_all_is_over_does_no_harm(lake: Engine, call: int) -> None:
    small_schema(lake)
    seen = 0

    def overtaken(kind: str, what: str) -> None:
        nonlocal seen
        seen += 1
        if seen == call:
            # The lease of the first runner has run out by the clock of the second.
            go(lake, context=LATER)
            use_the_new_schema(lake)

    with suppress(QualityError):
        go(TappedEngine(lake, before=overtaken))
    assert seen >= call
    assert phases(lake) == (Phase.MOVED, Phase.OPEN)
    found = rows(lake, f"SELECT test_id, name FROM main.{NEW}.{TESTS} ORDER BY test_id")
    assert found == [("t1", "edited"), ("t9", "test t9")]
    assert rows(lake, f"SELECT count(*) AS n FROM main.{NEW}.{PROJECTS}") == [(0,)]


def test_a_copy_that_comes_late_writes_nothing(lake: Engine) -> None:
    small_schema(lake)
    stopping(lake, "verify", before=True)
    marker = operation(lake, NEW)
    source, target = (TableName("main", schema, TESTS) for schema in (OLD, NEW))
    copying = Copying(source, target, live_table(lake, source), marker)
    late = merge_statement(copying, latest_version(lake, source), update=True)
    go(lake)
    use_the_new_schema(lake)
    lake.execute(late)
    assert ids(lake, NEW) == ["t1", "t9"]


def test_a_failure_before_the_target_is_ours_leaves_the_source_open(lake: Engine) -> None:
    small_schema(lake)

    def denied(kind: str, what: str) -> None:
        if kind == "execute" and "CREATE SCHEMA" in what:
            raise PermissionDeniedError("no CREATE SCHEMA on main")

    with pytest.raises(RenameError, match=r"create target: no CREATE SCHEMA .* open as before"):
        go(TappedEngine(lake, before=denied))
    assert operation(lake, OLD).phase is Phase.OPEN
    go(lake)
    arrived(lake)


def test_status_tells_where_it_stands(lake: Engine) -> None:
    small_schema(lake)

    def told(schema: str) -> tuple[str, str, str | None]:
        found = status(lake, settings_for(schema), Context())
        return found.phase, found.other, found.old_schema

    assert told(OLD) == ("open", "", None)
    stopping(lake, "verify", before=True)
    assert told(OLD) == ("renaming", NEW, None)
    assert told(NEW) == ("arriving", OLD, None)
    go(lake)
    assert told(OLD) == ("moved", NEW, None)
    assert told(NEW) == ("open", "", OLD)


# --- below ------------------------------------------------------------------------------------


def stopping(engine: Engine, step: str, *, before: bool) -> None:
    """Begin to rename, and die before or after a step."""
    wanted = next(known for known in STEPS if known.__name__ == step)

    def dying(renaming: Renaming) -> None:
        if not before:
            wanted(renaming)
        raise Killed

    changed = [dying if known is wanted else known for known in STEPS]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("dq_databricks.lifecycle.moving.rename.STEPS", changed)
        with pytest.raises(Killed):
            go(engine)


def dying_after(calls: int) -> Tap:
    left = [calls]

    def tap(kind: str, what: str) -> None:
        # Only the work of the renaming itself: giving the lock back comes after death.
        left[0] -= 1
        if left[0] == 0:
            raise Killed

    return tap


def after_once(fragment: str, other: str, action: Callable[[], object]) -> Tap:
    armed = [True]

    def tap(kind: str, what: str) -> None:
        if armed and fragment in what and f"`{other}`" in what:
            armed.clear()
            action()

    return tap


def use_the_new_schema(engine: Engine) -> None:
    """What people do in a schema that is open: add, edit, remove."""
    add_tests(engine, "t9", schema=NEW)
    run(engine, f"UPDATE main.{NEW}.{TESTS} SET name = 'edited' WHERE test_id = 't1'")
    run(engine, f"DELETE FROM main.{NEW}.{TESTS} WHERE test_id = 't2'")
    run(engine, f"DELETE FROM main.{NEW}.{PROJECTS}")


def arrived(engine: Engine) -> None:
    """Everything is in the new schema once, and the new schema is the one that counts."""
    assert phases(engine) == (Phase.MOVED, Phase.OPEN)
    assert ids(engine, NEW) == ids(engine, OLD) == ["t1", "t2"]
    assert rows(engine, f"SELECT project_key FROM main.{NEW}.{PROJECTS}") == [("p1",)]
    assert tables(engine, NEW) == tables(engine, OLD)
    keys = rows(engine, f"SELECT key FROM main.{NEW}.{Setting.TABLE} ORDER BY key")
    assert len(keys) == len(set(keys))
    assert setting_list(engine, NEW, "renamed_from") == [OLD]


@contextmanager
def running(*works: Callable[[], object]) -> Iterator[None]:
    """Each of `works` in a thread; what one raises is raised here."""
    failed: list[BaseException] = []

    def guarded(work: Callable[[], object]) -> None:
        try:
            work()
        except BaseException as error:
            failed.append(error)
            raise

    threads = [Thread(target=guarded, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for thread in threads:
            thread.join(60)
    assert not failed
