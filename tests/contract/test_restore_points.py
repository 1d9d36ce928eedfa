"""Restore points, and the way back: whole, undone by its own point, safe when killed or late."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dq_databricks.engine.protocol import Engine
from dq_databricks.errors import (
    AlreadyExistsError,
    LeaseLostError,
    NotFoundError,
    ParameterError,
    RestoreError,
    SchemaBehindError,
    SchemaBusyError,
    SchemaLockedError,
)
from dq_databricks.lifecycle.migrations.ledger import Ledger
from dq_databricks.lifecycle.migrations.look_first import Live
from dq_databricks.lifecycle.migrations.runner import MigrateOptions, make_life_tables, migrate
from dq_databricks.lifecycle.migrations.scripts import Script, latest_version, shipped_scripts
from dq_databricks.lifecycle.points.backup import (
    before_migration,
    daily_point,
    expire_points,
    make_point,
    remove_point,
)
from dq_databricks.lifecycle.points.listing import list_points, show_point
from dq_databricks.lifecycle.points.plan import Action, plan_restore
from dq_databricks.lifecycle.points.restore import restore
from dq_databricks.lifecycle.points.versions import ids_of, version_at, versions_of
from dq_databricks.lifecycle.provision import provision
from dq_databricks.lifecycle.shape.live import live_shape
from dq_databricks.lifecycle.site import Site
from dq_databricks.lifecycle.state import (
    Operation,
    Phase,
    change_operation,
    read_state,
    read_values,
    write_values,
)
from dq_databricks.model.ids import Context, utc_now
from dq_databricks.model.life import PointReason, RestorePoint
from dq_databricks.quality.points import PointFace
from dq_databricks.sql.relation import TableRelation
from tests.support.contract import named, rows, run
from tests.support.engines import open_engine_for_tests
from tests.support.store import TappedEngine, settings_for

SPARK_SAMPLE: set[str] = set()  # RESTORE itself runs there in test_restore_statement

S = "`{schema}`"
ONE = Script(
    1,
    "0001_create_a",
    f"CREATE TABLE IF NOT EXISTS {S}.dq_settings (key STRING NOT NULL, value STRING, "
    "updated_at TIMESTAMP) USING DELTA;\n"
    f"CREATE TABLE IF NOT EXISTS {S}.a (id STRING, n INT) USING DELTA;",
)
TWO = Script(
    2,
    "0002_add_b",
    f"ALTER TABLE {S}.a ADD COLUMNS (m STRING);\n"
    f"CREATE TABLE IF NOT EXISTS {S}.b (id STRING) USING DELTA;",
)
SETTINGS = settings_for("s")


class Killed(BaseException):
    """What a process does not survive."""


class Time:
    """The real clock, and what was slept on top of it."""

    def __init__(self) -> None:
        self.slept = 0.0

    def context(self) -> Context:
        return Context(
            now=lambda: utc_now() + timedelta(seconds=self.slept),
            monotonic=lambda: self.slept,
            sleep=self.pass_by,
        )

    def pass_by(self, seconds: float) -> None:
        self.slept += seconds


def context() -> Context:
    return Time().context()


def install(engine: Engine, *scripts: Script, schema: str = "s") -> None:
    run(engine, f"CREATE SCHEMA IF NOT EXISTS main.{schema}")
    known = (shipped_scripts()[0], *(scripts or (ONE,)))
    migrate(engine, "main", schema, context(), "tester", scripts=known)


def changed(engine: Engine) -> None:
    """What is in the schema after its restore point was made, however often this is done."""
    run(engine, "DELETE FROM main.s.a WHERE id = 'new'")
    run(engine, "INSERT INTO main.s.a (id, n) VALUES ('new', 2)")


def a_point(engine: Engine) -> RestorePoint:
    """The point `p` of a schema whose table `a` holds one row."""
    install(engine)
    run(engine, "INSERT INTO main.s.a (id, n) VALUES ('old', 1)")
    return make_point(engine, SETTINGS, context(), name="p")


def ids(engine: Engine, table: str = "a") -> list[object]:
    return [row[0] for row in rows(engine, f"SELECT id FROM main.s.{table} ORDER BY id")]


def states(engine: Engine) -> list[tuple[int, str]]:
    entries = Ledger(engine, "main", "s", context()).table.select(order_by=("version", "sequence"))
    return [(entry.version, str(entry.state)) for entry in entries]


def columns(engine: Engine, table: str = "a") -> list[str]:
    return [column.name for column in live_shape(engine, "main", "s").tables[table].columns]


def phase(engine: Engine) -> Phase:
    return read_state(engine, "main", "s").operation.phase


def bare(engine: Engine) -> None:
    """The least that has restore points, for an engine on which each statement takes its time."""
    run(engine, "CREATE TABLE main.s.a (id STRING) USING DELTA")
    run(
        engine,
        "CREATE TABLE main.s.dq_settings (key STRING, value STRING, updated_at TIMESTAMP) "
        "USING DELTA",
    )
    run(engine, "INSERT INTO main.s.dq_settings (key, value) VALUES ('schema_version', '1')")
    site = Site.of(engine, SETTINGS, context())
    make_life_tables(site, shipped_scripts(), Live(frozenset(engine.tables("main", "s"))))


# --- the way back -------------------------------------------------------------------------------


def test_rows_and_columns_go_back(engine: Engine) -> None:
    bare(engine)
    make_point(engine, SETTINGS, context(), name="p")
    run(engine, "ALTER TABLE main.s.a ADD COLUMNS (n INT)")
    run(engine, "INSERT INTO main.s.a (id, n) VALUES ('new', 1)")
    report = restore(engine, SETTINGS, context(), point="p")
    assert {table.table: table.action for table in report.tables} == {
        "a": Action.RESTORE,
        "dq_settings": Action.RESTORE,
    }
    described = engine.inspect(TableRelation(named("a")))
    assert ([column.name for column in described.columns], ids(engine)) == (["id"], [])
    assert phase(engine) is Phase.OPEN


def test_the_whole_schema_goes_back_and_the_safety_point_undoes_it(engine: Engine) -> None:
    point = a_point(engine)
    assert set(versions_of(point)) == set(ids_of(point)) == {"a", "dq_settings"}
    assert (point.schema_version, point.is_consistent, point.expires_at) == (1, True, None)
    changed(engine)
    run(engine, "UPDATE main.s.a SET n = 7 WHERE id = 'old'")
    install(engine, ONE, TWO)
    run(engine, "INSERT INTO main.s.b (id) VALUES ('young')")

    plan = plan_restore(engine, SETTINGS, context(), point="p")
    assert (plan.is_reachable, plan.rolled_back, plan.schema_version_now) == (True, (2,), 2)
    told = {step.table: (step.action, step.rows_now, step.rows_then) for step in plan.tables}
    assert told["a"] == (Action.RESTORE, 2, 1)
    assert told["b"] == (Action.EMPTY, 1, 0)
    assert ids(engine) == ["new", "old"]

    report = restore(engine, SETTINGS, context(), point="p")
    assert rows(engine, "SELECT * FROM main.s.a") == [("old", 1)]
    assert ids(engine, "b") == []
    assert (columns(engine), report.rolled_back, report.schema_version) == (["id", "n"], (2,), 1)
    state = read_state(engine, "main", "s")
    assert (state.version, state.operation.phase) == (1, Phase.OPEN)
    assert states(engine) == [(1, "applied"), (2, "applied"), (2, "rolled back")]

    undone = restore(engine, SETTINGS, context(), point=report.safety_point.name)
    assert rows(engine, "SELECT id, n, m FROM main.s.a ORDER BY id") == [
        ("new", 2, None),
        ("old", 7, None),
    ]
    assert (ids(engine, "b"), undone.applied) == (["young"], (2,))
    assert read_state(engine, "main", "s").version == 2
    assert states(engine)[-1] == (2, "applied")


def test_rows_written_since_are_counted_by_their_key(engine: Engine) -> None:
    a_point(engine)
    run(engine, "INSERT INTO main.s.dq_settings (key, value) VALUES ('x', '1'), ('y', '2')")
    plan = plan_restore(engine, SETTINGS, context(), point="p")
    step = plan.tables[-1]
    assert (step.table, step.rows_lost) == ("dq_settings", 2)
    assert step.rows_now == (step.rows_then or 0) + 2


def test_a_time_is_restored_without_a_point(engine: Engine) -> None:
    install(engine)
    run(engine, "INSERT INTO main.s.a (id, n) VALUES ('old', 1)")
    history = rows(engine, "DESCRIBE HISTORY main.s.a")
    moment = history[0][1]
    assert isinstance(moment, datetime)
    changed(engine)
    assert version_at(engine, named("a"), moment) == history[0][0]
    assert version_at(engine, named("a"), datetime(2001, 1, 1, tzinfo=UTC)) is None
    run(engine, "CREATE TABLE main.s.c (id STRING) USING DELTA")
    run(engine, "INSERT INTO main.s.c (id) VALUES ('young')")
    plan = plan_restore(engine, SETTINGS, context(), at=moment.replace(tzinfo=None))
    assert plan.is_reachable
    report = restore(engine, SETTINGS, context(), at=moment)
    assert (ids(engine), ids(engine, "c")) == (["old"], [])
    assert report.point.name == f"at-{moment.astimezone(UTC).isoformat()}".replace("+00:00", "Z")
    names = {item.name for item in list_points(engine, SETTINGS, context())}
    assert names == {report.point.name, report.safety_point.name}


def test_a_time_before_the_schema_or_in_the_future_is_refused(engine: Engine) -> None:
    install(engine)
    tapped = TappedEngine(engine)
    with pytest.raises(RestoreError, match=r"in the future; it is 2\d\d\d"):
        plan_restore(tapped, SETTINGS, context(), at=utc_now() + timedelta(days=1))
    with pytest.raises(RestoreError, match=r"2001-01-01T00:00:00Z: it was made at 2\d\d\d-"):
        restore(tapped, SETTINGS, context(), at=datetime.fromisoformat("2001-01-01"))
    assert {what for kind, what in tapped.calls if kind == "merge"} == {"dq_leases"}
    assert tapped.count("restore") == 0


def test_a_rolled_back_version_is_applied_again_as_in_a_clean_install(engine: Engine) -> None:
    install(engine, ONE, TWO, schema="clean")
    install(engine)
    point = before_migration(engine, SETTINGS, context())
    install(engine, ONE, TWO)
    restore(engine, SETTINGS, context(), point=point.point_id)
    shapes = live_shape(engine, "main", "s"), live_shape(engine, "main", "clean")
    assert shapes[0].fingerprint != shapes[1].fingerprint
    install(engine, ONE, TWO)
    assert live_shape(engine, "main", "s").fingerprint == shapes[1].fingerprint
    assert [state for version, state in states(engine) if version == 2] == [
        "applied",
        "rolled back",
        "applied",
    ]


def test_the_shipped_schema_goes_back_and_forth(tmp_path: Path) -> None:
    # On one engine: to make all versions costs more than the rest of this file.
    with open_engine_for_tests("local", tmp_path) as engine:
        _back_and_forth(engine, 6)  # what comes after it gives tables of before new columns


def _back_and_forth(engine: Engine, before: int) -> None:
    newest = latest_version()
    provision(engine, SETTINGS, context(), MigrateOptions(to=before))
    point = before_migration(engine, SETTINGS, context())
    provision(engine, SETTINGS, context())
    fingerprint = live_shape(engine, "main", "s").fingerprint
    report = restore(engine, SETTINGS, context(), point=point.point_id)
    assert read_state(engine, "main", "s").version == before
    assert report.rolled_back == tuple(range(newest, before, -1))
    assert live_shape(engine, "main", "s").fingerprint != fingerprint
    provision(engine, SETTINGS, context())
    assert read_state(engine, "main", "s").version == newest
    assert live_shape(engine, "main", "s").fingerprint == fingerprint


def test_the_name_of_the_schema_and_its_old_names_stay(engine: Engine) -> None:
    install(engine)
    keys = ("data_quality_schema", "renamed_from", "other")
    stored = dict(zip(keys, ("then", '["older"]', "1"), strict=True))
    write_values(engine, "main", "s", {"renamed_from": "[]", "other": "0"}, at=utc_now())
    make_point(engine, SETTINGS, context(), name="p")
    write_values(engine, "main", "s", stored, at=utc_now())
    restore(engine, SETTINGS, context(), point="p")
    assert read_values(engine, "main", "s", *keys) == {**stored, "other": "0"}


def test_views_and_the_tables_of_the_life_of_the_schema_are_left_alone(engine: Engine) -> None:
    install(engine)
    run(engine, "CREATE VIEW main.s.v AS SELECT id FROM main.s.a")
    point = make_point(engine, SETTINGS, context(), name="p")
    changed(engine)
    assert set(versions_of(point)) == {"a", "dq_settings"}
    report = restore(engine, SETTINGS, context(), point="p")
    assert [table.table for table in report.tables] == ["a", "dq_settings"]
    assert rows(engine, "SELECT id FROM main.s.v") == []
    names = {item.name for item in list_points(engine, SETTINGS, context())}
    assert names == {"p", report.safety_point.name}


# --- killed, stopped, at once ---------------------------------------------------------------------


# What a restore does, by the calls that begin a step; the embedded engine meets them all.
STEPS = (
    ("execute", "`dq_settings` SET `value` = :after"),  # the schema is marked
    ("merge", "dq_restore_points"),  # the safety point is stored
    ("restore", "a"),
    ("restore", "b"),
    ("merge", "dq_schema_migrations"),  # the ledger is told
    ("restore", "dq_settings"),  # the schema is open again
    ("merge", "dq_settings"),  # it bears the name of the job
)
LOOK = ("query", "DESCRIBE HISTORY `main`.`s`.`a` LIMIT")
Call = tuple[str, str]


def steps_of(engine: Engine, *steps: Call) -> tuple[Call, ...]:
    """All of them on the embedded engine, one elsewhere: each costs several restores."""
    return steps if engine.facts.name == "local" else (STEPS[2],)


def kill(engine: Engine, step: Call) -> TappedEngine:
    """An engine that dies before `step`, for good: nothing is given back."""
    dead: list[Call] = []

    def tap(kind: str, what: str) -> None:
        if dead or (kind == step[0] and step[1] in what):
            dead.append(step)
            raise Killed

    return TappedEngine(engine, before=tap)


def test_killed_before_each_step_in_turn_the_same_restore_finishes(engine: Engine) -> None:
    a_point(engine)
    changed(engine)
    install(engine, ONE, TWO)
    run(engine, "INSERT INTO main.s.b (id) VALUES ('young')")
    for number, step in enumerate(steps_of(engine, *STEPS[:-1])):
        begun = phase(engine) is Phase.RESTORING
        how = {"resume": True} if begun and number % 2 else {"point": "p"}
        with pytest.raises(Killed):
            restore(kill(engine, step), SETTINGS, context(), **how)
        assert (phase(engine) is Phase.RESTORING) == (step != STEPS[0])
    report = restore(engine, SETTINGS, context(), point="p")
    assert (report.is_resumed, phase(engine)) == (True, Phase.OPEN)
    assert (ids(engine), ids(engine, "b"), columns(engine)) == (["old"], [], ["id", "n"])
    assert (read_state(engine, "main", "s").version, states(engine)[-1]) == (1, (2, "rolled back"))
    restore(engine, SETTINGS, context(), point=report.safety_point.point_id)
    assert (ids(engine), ids(engine, "b")) == (["new", "old"], ["young"])
    assert (columns(engine), read_state(engine, "main", "s").version) == (["id", "n", "m"], 2)


def test_killed_after_the_last_table_everything_is_back(engine: Engine) -> None:
    a_point(engine)
    restore(engine, SETTINGS, context(), point="p")
    changed(engine)
    with pytest.raises(Killed):
        restore(kill(engine, STEPS[-1]), SETTINGS, context(), point="p")
    assert (ids(engine), phase(engine)) == (["old"], Phase.OPEN)
    assert not restore(engine, SETTINGS, context(), point="p").is_resumed
    assert ids(engine) == ["old"]


def test_m4_stopped_before_any_step_and_woken_late_it_does_no_harm(engine: Engine) -> None:
    a_point(engine)
    lost = (LOOK, *STEPS[:3])  # after these it finds that all it wanted is done
    for step in steps_of(engine, *lost, *STEPS[4:6]):
        changed(engine)
        if step == STEPS[4]:
            install(engine, ONE, TWO)
        slept: list[Call] = []

        def tap(kind: str, what: str, step: Call = step, slept: list[Call] = slept) -> None:
            if not slept and kind == step[0] and step[1] in what:
                slept.append(step)
                restore(engine, SETTINGS, context(), point="p")
                run(engine, "INSERT INTO main.s.a (id, n) VALUES ('acknowledged', 3)")
                run(engine, "INSERT INTO main.s.dq_settings (key, value) VALUES ('kept', '1')")

        with pytest.raises((LeaseLostError, SchemaBusyError)) if step in lost else nullcontext():
            restore(TappedEngine(engine, before=tap), SETTINGS, context(), point="p")
        assert slept == [step]
        assert (ids(engine), phase(engine)) == (["acknowledged", "old"], Phase.OPEN)
        assert rows(engine, "SELECT count(*) FROM main.s.dq_settings WHERE key = 'kept'") == [(1,)]
        run(engine, "DELETE FROM main.s.a WHERE id = 'acknowledged'")
        run(engine, "DELETE FROM main.s.dq_settings WHERE key = 'kept'")


def test_one_restore_at_a_time(engine: Engine) -> None:
    a_point(engine)
    changed(engine)
    hasty = settings_for("s", lock_wait_s=0)
    refused = []

    def second(kind: str, what: str) -> None:
        if kind == "restore" and not refused:
            with pytest.raises(SchemaLockedError, match="for restore since") as caught:
                restore(engine, hasty, context(), point="p")
            refused.append(caught)

    restore(TappedEngine(engine, before=second), SETTINGS, context(), point="p")
    assert (len(refused), ids(engine)) == (1, ["old"])


def test_another_point_waits_for_the_one_that_is_half_done(engine: Engine) -> None:
    point = a_point(engine)
    changed(engine)
    make_point(engine, SETTINGS, context(), name="q", expires_in_days=1)
    with pytest.raises(Killed):
        restore(kill(engine, ("restore", "a")), SETTINGS, context(), point="p")
    assert phase(engine) is Phase.RESTORING
    with pytest.raises(RestoreError, match=r"the restore to p, .* by tester, is half done"):
        restore(engine, SETTINGS, context(), point="q")
    with pytest.raises(SchemaBusyError, match="restoring"):
        make_point(engine, SETTINGS, context())
    with pytest.raises(RestoreError, match=r"it was restoring \(.*choose a time before"):
        plan_restore(engine, SETTINGS, context(), at=utc_now())
    with pytest.raises(RestoreError, match="needed by a restore"):
        remove_point(engine, SETTINGS, context(), "p")
    later = Context(now=lambda: utc_now() + timedelta(days=60))
    assert [point.name for point in expire_points(engine, SETTINGS, later)] == ["q"]
    # The way back to before is open even now.
    safety = next(
        item
        for item in list_points(engine, SETTINGS, context())
        if item.reason == PointReason.BEFORE_RESTORE
    )
    given_up = restore(engine, SETTINGS, context(), point=safety.name)
    assert (ids(engine), phase(engine)) == (["new", "old"], Phase.OPEN)
    assert given_up.safety_point.point_id not in (safety.point_id, point.point_id)
    with pytest.raises(RestoreError, match=r"no restore of main\.s is half done"):
        restore(engine, SETTINGS, context(), resume=True)


def test_commits_that_slip_in_between_look_and_restore_go_back_too(engine: Engine) -> None:
    a_point(engine)
    changed(engine)
    slipped = iter(("x", "y"))

    def tap(kind: str, what: str) -> None:
        if (kind, what) == ("restore", "a") and (late := next(slipped, None)):
            run(engine, f"INSERT INTO main.s.a (id, n) VALUES ('{late}', 1)")

    restore(TappedEngine(engine, before=tap), SETTINGS, context(), point="p")
    assert (ids(engine), list(slipped)) == (["old"], [])


def test_a_writer_that_began_before_sees_that_a_restore_ran(engine: Engine) -> None:
    a_point(engine)
    before = read_state(engine, "main", "s").operation
    restore(engine, SETTINGS, context(), point="p")
    first = read_state(engine, "main", "s").operation
    restore(engine, SETTINGS, context(), point="p")
    second = read_state(engine, "main", "s").operation
    assert len({before, first, second}) == 3
    assert {first.phase, second.phase} == {Phase.OPEN}


# --- what can be reached --------------------------------------------------------------------------


def test_missing_files_are_found_before_anything_changes(engine: Engine, tmp_path: Path) -> None:
    a_point(engine)
    changed(engine)
    run(engine, "UPDATE main.s.a SET n = 9 WHERE id = 'old'")
    for file in tmp_path.rglob("s/a/*.parquet"):
        file.unlink()
    plan = plan_restore(engine, SETTINGS, context(), point="p")
    assert not plan.is_reachable
    versions = {step.table: step.from_version for step in plan.tables}
    with pytest.raises(RestoreError, match=r"nothing was changed: version \d+ of a cannot be read"):
        restore(engine, SETTINGS, context(), point="p")
    after = plan_restore(engine, SETTINGS, context(), point="p")
    assert {step.table: step.from_version for step in after.tables} == versions
    assert phase(engine) is Phase.OPEN
    shown = show_point(engine, SETTINGS, context(), "p")
    assert (shown.is_reachable, "cannot be read" in (shown.why_not or "")) == (False, True)


def test_a_table_that_was_dropped_or_made_anew_is_out_of_reach(engine: Engine) -> None:
    a_point(engine)
    run(engine, "DROP TABLE main.s.a")
    [item] = list_points(engine, SETTINGS, context())
    assert (item.is_reachable, item.why_not) == (
        False,
        "a was dropped since (UNDROP TABLE may bring it back)",
    )
    run(engine, "CREATE TABLE main.s.a (id STRING, n INT) USING DELTA")
    run(engine, "INSERT INTO main.s.a (id, n) VALUES ('other', 1)")
    with pytest.raises(RestoreError, match="a was made anew since, so version 1 is not of this"):
        restore(engine, SETTINGS, context(), point="p")
    assert ids(engine) == ["other"]


def test_a_schema_without_tables_or_in_renaming_has_no_points(engine: Engine) -> None:
    for verb in (make_point, before_migration):
        with pytest.raises(SchemaBehindError, match="dq migrate"):
            verb(engine, SETTINGS, context())
    with pytest.raises(SchemaBehindError, match="dq migrate"):
        restore(engine, SETTINGS, context(), point="p")
    a_point(engine)
    now = utc_now()
    renaming = Operation(Phase.RENAMING, job="j", other="t", since="today", by="bob")
    assert change_operation(engine, "main", "s", Operation(), renaming, at=now)
    with pytest.raises(SchemaBusyError, match=r"renaming \(t\) since today, by bob"):
        make_point(engine, SETTINGS, context())
    with pytest.raises(SchemaBusyError, match=r"renaming \(t\) since today, by bob"):
        restore(engine, SETTINGS, context(), point="p")


def test_what_would_outlive_its_files_is_warned_of(engine: Engine) -> None:
    install(engine)
    kept = "'delta.deletedFileRetentionDuration' = 'interval 31 days'"
    for table in ("a", "dq_settings"):
        run(engine, f"ALTER TABLE main.s.{table} SET TBLPROPERTIES ({kept})")
    log = "'delta.logRetentionDuration' = 'interval 60 days'"
    run(engine, f"ALTER TABLE main.s.a SET TBLPROPERTIES ({log})")
    make_point(engine, SETTINGS, context(), name="long", expires_in_days=31)
    make_point(engine, SETTINGS, context(), name="short", expires_in_days=7)
    long, short = sorted(list_points(engine, SETTINGS, context()), key=lambda item: item.name)
    assert short.warnings is None
    # The settings keep the default of 30 days of log, which end before the 31 days of the point.
    assert "of dq_settings: raise" in (long.warnings or "")
    run(engine, f"ALTER TABLE main.s.a SET TBLPROPERTIES ({kept.replace('31', '1')})")
    [short] = [i for i in list_points(engine, SETTINGS, context()) if i.name == "short"]
    assert "VACUUM" in (short.warnings or "")
    assert short.is_reachable


# --- points ---------------------------------------------------------------------------------------


def test_names_are_checked_unique_and_free_again(engine: Engine) -> None:
    a_point(engine)
    for name in ("", "a b", "-x", "x/y", "ä", "x" * 121, "'; DROP"):
        with pytest.raises(ParameterError, match="restore point"):
            make_point(engine, SETTINGS, context(), name=name)
    with pytest.raises(AlreadyExistsError, match="'p' exists since"):
        make_point(engine, SETTINGS, context(), name="p")
    remove_point(engine, SETTINGS, context(), "p")
    with pytest.raises(NotFoundError, match="'p' was removed at"):
        restore(engine, SETTINGS, context(), point="p")
    again = make_point(engine, SETTINGS, context(), name="p")
    with pytest.raises(NotFoundError, match="did you mean 'p'"):
        remove_point(engine, SETTINGS, context(), "pp")
    fixed = Context(now=lambda: datetime(2026, 11, 21, 5, 30, tzinfo=UTC))
    made = [make_point(engine, SETTINGS, fixed).name for _ in range(2)]
    assert made == ["2026-11-21T05:30Z-manual", "2026-11-21T05:30Z-manual-2"]
    assert show_point(engine, SETTINGS, context(), again.point_id).name == "p"


def test_daily_points_are_made_once_and_expire(engine: Engine) -> None:
    install(engine)
    day = datetime(2030, 1, 1, 23, 59, tzinfo=UTC)
    first = daily_point(engine, SETTINGS, Context(now=lambda: day))
    assert first is not None
    assert (first.name, first.reason) == ("2030-01-01-daily", PointReason.DAILY)
    assert first.expires_at == day + timedelta(days=30)
    assert daily_point(engine, SETTINGS, Context(now=lambda: day)) is None
    make_point(engine, SETTINGS, Context(now=lambda: day), name="kept")
    next_day = Context(now=lambda: day + timedelta(minutes=1))
    assert daily_point(engine, settings_for("s", restore_days=1), next_day) is not None
    late = Context(now=lambda: day + timedelta(days=30))
    expired = expire_points(engine, SETTINGS, late)
    assert [point.name for point in expired] == ["2030-01-02-daily", "2030-01-01-daily"]
    assert expire_points(engine, SETTINGS, late) == ()
    assert [item.name for item in list_points(engine, SETTINGS, late)] == ["kept"]


def test_two_daily_points_at_once_become_one(engine: Engine) -> None:
    install(engine)
    others: list[RestorePoint | None] = []

    def faster(kind: str, what: str) -> None:
        if (kind, what) == ("merge", "dq_restore_points") and not others:
            others.append(None)
            others.append(daily_point(engine, SETTINGS, context()))

    assert daily_point(TappedEngine(engine, before=faster), SETTINGS, context()) is None
    assert others[1] is not None
    assert len(list_points(engine, SETTINGS, context())) == 1


def test_a_point_is_one_moment_of_a_schema_that_is_written_to(engine: Engine) -> None:
    install(engine)
    looks = {"all": 0}

    def writer(until: int) -> Callable[[str, str], None]:
        def tap(kind: str, what: str) -> None:
            if kind == "inspect" and what.endswith(".dq_settings") and looks["all"] < until:
                looks["all"] += 1
                run(engine, f"INSERT INTO main.s.a (id) VALUES ('{looks['all']}')")

        return tap

    point = make_point(TappedEngine(engine, before=writer(2)), SETTINGS, context(), name="p")
    assert (point.is_consistent, looks["all"]) == (True, 2)
    assert versions_of(point)["a"] == 2
    hasty = make_point(TappedEngine(engine, before=writer(99)), SETTINGS, context(), name="q")
    assert (hasty.is_consistent, looks["all"]) == (False, 7)
    assert "fit together" in str(show_point(engine, SETTINGS, context(), "q").warnings)


def test_points_are_listed_newest_first_in_pages(engine: Engine) -> None:
    install(engine)
    clock = iter(range(100))
    ticking = Context(now=lambda: datetime(2030, 1, 1, tzinfo=UTC) + timedelta(days=next(clock)))
    face = PointFace(engine, SETTINGS, ticking)
    for name in ("one", "two", "three"):
        face.backup(name)
    first = face.points(limit=2)
    assert [item.name for item in first] == ["three", "two"]
    assert [item.name for item in face.points(limit=2, cursor=first.next_cursor)] == ["one"]
    face.remove("two")
    assert [item.name for item in face.points()] == ["three", "one"]
    with pytest.raises(ParameterError, match="and not both"):
        face.plan_restore("one", at=utc_now())
