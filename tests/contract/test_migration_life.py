"""Migrations after the first one: states, plans, rollback, repair, baseline, and the journal."""

from __future__ import annotations

import pytest

from dq_databricks.engine.protocol import Engine
from dq_databricks.errors import (
    DriftError,
    EditedMigrationError,
    IrreversibleError,
    MigrationError,
    WrongUseError,
)
from dq_databricks.lifecycle.migrations.ledger import STRICT, Allowances, Ledger
from dq_databricks.lifecycle.migrations.plan import plan_down, plan_up
from dq_databricks.lifecycle.migrations.repair import baseline, repair
from dq_databricks.lifecycle.migrations.rollback import rollback
from dq_databricks.lifecycle.migrations.runner import (
    MigrateOptions,
    MigrationReport,
    migrate,
    numbered,
)
from dq_databricks.lifecycle.migrations.scripts import Script, shipped_scripts
from dq_databricks.lifecycle.migrations.status import State, status
from dq_databricks.lifecycle.shape.live import live_shape
from dq_databricks.lifecycle.site import Site
from dq_databricks.lifecycle.state import read_version
from dq_databricks.model.migration import MigrationStep
from dq_databricks.model.tables import LIFE_TABLES
from tests.support.contract import run
from tests.support.store import TappedEngine, once, ticking

S = "`{schema}`"
SETTINGS = (
    f"CREATE TABLE IF NOT EXISTS {S}.dq_settings (key STRING NOT NULL, value STRING, "
    "updated_at TIMESTAMP) USING DELTA;\n"
)
ONE = Script(
    1,
    "0001_create_a",
    f"{SETTINGS}CREATE TABLE IF NOT EXISTS {S}.a (id STRING, n BIGINT);",
    irreversible="it is the beginning",
)
TWO = Script(
    2,
    "0002_create_b",
    f"CREATE TABLE IF NOT EXISTS {S}.b (id STRING COMMENT 'the; id') COMMENT 'two';\n"
    f"ALTER TABLE {S}.a SET TBLPROPERTIES ('delta.logRetentionDuration' = 'interval 9 days');",
    rollback=f"-- destructive: b is lost\nDROP TABLE IF EXISTS {S}.b;\n"
    f"ALTER TABLE {S}.a UNSET TBLPROPERTIES IF EXISTS ('delta.logRetentionDuration');",
)
THREE = Script(
    3,
    "0003_create_c",
    f"CREATE TABLE IF NOT EXISTS {S}.c (id STRING);",
    rollback=f"DROP TABLE IF EXISTS {S}.c;",
)
THREE_AS_TWO = Script(2, "0002_create_c", THREE.text, rollback=THREE.rollback)
SPARK_SAMPLE = {"test_up_down_up_of_one_table_on_every_engine"}


class Killed(BaseException):
    """What a process does not survive."""


def scripts(*more: Script) -> tuple[Script, ...]:
    return (shipped_scripts()[0], *more)


def site_of(engine: Engine) -> Site:
    return Site(engine, "main", "s", ticking(), "tester")


def go(
    engine: Engine, *more: Script, to: int | None = None, allowed: Allowances = STRICT
) -> MigrationReport:
    chosen = MigrateOptions(to=to, allowed=allowed)
    return migrate(engine, "main", "s", ticking(), "tester", scripts=scripts(*more), options=chosen)


def states(engine: Engine, *files: Script) -> dict[int, State]:
    found = status(site_of(engine), numbered(scripts(*files)))
    return {version.version: version.state for version in found.migrations}


def tables(engine: Engine) -> set[str]:
    return {name.table for name in engine.tables("main", "s")} - LIFE_TABLES


def fingerprint(engine: Engine) -> str:
    return live_shape(engine, "main", "s", tables=tables(engine)).fingerprint


def steps(engine: Engine, version: int, direction: str = "up") -> list[tuple[int, str]]:
    rows = site_of(engine).table(MigrationStep).select(order_by=("fence", "started_at"))
    return [
        (row.statement, str(row.outcome))
        for row in rows
        if (row.version, row.direction) == (version, direction)
    ]


# --- up to a version, states ---------------------------------------------------------------


