"""The local lake under disk faults: S11 to S14 of the fault list."""

from __future__ import annotations

import multiprocessing
import os
import resource
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable

from dq_databricks.engine.local import LocalEngine
from dq_databricks.errors import (
    DamagedTableError,
    EngineError,
    StorageFullError,
    TableNotFoundError,
)
from dq_databricks.sql.identifiers import TableName
from dq_databricks.sql.relation import FileRelation, TableRelation
from dq_databricks.sql.statement import Statement
from tests.support.delta_logs import commit_file, make_table

NAME = TableName("main", "s", "t")
ROWS = pa.table({"id": pa.array([1, 2], pa.int64())})


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalEngine]:
    with LocalEngine(tmp_path_factory.mktemp("lake"), durable=False) as opened:
        yield opened


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_table(tmp_path / "t", ROWS, ROWS, ROWS)


def count(engine: LocalEngine, folder: Path) -> int:
    answer = engine.query(Statement(f"SELECT count(*) AS n FROM delta.`{folder}`"))
    return int(answer["n"][0].as_py())


def test_s11_a_full_disk_fails_the_write_and_keeps_the_table(tmp_path: Path) -> None:
    with LocalEngine(tmp_path, durable=False) as engine:
        engine.execute(Statement("CREATE SCHEMA main.s"))
        engine.execute(Statement("CREATE TABLE main.s.t (id BIGINT) USING DELTA"))
        engine.append(NAME, ROWS)
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        assert pool.apply(_append_without_space, (tmp_path,)) == "StorageFullError"
    with LocalEngine(tmp_path, durable=False) as engine:
        assert engine.inspect(TableRelation(NAME)).version == 1
        engine.append(NAME, ROWS)
        answer = engine.query(Statement("SELECT count(*) AS n FROM main.s.t"))
        assert answer["n"].to_pylist() == [4]


def _append_without_space(home: Path) -> str:
    """Append a million rows where no file may pass 64 KiB, in a process of its own."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    large = pa.table({"id": pa.array(range(1_000_000), pa.int64())})
    with LocalEngine(home, durable=False) as engine:
        resource.setrlimit(resource.RLIMIT_FSIZE, (65_536, 65_536))
        try:
            engine.append(NAME, large)
        except StorageFullError:
            return "StorageFullError"
        except EngineError as error:
            return f"{type(error).__name__}: {error}"
    return "written"


@pytest.mark.parametrize("damage", ["empty", "truncated"])
def test_s12_a_last_commit_that_was_not_fully_written_is_noticed(
    reader: LocalEngine, folder: Path, damage: str
) -> None:
    assert count(reader, folder) == 6
    last = commit_file(folder, 3)
    last.write_bytes(b"" if damage == "empty" else last.read_bytes()[:-40])
    with pytest.raises(DamagedTableError, match="00000003"):
        count(reader, folder)
    with pytest.raises(DamagedTableError, match="00000003"):
        reader.inspect(FileRelation("delta", str(folder)))
    last.unlink()
    assert count(reader, folder) == 4


def test_s12_a_damaged_table_is_not_written(tmp_path: Path) -> None:
    with LocalEngine(tmp_path, durable=False) as engine:
        engine.execute(Statement("CREATE SCHEMA main.s"))
        engine.execute(Statement("CREATE TABLE main.s.t (id BIGINT) USING DELTA"))
        engine.append(NAME, ROWS)
        last = commit_file(tmp_path / "lake" / "main" / "s" / "t", 1)
        last.write_bytes(b"")
        with pytest.raises(DamagedTableError, match="table main"):
            engine.append(NAME, ROWS)
        with pytest.raises(DamagedTableError, match="table main"):
            engine.execute(Statement("UPDATE main.s.t SET id = 1"))
        assert last.read_bytes() == b""
        assert not commit_file(last.parent.parent, 2).exists()


def test_s12_a_missing_middle_and_a_junk_checkpoint_are_noticed(
    reader: LocalEngine, folder: Path
) -> None:
    gap = shutil.copytree(folder, folder.parent / "gap")
    commit_file(gap, 1).unlink()
    with pytest.raises(DamagedTableError, match="commit 1 is missing"):
        count(reader, gap)
    DeltaTable(folder).create_checkpoint()
    checkpoint = next((folder / "_delta_log").glob("*.checkpoint.parquet"))
    checkpoint.write_bytes(b"junk")
    with pytest.raises(DamagedTableError, match="checkpoint"):
        count(reader, folder)


def test_s12_an_empty_log_is_no_table(reader: LocalEngine, tmp_path: Path) -> None:
    (tmp_path / "t" / "_delta_log").mkdir(parents=True)
    with pytest.raises(TableNotFoundError, match="no commit"):
        count(reader, tmp_path / "t")
    with pytest.raises(TableNotFoundError):
        reader.inspect(FileRelation("delta", str(tmp_path)))


def test_s13_a_missing_or_changed_data_file_is_named(reader: LocalEngine, folder: Path) -> None:
    total = Statement(f"SELECT sum(id) AS n FROM delta.`{folder}`")
    first, second, _ = sorted(folder.glob("*.parquet"))
    content = first.read_bytes()
    first.write_bytes(content[:20] + b"\xff" * 60 + content[80:])
    with pytest.raises(DamagedTableError):
        reader.query(total)
    first.write_bytes(content)
    second.unlink()
    with pytest.raises(DamagedTableError, match=second.name):
        reader.query(total)


def test_s14_a_write_is_flushed_before_it_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[Path] = []
    real = os.fsync

    def remember(handle: int) -> None:
        flushed.append(Path(f"/proc/self/fd/{handle}").readlink())
        real(handle)

    monkeypatch.setattr(os, "fsync", remember)
    folder = tmp_path / "lake" / "main" / "s" / "t"
    with LocalEngine(tmp_path, durable=True) as engine:
        engine.execute(Statement("CREATE SCHEMA main.s"))
        engine.execute(Statement("CREATE TABLE main.s.t (id BIGINT) USING DELTA"))
        assert {commit_file(folder, 0), folder / "_delta_log", folder} <= set(flushed)
        flushed.clear()
        engine.append(NAME, ROWS)
        assert {commit_file(folder, 1), *folder.glob("*.parquet")} <= set(flushed)
        assert {folder / "_delta_log", folder} <= set(flushed)
        flushed.clear()
        engine.execute(Statement("UPDATE main.s.t SET id = 5 WHERE id = 1"))
        assert commit_file(folder, 2) in flushed
        assert any(path.suffix == ".parquet" for path in flushed)
        flushed.clear()
    with LocalEngine(tmp_path, durable=False) as engine:
        engine.append(NAME, ROWS)
    assert flushed == []
