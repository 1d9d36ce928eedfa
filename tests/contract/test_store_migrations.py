"""Migrations: in order, once, resumable, never over somebody else's table."""

from __future__ import annotations

import importlib
import json
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from dq_databricks.engine.protocol import Capability, Engine
from dq_databricks.errors import (
    EditedMigrationError,
    IdentifierError,
    MigrationError,
    PermissionDeniedError,
    SchemaBehindError,
    UnsupportedError,
)
from dq_databricks.lifecycle.gate import Gate
from dq_databricks.lifecycle.migrations.ledger import Ledger
from dq_databricks.lifecycle.migrations.runner import MigrationReport, migrate, pending
from dq_databricks.lifecycle.migrations.scripts import Script, shipped_scripts
from dq_databricks.lifecycle.provision import provision, schema_version
from dq_databricks.model.ids import Context
from dq_databricks.model.migration import MigrationState
from dq_databricks.model.setting import WarehouseSettings
from dq_databricks.sql.identifiers import TableName
from dq_databricks.sql.relation import TableRelation
from dq_databricks.store.store import Store
from tests.support.contract import run
from tests.support.store import TappedEngine, once, settings_for, ticking

S = "`{schema}`"
SETTINGS = (
    f"CREATE TABLE IF NOT EXISTS {S}.dq_settings (key STRING NOT NULL, value STRING, "
    "updated_at TIMESTAMP, version BIGINT) USING DELTA;\n"
)
ONE = Script(1, "0001_create_a", f"{SETTINGS}CREATE TABLE IF NOT EXISTS {S}.a (id STRING);")
TWO = Script(
    2,
    "0002_add_n",
    f"ALTER TABLE {S}.a ADD COLUMNS (n BIGINT COMMENT 'n; or not');\n"
    f"UPDATE {S}.a SET n = 1 WHERE n IS NULL;\n"
    f"ALTER TABLE {S}.a ADD COLUMNS (m STRING);\n"
    f"-- only: databricks\nALTER TABLE {S}.a CLUSTER BY (n);",
    rollback="SELECT 1",
)


SPARK_SAMPLE: set[str] = set()  # Spark migrates in test_migration_life and tests/upgrade


class Killed(BaseException):
    """What a process does not survive."""


def scripts(*more: Script) -> tuple[Script, ...]:
    return (shipped_scripts()[0], *more)


def go(engine: Engine, *more: Script, schema: str = "s") -> MigrationReport:
    return migrate(engine, "main", schema, ticking(), "tester", scripts=scripts(*more))


def columns(engine: Engine, table: str = "a") -> list[str]:
    found = engine.inspect(TableRelation(TableName("main", "s", table)))
    return [column.name for column in found.columns]


def states(engine: Engine) -> list[tuple[int, str]]:
    entries = Ledger(engine, "main", "s", ticking()).table.select(order_by=("version", "sequence"))
    return [(entry.version, str(entry.state)) for entry in entries]


def test_a_second_run_changes_nothing_and_records_stay(engine: Engine) -> None:
    tapped = TappedEngine(engine)
    first = go(tapped, ONE, TWO)
    assert first.applied == ("0001_create_a", "0002_add_n")
    assert columns(engine) == ["id", "n", "m"]
    assert schema_version(engine, settings_for("s")) == 2
    tapped.calls.clear()
    second = go(tapped, ONE, TWO)
    assert (second.applied, second.statements_executed, second.version) == ((), 0, 2)
    assert tapped.count("execute", "merge", "append") == 0
    ledger = Ledger(engine, "main", "s", ticking()).latest()
    assert ledger is not None
    entry = ledger[2]
    assert (entry.state, entry.name, entry.applied_by) == ("applied", "0002_add_n", "tester")
    assert (entry.checksum, entry.rollback_sql) == (TWO.checksum, "SELECT 1")