def test_up_to_a_version_and_on(engine: Engine) -> None:
    assert go(engine, ONE, TWO, THREE, to=2).applied == ("0001_create_a", "0002_create_b")
    assert states(engine, ONE, TWO, THREE) == {1: "applied", 2: "applied", 3: "pending"}
    assert read_version(engine, "main", "s") == 2
    with pytest.raises(WrongUseError, match=r"`dq migrate rollback --to 1`"):
        go(engine, ONE, TWO, THREE, to=1)
    with pytest.raises(WrongUseError, match="versions 1 to 3"):
        go(engine, ONE, TWO, THREE, to=9)
    assert go(engine, ONE, TWO, THREE).applied == ("0003_create_c",)


def test_m6_missing_and_out_of_order_are_named_and_let_pass_on_request(engine: Engine) -> None:
    go(engine, ONE, TWO)
    assert states(engine, ONE, THREE) == {1: "applied", 2: "missing", 3: "pending"}
    with pytest.raises(MigrationError, match=r"0002_create_b\.sql is missing.*--allow-missing"):
        go(engine, ONE, THREE)
    assert go(engine, ONE, THREE, allowed=Allowances(missing=True)).applied == ("0003_create_c",)
    late = Script(4, "0004_late", f"CREATE TABLE IF NOT EXISTS {S}.late (id STRING);")
    five = Script(5, "0005_e", f"CREATE TABLE IF NOT EXISTS {S}.e (id STRING);")
    with pytest.raises(MigrationError, match="number 0004 is missing"):
        go(engine, ONE, TWO, THREE, five)
    run(engine, "DROP TABLE main.s.c")
    assert states(engine, ONE, TWO, THREE, late, five)[4] == "pending"


def test_m6_a_file_below_the_applied_version(engine: Engine) -> None:
    go(engine, ONE)
    run(
        engine,
        "INSERT INTO main.s.dq_schema_migrations (entry_id, version, sequence, name, checksum, "
        "state, applied_at, applied_by, tool_version, statement_count, duration_ms) VALUES "
        f"('0003/0001', 3, 1, '0003_create_c', '{THREE.checksum}', 'applied', "
        "TIMESTAMP '2024-01-01 00:00:00', 'x', '0', 1, 1)",
    )
    assert states(engine, ONE, TWO, THREE) == {1: "applied", 2: "out of order", 3: "applied"}
    with pytest.raises(MigrationError, match=r"0002_create_b\.sql is out of order"):
        go(engine, ONE, TWO, THREE)
    done = go(engine, ONE, TWO, THREE, allowed=Allowances(out_of_order=True))
    assert done.applied == ("0002_create_b",)
    assert done.version == 3


def test_m7_a_failed_statement_stands_in_ledger_and_journal(engine: Engine) -> None:
    broken = Script(2, "0002_broken", f"CREATE TABLE IF NOT EXISTS {S}.b (id STRING);\n"
                    f"ALTER TABLE {S}.nowhere ADD COLUMNS (x STRING);")  # fmt: skip
    with pytest.raises(MigrationError, match=r"ddl/0002_broken\.sql, statement 2"):
        go(engine, ONE, broken, THREE)
    found = status(site_of(engine), numbered(scripts(ONE, broken, THREE)))
    assert [m.state for m in found.migrations] == ["applied", "failed", "pending"]
    assert "nowhere" in (found.migrations[1].error_message or "")
    assert steps(engine, 2) == [(1, "done"), (2, "failed")]
    assert "c" not in tables(engine)
    mended = Script(2, "0002_broken", f"CREATE TABLE IF NOT EXISTS {S}.b (id STRING);")
    go(engine, ONE, mended, THREE)
    assert states(engine, ONE, mended, THREE) == dict.fromkeys((1, 2, 3), State.APPLIED)


def test_m3_what_a_killed_runner_did_is_journaled_as_adopted(engine: Engine) -> None:
    go(engine, ONE)
    tapped = TappedEngine(engine, after=once("execute", "SET TBLPROPERTIES", Killed()))
    with pytest.raises(Killed):
        go(tapped, ONE, TWO)
    assert go(engine, ONE, TWO).adopted == 2
    assert steps(engine, 2) == [(1, "done"), (1, "adopted"), (2, "adopted")]


# --- plans ---------------------------------------------------------------------------------


