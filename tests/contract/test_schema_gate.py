"""Who may read and write a schema that is older, newer, renamed, or being worked on."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from dq_databricks.engine.protocol import Engine
from dq_databricks.errors import (
    SchemaBehindError,
    SchemaBusyError,
    SchemaMovedError,
    SchemaNewerError,
)
from dq_databricks.lifecycle.gate import Gate
from dq_databricks.lifecycle.migrations.runner import migrate
from dq_databricks.lifecycle.migrations.scripts import latest_version, shipped_scripts
from dq_databricks.lifecycle.state import (
    RENAMED_FROM,
    SCHEMA_VERSION,
    Operation,
    Phase,
    change_operation,
    count_restore,
    read_state,
    write_values,
)
from dq_databricks.model.ids import Context
from dq_databricks.model.testing import TestResult
from dq_databricks.store.store import Store
from tests.support.contract import run
from tests.support.provisioned import put_schema
from tests.support.store import START, settings_for, ticking

SPARK_SAMPLE = {"test_m14_what_was_written_after_the_flag_is_never_acknowledged"}
RENAMING = Operation(Phase.RENAMING, "job-1", "t", "2026-01-01 00:00 UTC", "alice")


class Waiting:
    """A context whose sleeps pass at once, and do something."""

    def __init__(self, then: object = None) -> None:
        self.seconds = 0.0
        self.then = then

    def context(self) -> Context:
        return Context(
            now=lambda: START + timedelta(seconds=self.seconds),
            monotonic=lambda: self.seconds,
            sleep=self.sleep,
        )

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds
        if callable(self.then):
            self.then()


def put(engine: Engine, schema: str, before: Operation, after: Operation) -> None:
    assert change_operation(engine, "main", schema, before, after, at=START)


def gate_of(engine: Engine, schema: str = "s", **settings: object) -> Gate:
    return Gate(engine, settings_for(schema, **settings), Waiting().context())


def set_version(engine: Engine, version: int, schema: str = "s") -> None:
    write_values(engine, "main", schema, {SCHEMA_VERSION: str(version)}, at=START)


def test_m10_an_older_application_reads_and_does_not_write(engine: Engine, tmp_path: Path) -> None:
    put_schema(tmp_path)
    known = latest_version()
    set_version(engine, known + 1)
    gate = gate_of(engine)
    assert gate.enter(write=False) == gate.settings
    with pytest.raises(SchemaNewerError, match=rf"version {known + 1}.*only reads it: upgrade"):
        gate.enter(write=True)
    write_values(engine, "main", "s", {"reader_version": str(known + 1)}, at=START)
    with pytest.raises(SchemaNewerError, match="cannot read it: upgrade"):
        gate.enter(write=False)


def test_m11_writes_to_a_schema_that_is_behind_are_refused_and_reads_answer(
    engine: Engine,
) -> None:
    migrate(engine, "main", "s", ticking(), "tester", scripts=shipped_scripts()[:3])
    gate = gate_of(engine, data_quality_auto_manage_tables=False)
    with pytest.raises(SchemaBehindError, match=r"schema behind: it is at 2.*run `dq migrate`"):
        gate.enter(write=True)
    store = Store(engine, gate.enter(write=False), ticking())
    assert store.catalog.groups.select().items == ()
    with pytest.raises(SchemaBehindError, match=r"schema behind: .*older than this software"):
        store.table(TestResult).select()
    assert read_state(engine, "main", "s").version == 2


def test_m11_a_schema_that_may_be_managed_is_upgraded_on_the_way_in(engine: Engine) -> None:
    migrate(engine, "main", "s", ticking(), "tester", scripts=shipped_scripts()[:3])
    gate_of(engine).enter(write=False)
    assert read_state(engine, "main", "s").version == latest_version()


def test_a_writer_waits_until_a_renaming_has_ended(engine: Engine, tmp_path: Path) -> None:
    put_schema(tmp_path)
    put(engine, "s", Operation(), RENAMING)
    waiting = Waiting()

    def ends() -> None:
        if waiting.seconds > 1 and read_state(engine, "main", "s").operation == RENAMING:
            put(engine, "s", RENAMING, Operation())

    waiting.then = ends
    gate = Gate(engine, settings_for("s"), waiting.context())
    assert gate.enter(write=False) == gate.settings
    assert waiting.seconds == 0
    assert gate.enter(write=True) == gate.settings
    assert waiting.seconds > 1


@pytest.mark.parametrize(
    ("phase", "reads", "words"),
    [
        (Phase.RENAMING, True, "is being renamed to t .*finish it with `dq rename`"),
        (Phase.RESTORING, False, "is being restored to t .*finish it with `dq restore --resume`"),
    ],
)
def test_who_cannot_wait_longer_is_told_what_is_done(
    engine: Engine, tmp_path: Path, phase: Phase, reads: bool, words: str
) -> None:
    put_schema(tmp_path)
    put(engine, "s", Operation(), Operation(phase, "job-1", "t", "2026-01-01 00:00 UTC", "alice"))
    gate = gate_of(engine, lock_wait_s=2)
    with pytest.raises(SchemaBusyError, match=words):
        gate.enter(write=True)
    if reads:
        gate.enter(write=False)
    else:
        with pytest.raises(SchemaBusyError, match="is being restored"):
            gate.enter(write=False)


def test_m14_what_was_written_after_the_flag_is_never_acknowledged(
    engine: Engine, tmp_path: Path
) -> None:
    put_schema(tmp_path)
    gate = gate_of(engine)
    store = Store(engine, gate.enter(write=True), ticking(), confirm=gate.confirm)
    before = store.written(store.catalog.ensure_project("early"))
    put(engine, "s", Operation(), RENAMING)
    with pytest.raises(SchemaMovedError, match="is being renamed to t, so what was just written"):
        store.written(store.catalog.ensure_project("late"))
    assert before is not None


def test_a_restore_that_began_and_ended_meanwhile_is_noticed(
    engine: Engine, tmp_path: Path
) -> None:
    put_schema(tmp_path)
    gate = gate_of(engine)
    store = Store(engine, gate.enter(write=True), ticking(), confirm=gate.confirm)
    restoring = Operation(Phase.RESTORING, "job-1", "p")
    count_restore(engine, "main", "s", at=START)
    put(engine, "s", Operation(), restoring)
    put(engine, "s", restoring, Operation())
    with pytest.raises(SchemaMovedError, match="was restored, or its renaming given up"):
        store.written(store.catalog.ensure_project("wiped"))
    gate.enter(write=True)
    store.written(store.catalog.ensure_project("again"))


def test_a_client_follows_a_schema_that_was_renamed(engine: Engine, tmp_path: Path) -> None:
    for schema in ("s", "t"):
        put_schema(tmp_path, schema)
    moved = Operation(Phase.MOVED, "job-1", "t")
    put(engine, "s", Operation(), moved)
    told: list[str] = []
    gate = Gate(engine, settings_for("s"), ticking(), told=told.append)
    assert gate.enter(write=True).data_quality_schema == "t"
    assert told == ["main.s was renamed to main.t; set DQ_SCHEMA=t"]
    run(engine, "DROP SCHEMA main.s CASCADE")
    write_values(engine, "main", "t", {RENAMED_FROM: '["s"]'}, at=START)
    assert gate_of(engine).enter(write=True).data_quality_schema == "t"
    assert not engine.tables("main", "s")


def test_a_renaming_that_was_stopped_after_its_switch_is_opened_by_the_next(
    engine: Engine,
    tmp_path: Path,
) -> None:
    for schema in ("s", "t"):
        put_schema(tmp_path, schema)
    put(engine, "t", Operation(), Operation(Phase.ARRIVING, "job-1", "s"))
    gate = gate_of(engine, "t", lock_wait_s=1)
    with pytest.raises(SchemaBusyError, match="is the unfinished target of the renaming of s"):
        gate.enter(write=False)
    put(engine, "s", Operation(), Operation(Phase.MOVED, "job-1", "t"))
    assert gate.enter(write=True).data_quality_schema == "t"
    assert read_state(engine, "main", "t").operation == Operation()


def test_two_jobs_cannot_both_work_on_a_schema(engine: Engine, tmp_path: Path) -> None:
    put_schema(tmp_path)
    put(engine, "s", Operation(), RENAMING)
    other = Operation(Phase.RESTORING, "job-2", "p")
    assert not change_operation(engine, "main", "s", Operation(), other, at=START)
    assert read_state(engine, "main", "s").operation == RENAMING