def test_marked_statements_are_skipped_and_recorded(engine: Engine) -> None:
    if engine.facts.has(Capability.KEY_CONSTRAINTS):
        pytest.skip("this engine understands the marked statements")
    report = go(engine, ONE, TWO)
    assert report.skipped == ("0002_add_n:5 skipped: capability databricks",)
    ledger = Ledger(engine, "main", "s", ticking()).latest()
    assert ledger is not None
    assert json.loads(ledger[2].skipped_statements or "") == [
        {"line": "5", "reason": "skipped: capability databricks"}
    ]
    assert ledger[2].statement_count == 3


@pytest.mark.parametrize("fragment", ["ADD COLUMNS (n", "SET n = 1", "ADD COLUMNS (m"])
def test_m2_killed_between_statements_the_next_run_completes(engine: Engine, fragment: str) -> None:
    tapped = TappedEngine(engine, after=once("execute", fragment, Killed()))
    go(tapped, ONE)
    run(engine, "INSERT INTO main.s.a (id) VALUES ('x')")
    with pytest.raises(Killed):
        go(tapped, ONE, TWO)
    assert states(engine) == [(1, "applied")]
    assert schema_version(engine, settings_for("s")) == 1
    go(tapped, ONE, TWO)
    assert columns(engine) == ["id", "n", "m"]
    assert states(engine) == [(1, "applied"), (2, "applied")]


def test_m3_killed_after_the_ddl_and_before_its_record(engine: Engine) -> None:
    tapped = TappedEngine(engine, before=once("merge", "dq_schema_migrations", Killed()))
    with pytest.raises(Killed):
        go(tapped, ONE)
    tapped.calls.clear()
    report = go(tapped, ONE)
    assert (report.statements_executed, report.adopted) == (0, 2)
    assert states(engine) == [(1, "applied")]
    assert [
        text for kind, text in tapped.calls if kind == "execute" and "dq_leases" not in text
    ] == []


def test_m5_an_edited_applied_file_is_refused(engine: Engine) -> None:
    go(engine, ONE)
    edited = Script(1, ONE.name, ONE.text + "\n-- a word more\n")
    with pytest.raises(EditedMigrationError) as caught:
        go(engine, edited)
    for part in ("ddl/0001_create_a.sql", ONE.checksum, edited.checksum, "restore the file"):
        assert part in str(caught.value)
    crlf = Script(1, ONE.name, ONE.text.replace("\n", "  \r\n") + "\r\n\r\n")
    assert go(engine, crlf).applied == ()


def test_m6_missing_and_out_of_order_files_are_refused(engine: Engine) -> None:
    go(engine, ONE, TWO)
    with pytest.raises(MigrationError, match=r"0002_add_n.*upgrade dq-databricks"):
        go(engine, ONE)
    three = Script(3, "0003_none", f"CREATE TABLE IF NOT EXISTS {S}.b (id STRING);")
    with pytest.raises(MigrationError, match=r"0002_add_n\.sql is missing"):
        go(engine, ONE, three)
    assert schema_version(engine, settings_for("s")) == 2


def test_m7_a_failed_statement_is_recorded_and_resumed(engine: Engine) -> None:
    three = Script(3, "0003_b", f"CREATE TABLE IF NOT EXISTS {S}.b (id STRING);")
    denied = once("execute", "ADD COLUMNS (m", PermissionDeniedError("no ALTER on a"))
    tapped = TappedEngine(engine, before=denied)
    with pytest.raises(MigrationError, match=r"0002_add_n\.sql, statement 3: no ALTER on a"):
        go(tapped, ONE, TWO, three)
    assert states(engine) == [(1, "applied"), (2, "failed")]
    assert [s.name for s in pending(engine, "main", "s", ticking(), scripts=scripts(ONE, TWO))] == [
        "0002_add_n"
    ]
    assert go(tapped, ONE, TWO, three).applied == ("0002_add_n", "0003_b")
    assert states(engine) == [(1, "applied"), (2, "failed"), (2, "applied"), (3, "applied")]
    assert columns(engine) == ["id", "n", "m"]