def test_a_plan_has_the_exact_statements_and_runs_nothing(engine: Engine) -> None:
    go(engine, ONE)
    marked = Script(2, "0002_m", f"-- only: hudi\nALTER TABLE {S}.a SET LOCATION 'x';\n{TWO.text}")
    tapped = TappedEngine(engine)
    site = Site(tapped, "main", "s", ticking(), "tester")
    planned = plan_up(site, numbered(scripts(ONE, marked)), None, Allowances())
    assert (planned.from_version, planned.to_version) == (1, 2)
    assert [(s.line, s.skipped) for s in planned.statements] == [
        (2, "skipped: capability hudi"),
        (3, None),
        (4, None),
    ]
    assert "`main`.`s`.b" in planned.statements[1].sql
    assert tapped.count("execute", "merge", "append") == 0


def test_m8_a_rollback_plan_counts_what_would_be_lost(engine: Engine) -> None:
    go(engine, ONE, TWO, THREE)
    run(engine, "INSERT INTO main.s.b (id) VALUES ('x'), ('y')")
    planned = plan_down(site_of(engine), numbered(scripts(ONE, TWO, THREE)), 1)
    assert (planned.from_version, planned.to_version) == (3, 1)
    assert [s.version for s in planned.statements] == [3, 2, 2]
    assert planned.loses_data
    [loss] = planned.losses
    assert (loss.table, loss.rows, loss.why) == ("main.s.b", 2, "b is lost")


def test_m8_an_irreversible_step_is_refused_before_anything_runs(engine: Engine) -> None:
    go(engine, ONE, TWO, THREE)
    tapped = TappedEngine(engine)
    site = Site(tapped, "main", "s", ticking(), "tester")
    with pytest.raises(IrreversibleError, match=r"0001_create_a \(it is the beginning\)"):
        rollback(site, 0, scripts(ONE, TWO, THREE))
    assert tapped.count("execute", "merge", "append") == 0
    assert states(engine, ONE, TWO, THREE) == dict.fromkeys((1, 2, 3), State.APPLIED)


# --- down and up again ---------------------------------------------------------------------


def test_up_down_up_ends_where_one_up_does(engine: Engine) -> None:
    go(engine, ONE)
    at_one = fingerprint(engine)
    go(engine, ONE, TWO, THREE)
    at_three = fingerprint(engine)
    report = rollback(site_of(engine), 1, scripts(ONE, TWO, THREE))
    assert (report.version, report.rolled_back) == (1, ("0003_create_c", "0002_create_b"))
    assert fingerprint(engine) == at_one
    assert read_version(engine, "main", "s") == 1
    assert states(engine, ONE, TWO, THREE) == {1: "applied", 2: "rolled back", 3: "rolled back"}
    assert go(engine, ONE, TWO, THREE).applied == ("0002_create_b", "0003_create_c")
    assert fingerprint(engine) == at_three
    entries = Ledger(engine, "main", "s", ticking()).table.select(order_by=("version", "sequence"))
    story = [(entry.version, str(entry.state)) for entry in entries]
    assert story[1:5] == [(2, "applied"), (2, "failed"), (2, "rolled back"), (2, "applied")]


def test_up_down_up_of_one_table_on_every_engine(engine: Engine) -> None:
    go(engine, ONE, THREE_AS_TWO)
    whole = fingerprint(engine)
    rollback(site_of(engine), None, scripts(ONE, THREE_AS_TWO))
    assert "c" not in tables(engine)
    go(engine, ONE, THREE_AS_TWO)
    assert fingerprint(engine) == whole


def test_rollback_uses_the_text_of_the_day_it_was_applied(engine: Engine) -> None:
    go(engine, ONE, TWO)
    lost = Script(2, TWO.name, TWO.text, rollback=None)
    rollback(site_of(engine), None, scripts(ONE, lost))
    assert "b" not in tables(engine)
    with pytest.raises(WrongUseError, match="nothing to roll back: the schema is at version 1"):
        rollback(site_of(engine), 1, scripts(ONE, TWO))


