"""The views of the metadata through the whole life of a schema: made, verified, moved, dropped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from dq_databricks.engine.protocol import Engine
from dq_databricks.errors import EngineError, MigrationError
from dq_databricks.lifecycle.migrations.ledger import Ledger
from dq_databricks.lifecycle.migrations.repair import baseline
from dq_databricks.lifecycle.migrations.rollback import rollback
from dq_databricks.lifecycle.migrations.runner import MigrateOptions, migrate
from dq_databricks.lifecycle.migrations.scripts import Script, latest_version, shipped_scripts
from dq_databricks.lifecycle.moving.dropping import drop_old
from dq_databricks.lifecycle.moving.rename import RenameReport, abandon, rename
from dq_databricks.lifecycle.points.backup import make_point
from dq_databricks.lifecycle.points.restore import restore
from dq_databricks.lifecycle.points.versions import versions_of
from dq_databricks.lifecycle.provision import provision
from dq_databricks.lifecycle.shape.compare import Difference, Kind
from dq_databricks.lifecycle.shape.live import live_shape
from dq_databricks.lifecycle.shape.verify import adopt, verify
from dq_databricks.lifecycle.shape.views import made_views
from dq_databricks.lifecycle.site import Site
from dq_databricks.lifecycle.upkeep.sizes import report
from dq_databricks.model.ids import Context
from dq_databricks.model.tables import MODELS
from tests.support.contract import rows, run
from tests.support.engines import engine_parameters, open_engine_for_tests
from tests.support.provisioned import put_schema
from tests.support.store import TappedEngine, once, settings_for, ticking

pytestmark = pytest.mark.timeout(900)  # minutes on Spark where the machine is busy
SPARK_SAMPLE = {
    "test_an_upgrade_makes_the_views_and_a_rollback_takes_only_them",
    "test_a_view_that_was_changed_by_hand_is_drift_until_it_is_adopted",
}

VIEWS = made_views(shipped_scripts())
MAKING_VIEWS = 14
BY_HAND = "SELECT schedule_id, name FROM main.{}.dq_schedules"
SPELLED = "SELECT `schedule_id`, `name` FROM `{schema}`.`dq_schedules`"


class Killed(BaseException):
    """What a process does not survive."""


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Engine]:
    """The local engine over a clean install, for what is the same code on every engine."""
    put_schema(tmp_path, "s")
    with open_engine_for_tests("local", tmp_path) as opened:
        yield opened


def site(engine: Engine, schema: str = "s") -> Site:
    return Site(engine, "main", schema, Context(), "tester")


@pytest.fixture(params=engine_parameters())
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """Every engine, over nothing; Spark over the tables of the views, which cost it minutes."""
    if request.param == "spark":
        with open_engine_for_tests("local", tmp_path) as writer:
            install(writer, to=MAKING_VIEWS - 1)
    with open_engine_for_tests(request.param, tmp_path) as opened:
        yield opened


def install(engine: Engine, to: int | None = None) -> None:
    provision(engine, settings_for("s"), ticking(), MigrateOptions(to=to))


def views(engine: Engine, schema: str = "s") -> set[str]:
    return {name.table for name in engine.views("main", schema)}


def go(engine: Engine, *scripts: Script) -> tuple[int, int]:
    """Statements that were carried out, and those whose effect was there."""
    known: Sequence[Script] = (shipped_scripts()[0], shipped_scripts()[1], *scripts)
    made = migrate(engine, "main", "s", ticking(), "tester", scripts=known)
    return made.statements_executed, made.adopted


# --- made and undone ------------------------------------------------------------------------


def test_an_upgrade_makes_the_views_and_a_rollback_takes_only_them(engine: Engine) -> None:
    install(engine, to=MAKING_VIEWS - 1)
    before = set(engine.tables("main", "s"))
    assert views(engine) == set()
    install(engine)
    assert views(engine) == VIEWS
    assert all(text for text in engine.views("main", "s").values())
    assert verify(site(engine)).is_clean
    rollback(site(engine), to=MAKING_VIEWS - 1)
    assert set(engine.tables("main", "s")) == before
    assert verify(site(engine)).is_clean
    install(engine)
    assert views(engine) == VIEWS


def test_every_view_reads_the_tables_of_its_own_schema_only(engine: Engine) -> None:
    install(engine)
    made = live_shape(engine, "main", "s").views
    assert made.keys() == VIEWS
    for view in made.values():
        assert view.text is not None
        assert "`{schema}`.`" in view.text
        assert "`main`" not in view.text


def test_a_runner_that_was_killed_is_completed_and_makes_no_view_twice(lake: Engine) -> None:
    rollback(site(lake), to=MAKING_VIEWS - 1)
    made = "VIEW IF NOT EXISTS `main`.`s`.v_due_schedules"
    gone = once("execute", made, EngineError("the cluster went away"))
    with pytest.raises(MigrationError, match="cluster went away"):
        install(TappedEngine(lake, before=gone))
    half = views(lake)
    assert 0 < len(half) < len(VIEWS)
    assert {item.object for item in verify(site(lake)).drift} == set()
    assert set(verify(site(lake)).left_over) == half
    tapped = TappedEngine(lake)
    install(tapped)
    created = [text for method, text in tapped.calls if method == "execute" and "VIEW" in text]
    assert len(created) == len(VIEWS) - len(half)
    assert views(lake) == VIEWS


def test_a_view_of_other_hands_is_never_replaced(engine: Engine) -> None:
    run(engine, "CREATE VIEW main.s.v AS SELECT 1 AS mine")
    view = "CREATE VIEW IF NOT EXISTS `{schema}`.v AS SELECT key FROM `{schema}`.dq_settings"
    with pytest.raises(MigrationError, match="a view of another text has that name"):
        go(engine, Script(2, "0002_create_view", f"{view};"))
    assert rows(engine, "SELECT * FROM main.s.v") == [(1,)]
    run(engine, "DROP VIEW main.s.v")
    run(engine, "CREATE TABLE main.s.v (id STRING) USING DELTA")
    with pytest.raises(MigrationError, match="a table has that name"):
        go(engine, Script(2, "0002_create_view", f"{view};"))


def test_a_later_file_replaces_a_view_once(engine: Engine) -> None:
    first = "CREATE VIEW IF NOT EXISTS `{schema}`.v AS SELECT key FROM `{schema}`.dq_settings"
    later = "CREATE OR REPLACE VIEW `{schema}`.v AS SELECT value FROM `{schema}`.dq_settings"
    two, three = Script(2, "0002_a", f"{first};"), Script(3, "0003_b", f"{later};")
    go(engine, two)
    run(engine, "CREATE OR REPLACE VIEW main.s.v AS SELECT value FROM main.s.dq_settings")
    executed, adopted = go(engine, two, three)
    assert adopted == 1
    assert executed == 0
    expected = live_shape(engine, "main", "s").views["v"].text
    assert expected == "SELECT `value` FROM `{schema}`.`dq_settings`"


# --- drift ----------------------------------------------------------------------------------


def test_a_view_that_was_changed_by_hand_is_drift_until_it_is_adopted(engine: Engine) -> None:
    install(engine)
    run(engine, f"CREATE OR REPLACE VIEW main.s.v_due_schedules AS {BY_HAND.format('s')}")
    run(engine, "DROP VIEW main.s.v_run_cost")
    run(engine, "CREATE VIEW main.s.mine AS SELECT 1 AS one")
    changed = verify(site(engine))
    found = {item.object: (item.kind, item.found) for item in changed.drift}
    assert found == {
        "v_due_schedules": (Kind.TEXT, SPELLED),
        "v_run_cost": (Kind.MISSING, None),
    }
    assert changed.foreign == ("mine",)
    assert changed.fingerprint != changed.expected_fingerprint
    adopt(site(engine))
    assert verify(site(engine)).is_clean
    run(engine, "DROP VIEW main.s.v_due_schedules")
    later = verify(site(engine)).drift
    assert later == (Difference("v_due_schedules", Kind.MISSING, "view", None),)


def test_a_view_that_cannot_be_read_any_more_stops_neither_verify_nor_points(lake: Engine) -> None:
    run(lake, "CREATE TABLE main.s.gone (id STRING) USING DELTA")
    run(lake, "CREATE VIEW main.s.broken AS SELECT id FROM main.s.gone")
    run(lake, "DROP TABLE main.s.gone")
    assert verify(site(lake)).foreign == ("broken",)
    point = make_point(lake, settings_for("s"), Context())
    assert set(versions_of(point)) & {"broken", *VIEWS} == set()


def test_a_baseline_wants_the_views_too(lake: Engine) -> None:
    run(lake, "DROP VIEW main.s.v_runs")
    for name in ("dq_schema_migrations", "dq_migration_steps", "dq_settings"):
        run(lake, f"DELETE FROM main.s.{name}")
    with pytest.raises(MigrationError, match="v_runs: missing, expected view"):
        baseline(site(lake), latest_version())


# --- restored, measured, moved ---------------------------------------------------------------


def test_a_restore_to_before_the_views_leaves_them_for_the_next_migration(lake: Engine) -> None:
    rollback(site(lake), to=MAKING_VIEWS - 1)
    point = make_point(lake, settings_for("s"), Context())
    install(lake)
    restored = restore(lake, settings_for("s"), Context(), point=point.name)
    assert restored.rolled_back == (MAKING_VIEWS,)
    assert set(verify(site(lake)).left_over) == VIEWS
    install(lake)
    assert verify(site(lake)).is_clean
    history = Ledger(lake, "main", "s", Context()).latest() or {}
    assert history[MAKING_VIEWS].state == "applied"


def test_sizes_and_upkeep_know_the_tables_only(lake: Engine) -> None:
    assert {size.table for size in report(site(lake)).tables} == {m.TABLE for m in MODELS}


def move(engine: Engine, target: str | None = "t") -> RenameReport:
    return rename(engine, settings_for("s"), Context(), target)


def test_a_renamed_schema_has_the_views_over_its_own_tables(lake: Engine) -> None:
    install(lake)
    run(lake, f"CREATE OR REPLACE VIEW main.s.v_due_schedules AS {BY_HAND.format('s')}")
    run(lake, "CREATE VIEW main.s.mine AS SELECT 1 AS one")
    moved = move(lake)
    assert (moved.left_behind, moved.differences) == (("mine",), ())
    old, new = (live_shape(lake, "main", schema).views for schema in ("s", "t"))
    assert new == {name: view for name, view in old.items() if name != "mine"}
    assert new["v_due_schedules"].text == SPELLED
    for text in lake.views("main", "t").values():
        assert text is not None
        assert "main.s." not in text.replace("`", "")
    assert [item.object for item in verify(site(lake, "t")).drift] == ["v_due_schedules"]
    run(lake, "DROP VIEW main.s.mine")
    dropped = drop_old(lake, settings_for("t"), Context())
    assert dropped.dropped[0].schema == "s"
    assert lake.tables("main", "s") == []
    for view in sorted(VIEWS):
        assert rows(lake, f"SELECT * FROM main.t.{view}") == []


def test_a_view_that_reads_what_stays_behind_is_made_as_its_migration_says(lake: Engine) -> None:
    run(lake, "CREATE VIEW main.s.mine AS SELECT 1 AS one")
    run(lake, "CREATE OR REPLACE VIEW main.s.v_runs AS SELECT one FROM main.s.mine")
    moved = move(lake)
    (lost,) = moved.differences
    assert (lost.object, lost.kind) == ("v_runs", Kind.TEXT)
    assert lost.expected == "SELECT `one` FROM `{schema}`.`mine`"
    assert verify(site(lake, "t")).is_clean


def test_a_view_that_was_dropped_by_hand_is_not_made_in_the_new_schema(lake: Engine) -> None:
    run(lake, "DROP VIEW main.s.v_runs")
    move(lake)
    assert views(lake, "t") == VIEWS - {"v_runs"}


def test_a_renaming_that_was_killed_at_a_view_is_completed(lake: Engine) -> None:
    at = "VIEW `main`.`t`.`v_open_incidents`"
    with pytest.raises(Killed):
        move(TappedEngine(lake, after=once("execute", at, Killed())))
    assert views(lake, "t") < VIEWS
    assert move(lake, None).resumed
    assert verify(site(lake, "t")).is_clean
    killed = TappedEngine(lake, after=once("execute", "DROP VIEW IF EXISTS", Killed()))
    with pytest.raises(Killed):
        drop_old(killed, settings_for("t"), Context())
    drop_old(lake, settings_for("t"), Context())
    assert lake.tables("main", "s") == []


def test_what_an_abandoned_renaming_left_is_replaced_by_the_next(lake: Engine) -> None:
    at = "VIEW `main`.`t`.`v_run_cost`"
    with pytest.raises(Killed):
        move(TappedEngine(lake, after=once("execute", at, Killed())))
    abandon(lake, settings_for("s"), Context())
    run(lake, f"CREATE OR REPLACE VIEW main.s.v_run_cost AS {BY_HAND.format('s')}")
    move(lake)
    assert live_shape(lake, "main", "t").views["v_run_cost"].text == SPELLED