def test_m12_a_foreign_table_of_the_same_name_is_never_altered(engine: Engine) -> None:
    run(engine, "CREATE TABLE main.s.a (other INT) USING DELTA")
    with pytest.raises(MigrationError, match=r"main\.s\.a: the table exists without column id"):
        go(engine, ONE)
    assert columns(engine) == ["other"]


def test_columns_that_are_there_are_not_added_again(engine: Engine) -> None:
    go(engine, ONE)
    both = Script(2, "0002_b", f"ALTER TABLE {S}.a ADD COLUMNS (n BIGINT, m STRING);")
    run(engine, "ALTER TABLE main.s.a ADD COLUMNS (n BIGINT)")
    go(engine, ONE, both)
    assert columns(engine) == ["id", "n", "m"]
    retyped = Script(3, "0003_c", f"ALTER TABLE {S}.a ADD COLUMNS (n STRING);")
    with pytest.raises(MigrationError, match="column n is BIGINT, STRING is needed"):
        go(engine, ONE, both, retyped)


def test_start_reads_once_when_all_is_well(engine: Engine) -> None:
    tapped = TappedEngine(engine)
    settings, context = settings_for("s"), ticking()
    store = Store(tapped, settings, context)
    gate = Gate(tapped, settings, context)
    gate.enter(write=True)
    assert schema_version(engine, settings) == shipped_scripts()[-1].version
    tapped.calls.clear()
    assert gate.enter(write=True) == settings
    assert len(tapped.calls) == 1
    # Saving settings of a ready schema provisions nothing new and is read back.
    store.settings.save(WarehouseSettings(data_quality_schema="s"))
    assert store.settings.warehouse() == WarehouseSettings(data_quality_schema="s")


def test_tables_that_are_not_managed_are_not_touched(engine: Engine) -> None:
    settings = settings_for("unmanaged", data_quality_auto_manage_tables=False)
    with pytest.raises(SchemaBehindError, match=r"main\.unmanaged: schema behind: .*dq migrate"):
        Gate(engine, settings, ticking()).enter(write=False)
    assert list(engine.tables("main", "unmanaged")) == []


def test_names_and_formats_are_checked_before_anything_happens(engine: Engine) -> None:
    tapped = TappedEngine(engine)
    for schema in ("a.b", "a b", "x" * 121, "a/b"):
        with pytest.raises(IdentifierError, match="data_quality_schema"):
            provision(tapped, settings_for(schema), ticking())
    if not engine.facts.has(Capability.HUDI):
        hudi = settings_for("s", data_quality_storage_format="hudi")
        with pytest.raises(UnsupportedError, match="hudi is not available on this engine"):
            Gate(tapped, hudi, ticking()).enter(write=True)
    assert tapped.calls == []


def _migrate_in_process(folder: Path, gate: Barrier) -> tuple[str, ...]:
    module = importlib.import_module("tests.support.local_engine")
    with module.open_for_tests(folder) as engine:
        gate.wait(60)
        report = migrate(engine, "main", "s", Context(), "racer")
        return report.applied


def test_m1_two_processes_migrate_at_once(tmp_path: Path) -> None:
    module = importlib.import_module("tests.support.local_engine")
    with module.open_for_tests(tmp_path) as engine:
        spawn = multiprocessing.get_context("spawn")
        with spawn.Manager() as manager, ProcessPoolExecutor(2, mp_context=spawn) as pool:
            gate = manager.Barrier(2)
            work = [pool.submit(_migrate_in_process, tmp_path, gate) for _ in range(2)]
            for done in work:
                done.result()
        known = [script.version for script in shipped_scripts()[1:]]
        assert states(engine) == [(version, MigrationState.APPLIED) for version in known]
        assert schema_version(engine, settings_for("s")) == known[-1]
        names = columns(engine, "dq_tests")
        assert len(names) == len(set(names))
        clean = settings_for("clean")
        provision(engine, clean, ticking())
        for table in engine.tables("main", "clean"):
            same = TableName("main", "s", table.table)
            assert (
                engine.inspect(TableRelation(table)).columns
                == engine.inspect(TableRelation(same)).columns
            )