@pytest.mark.parametrize("fragment", ["DROP TABLE", "UNSET TBLPROPERTIES"])
@pytest.mark.parametrize("onward", ["down", "up"])
def test_killed_in_a_rollback_either_way_ends_whole(
    engine: Engine, fragment: str, onward: str
) -> None:
    go(engine, ONE)
    at_one = fingerprint(engine)
    go(engine, ONE, TWO)
    at_two = fingerprint(engine)
    tapped = TappedEngine(engine, after=once("execute", fragment, Killed()))
    with pytest.raises(Killed):
        rollback(Site(tapped, "main", "s", ticking(), "tester"), 1, scripts(ONE, TWO))
    assert read_version(engine, "main", "s") == 1
    assert states(engine, ONE, TWO)[2] == "failed"
    if onward == "down":
        rollback(site_of(engine), 1, scripts(ONE, TWO))
        assert fingerprint(engine) == at_one
    else:
        go(engine, ONE, TWO)
        assert fingerprint(engine) == at_two


def test_every_shipped_migration_that_can_be_undone_is_whole_again_after_up_down_up(
    engine: Engine,
) -> None:
    files, site = shipped_scripts(), site_of(engine)
    # Versions 7 and 13 add columns, which Delta cannot drop: from there nothing goes further back.
    for top, count in ((12, 5), (files[-1].version, files[-1].version - 13)):
        options = MigrateOptions(to=top)
        migrate(engine, "main", "s", ticking(), "tester", scripts=files, options=options)
        whole = fingerprint(engine)
        undone = 0
        for script in reversed(files[1 : top + 1]):
            if script.rollback is None:
                break
            rollback(site, script.version - 1)
            undone += 1
        assert undone == count
        migrate(engine, "main", "s", ticking(), "tester", scripts=files, options=options)
        assert fingerprint(engine) == whole


# --- repair, baseline ----------------------------------------------------------------------


def test_m5_an_accepted_edit_is_no_longer_refused(engine: Engine) -> None:
    go(engine, ONE)
    edited = Script(1, ONE.name, f"{ONE.text}\n-- a word more")
    assert states(engine, edited) == {1: "edited"}
    with pytest.raises(EditedMigrationError, match="`dq migrate repair`"):
        go(engine, edited)
    report = repair(site_of(engine), scripts(edited))
    assert report.accepted == ("0001_create_a",)
    assert go(engine, edited).applied == ()
    assert states(engine, edited) == {1: "applied"}
    assert repair(site_of(engine), scripts(edited)).accepted == ()


def test_a_lost_version_is_stored_again_by_repair(engine: Engine) -> None:
    go(engine, ONE, TWO)
    run(engine, "UPDATE main.s.dq_settings SET value = '1' WHERE key = 'schema_version'")
    report = repair(site_of(engine), scripts(ONE, TWO))
    assert (report.version_was, report.version) == (1, 2)
    assert read_version(engine, "main", "s") == 2


def test_m12_tables_of_other_hands_are_taken_over_only_when_asked(engine: Engine) -> None:
    run(engine, "CREATE TABLE main.s.dq_settings (key STRING NOT NULL, value STRING, "
        "updated_at TIMESTAMP) USING DELTA")  # fmt: skip
    run(engine, "CREATE TABLE main.s.a (id STRING) USING DELTA")
    with pytest.raises(DriftError, match=r"main\.s is not at version 1: a\.n"):
        baseline(site_of(engine), 1, scripts(ONE, TWO))
    with pytest.raises(MigrationError, match=r"main\.s\.a: the table exists without column n"):
        go(engine, ONE, TWO)
    run(engine, "ALTER TABLE main.s.a ADD COLUMNS (n BIGINT)")
    with pytest.raises(WrongUseError, match="versions 1 to 2"):
        baseline(site_of(engine), 7, scripts(ONE, TWO))


def test_m12_a_baseline_counts_as_applied(engine: Engine) -> None:
    run(engine, "CREATE TABLE main.s.dq_settings (key STRING NOT NULL, value STRING, "
        "updated_at TIMESTAMP) USING DELTA")  # fmt: skip
    run(engine, "CREATE TABLE main.s.a (id STRING, n BIGINT) USING DELTA")
    report = baseline(site_of(engine), 1, scripts(ONE, TWO))
    assert report.recorded == ("0001_create_a",)
    assert go(engine, ONE, TWO).applied == ("0002_create_b",)
    assert states(engine, ONE, TWO) == {1: "baseline", 2: "applied"}
    with pytest.raises(WrongUseError, match="at version 2 already"):
        baseline(site_of(engine), 1, scripts(ONE, TWO))
