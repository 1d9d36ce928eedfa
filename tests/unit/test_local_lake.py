"""A lake stays whole when a process is killed, or stopped, in the middle of its work."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
from collections.abc import Iterator
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest

from dq_databricks.engine.local import LocalEngine
from dq_databricks.engine.local.durable import table_lock
from dq_databricks.engine.local.lake import Lake
from dq_databricks.errors import EngineUnavailableError, TableNotFoundError
from dq_databricks.sql.identifiers import TableName
from tests.support.contract import rows, run
from tests.support.local_engine import SHARED

NAME = TableName("main", "s", "t")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[LocalEngine]:
    with LocalEngine(tmp_path, durable=False, database=SHARED) as opened:
        run(opened, "CREATE SCHEMA main.s COMMENT 'the schema'")
        run(opened, "CREATE TABLE main.s.t (id BIGINT) USING DELTA")
        yield opened


class Killed(BaseException):
    """Stands for SIGKILL: nothing after it runs."""


def _die(*_given: object, **_more: object) -> None:
    raise Killed


def _schema_rows(engine: LocalEngine) -> list[tuple[object, ...]]:
    return rows(engine, "SELECT schema_name, comment FROM main.information_schema.schemata")


def test_a_drop_killed_half_way_is_a_drop_and_the_next_one_cleans_up(
    engine: LocalEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        with monkeypatch.context() as patch:
            patch.setattr(shutil, "rmtree", _die)
            with pytest.raises(Killed):
                run(engine, "DROP TABLE main.s.t")
        assert engine.tables("main", "s") == []
        run(engine, "CREATE TABLE main.s.t (other STRING) USING DELTA")
        assert rows(engine, "SELECT count(other) FROM main.s.t") == [(0,)]
    schema = tmp_path / "lake" / "main" / "s"
    assert len(list(schema.glob("*.dropped-*"))) == 2
    run(engine, "DROP TABLE main.s.t")
    assert [path.name for path in schema.iterdir() if path.is_dir()] == []


def test_a_schema_killed_half_way_through_its_drop_is_gone(
    engine: LocalEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", _die)
        with pytest.raises(Killed):
            run(engine, "DROP SCHEMA main.s CASCADE")
    assert _schema_rows(engine) == []
    run(engine, "CREATE SCHEMA main.s")
    assert (engine.tables("main", "s"), _schema_rows(engine)) == ([], [("s", None)])
    run(engine, "DROP SCHEMA main.s")
    assert list((tmp_path / "lake" / "main").iterdir()) == []


def test_a_schema_appears_with_its_description_or_not_at_all(
    engine: LocalEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", _die)
        with pytest.raises(Killed):
            run(engine, "CREATE SCHEMA main.`näxt` COMMENT 'why'")
    assert _schema_rows(engine) == [("s", "the schema")]
    run(engine, "CREATE SCHEMA main.`näxt` COMMENT 'why'")
    assert sorted(_schema_rows(engine)) == [("näxt", "why"), ("s", "the schema")]


def test_an_empty_folder_of_a_schema_is_filled_and_a_full_one_is_left(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    lake.schema_folder("main", "s").mkdir(parents=True)
    assert lake.create_schema("main", "s", "why")
    assert not lake.create_schema("main", "s", "other")
    assert lake.schema_comment("main", "s") == "why"


def test_a_table_whose_first_commit_was_never_made_is_no_table(
    engine: LocalEngine, tmp_path: Path
) -> None:
    log = tmp_path / "lake" / "main" / "s" / "u" / "_delta_log"
    log.mkdir(parents=True)
    (log / "00000000000000000000.json#1").write_text("{")
    assert engine.tables("main", "s") == [NAME]
    with pytest.raises(TableNotFoundError):
        rows(engine, "SELECT * FROM main.s.u")
    run(engine, "CREATE TABLE IF NOT EXISTS main.s.u (id BIGINT) USING DELTA")
    assert rows(engine, "SELECT count(id) FROM main.s.u") == [(0,)]


def _hold(folder: Path, held: Event) -> None:
    with table_lock(folder):
        held.set()
        signal.pause()


def test_a_stopped_holder_blocks_for_a_bounded_time_and_a_dead_one_not_at_all(
    engine: LocalEngine, tmp_path: Path
) -> None:
    folder = tmp_path / "lake" / "main" / "s" / "t"
    spawn = multiprocessing.get_context("spawn")
    held = spawn.Event()
    holder = spawn.Process(target=_hold, args=(folder, held))
    holder.start()
    assert held.wait(60)
    assert holder.pid is not None
    os.kill(holder.pid, signal.SIGSTOP)
    try:
        with (
            pytest.raises(EngineUnavailableError, match=r"nothing was written.*stopped"),
            table_lock(folder, wait_s=0.05),
        ):
            pytest.fail("two processes hold one lock")
    finally:
        holder.kill()
        holder.join()
    run(engine, "INSERT INTO main.s.t VALUES (1)")
    assert rows(engine, "SELECT id FROM main.s.t") == [(1,)]
