"""Restore, compaction and vacuum of the embedded engine: what they keep, refuse, leave behind."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from dq_databricks.engine.local import LocalEngine
from dq_databricks.engine.local import upkeep as module
from dq_databricks.engine.local.writing import OpenTable
from dq_databricks.errors import (
    DamagedTableError,
    SqlError,
    UnsupportedError,
    WriteConflictError,
)
from dq_databricks.sql.identifiers import TableName
from dq_databricks.sql.relation import TableRelation
from dq_databricks.sql.statement import Statement
from tests.support.contract import rows, run
from tests.support.local_engine import SHARED

NAME = TableName("main", "s", "t")
OLD_S = 1_000_000_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "lake" / "main" / "s" / "t"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[LocalEngine]:
    """Durable, with a table of three commits of one row each."""
    with LocalEngine(tmp_path, database=SHARED) as opened:
        run(opened, "CREATE SCHEMA main.s")
        run(opened, "CREATE TABLE main.s.t (id BIGINT, s STRING) USING DELTA")
        for number in range(3):
            run(opened, f"INSERT INTO main.s.t VALUES ({number}, 'a')")
        yield opened


def _version(engine: LocalEngine) -> int:
    found = engine.inspect(TableRelation(NAME)).version
    assert found is not None
    return found


def _append_elsewhere(folder: Path) -> None:
    """One row by another program, which knows nothing of the lock."""
    row = pa.table({"id": pa.array([9], pa.int64()), "s": ["z"]})
    write_deltalake(folder, row, mode="append")


def _checkpoints(folder: Path) -> list[str]:
    return sorted(path.name[18:20] for path in (folder / "_delta_log").glob("*.checkpoint.parquet"))


def test_a_version_whose_files_are_gone_is_damaged(engine: LocalEngine, folder: Path) -> None:
    run(engine, "DELETE FROM main.s.t WHERE true")
    for file in folder.glob("*.parquet"):
        file.unlink()
    with pytest.raises(DamagedTableError, match="missing file"):
        engine.restore(NAME, 2, expected_version=4)
    assert _version(engine) == 4


def test_a_version_whose_log_is_gone_is_no_version(engine: LocalEngine, folder: Path) -> None:
    DeltaTable(folder).create_checkpoint()
    for number in range(3):
        (folder / "_delta_log" / f"{number:020d}.json").unlink()
    with pytest.raises(SqlError, match="version 1"):
        engine.restore(NAME, 1, expected_version=3)
    run(engine, "RESTORE main.s.t TO VERSION AS OF 3")
    assert _version(engine) == 3
    with pytest.raises(SqlError, match="no version 4"):
        run(engine, "RESTORE main.s.t TO VERSION AS OF 4")


def test_a_commit_between_look_and_restore_wins(
    engine: LocalEngine, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked = module.check_restore

    def interrupted(name: TableName, version: int, *, latest: int, expected: int) -> None:
        checked(name, version, latest=latest, expected=expected)
        _append_elsewhere(folder)

    monkeypatch.setattr(module, "check_restore", interrupted)
    with pytest.raises(WriteConflictError):
        engine.restore(NAME, 1, expected_version=3)
    assert rows(engine, "SELECT count(*) FROM main.s.t") == [(4,)]


def test_unset_meets_a_commit_that_came_between(
    engine: LocalEngine, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(engine, "ALTER TABLE main.s.t SET TBLPROPERTIES ('dq.a' = '1', 'b.c' = '2')")
    with pytest.raises(SqlError, match=r"no property 'dq\.x'"):
        run(engine, "ALTER TABLE main.s.t UNSET TBLPROPERTIES ('dq.a', 'dq.x')")
    before = _version(engine)
    run(engine, "ALTER TABLE main.s.t UNSET TBLPROPERTIES IF EXISTS ('dq.x')")
    assert _version(engine) == before
    committed = module.commit_metadata

    def late(
        table: OpenTable,
        metadata: Mapping[str, Any],
        *,
        operation: str,
        parameters: Mapping[str, Any],
    ) -> None:
        _append_elsewhere(folder)
        committed(table, metadata, operation=operation, parameters=parameters)

    monkeypatch.setattr(module, "commit_metadata", late)
    with pytest.raises(WriteConflictError, match="committed by another"):
        run(engine, "ALTER TABLE main.s.t UNSET TBLPROPERTIES (b.c)")
    monkeypatch.undo()
    run(engine, "-- why\nALTER TABLE main.s.t UNSET TBLPROPERTIES (b.c);")
    assert DeltaTable(folder).metadata().configuration == {"dq.a": "1"}
    assert not list((folder / "_delta_log").glob("*.tmp"))


@pytest.mark.parametrize(
    "key", ["delta.constraints.positive", "delta.columnMapping.mode", "delta.minReaderVersion"]
)
def test_properties_that_guard_rows_or_files_stay(engine: LocalEngine, key: str) -> None:
    with pytest.raises((SqlError, UnsupportedError), match=key):
        run(engine, f"ALTER TABLE main.s.t UNSET TBLPROPERTIES IF EXISTS ('{key}')")


def test_optimize_writes_a_checkpoint_every_ten_commits(engine: LocalEngine, folder: Path) -> None:
    run(engine, "OPTIMIZE main.s.t")
    assert _checkpoints(folder) == []
    for number in range(3, 8):
        run(engine, f"INSERT INTO main.s.t VALUES ({number}, 'a')")
    run(engine, "OPTIMIZE main.s.t")
    assert (_checkpoints(folder), _version(engine)) == (["10"], 10)
    run(engine, "OPTIMIZE main.s.t")
    assert (_checkpoints(folder), _version(engine)) == (["10"], 10)
    # With the commits before it gone the checkpoint alone tells the table, to every reader.
    for number in range(10):
        (folder / "_delta_log" / f"{number:020d}.json").unlink()
    with LocalEngine(folder.parents[3], database=SHARED) as other:
        assert rows(other, "SELECT count(*), sum(id) FROM main.s.t") == [(8, 28)]
        run(other, "INSERT INTO main.s.t VALUES (8, 'b')")
        assert other.inspect(TableRelation(NAME)).statistics.row_count == 9
        assert [row[0] for row in rows(other, "DESCRIBE HISTORY main.s.t")] == [11, 10]
    run(engine, "UPDATE main.s.t SET s = 'c' WHERE id = 0")
    assert rows(engine, "SELECT count(*) FROM main.s.t WHERE s = 'a'") == [(7,)]


def test_vacuum_obeys_the_retention_and_spares_files_of_running_writers(
    engine: LocalEngine, folder: Path
) -> None:
    run(
        engine,
        "ALTER TABLE main.s.t SET TBLPROPERTIES "
        "('delta.deletedFileRetentionDuration' = 'interval 31 days')",
    )
    run(engine, "OPTIMIZE main.s.t")
    young, old = folder / "part-young.parquet", folder / "part-old.parquet"
    for file in (young, old):
        file.write_bytes(b"not committed yet")
    os.utime(old, (OLD_S, OLD_S))
    would = engine.query(Statement("VACUUM main.s.t DRY RUN")).column("path").to_pylist()
    assert would == [old.as_uri()]
    run(engine, "VACUUM main.s.t")
    assert (young.exists(), old.exists()) == (True, False)
    assert rows(engine, "SELECT count(*) FROM main.s.t VERSION AS OF 3") == [(3,)]
    removed = engine.query(Statement("VACUUM main.s.t RETAIN 0 HOURS DRY RUN"))
    assert removed.num_rows == 3
    run(engine, "VACUUM main.s.t RETAIN 0 HOURS")
    assert young.exists()
    assert rows(engine, "SELECT count(*) FROM main.s.t") == [(3,)]
    with pytest.raises(DamagedTableError):
        rows(engine, "SELECT * FROM main.s.t VERSION AS OF 3")


def test_a_retention_that_cannot_be_read_removes_nothing(engine: LocalEngine, folder: Path) -> None:
    key = "delta.deletedFileRetentionDuration"
    run(engine, f"ALTER TABLE main.s.t SET TBLPROPERTIES ('{key}' = 'interval 0 fortnights')")
    run(engine, "OPTIMIZE main.s.t")
    before = sorted(folder.glob("*.parquet"))
    with pytest.raises(SqlError, match="fortnights"):
        run(engine, "VACUUM main.s.t RETAIN 0 HOURS")
    assert sorted(folder.glob("*.parquet")) == before


@pytest.mark.parametrize(
    "text", ["OPTIMIZE main.s.t", "VACUUM main.s.t", "RESTORE main.s.t TO VERSION AS OF 0"]
)
def test_tables_with_deletion_vectors_are_left_to_spark(
    engine: LocalEngine, folder: Path, text: str
) -> None:
    features = ["deletionVectors"]
    protocol = {
        "minReaderVersion": 3,
        "minWriterVersion": 7,
        "readerFeatures": features,
        "writerFeatures": features,
    }
    commit = folder / "_delta_log" / f"{4:020d}.json"
    commit.write_text(json.dumps({"protocol": protocol}) + "\n")
    with pytest.raises(UnsupportedError, match="deletion vectors"):
        run(engine, text)


def test_zorder_takes_columns_only(engine: LocalEngine) -> None:
    for listed in ("(id + 1)", "(id, id)"):
        with pytest.raises(SqlError, match="ZORDER"):
            run(engine, f"OPTIMIZE main.s.t ZORDER BY {listed}")
    run(engine, "OPTIMIZE `main`.`s`.`t` ZORDER BY S, `ID`")
    assert rows(engine, "SELECT count(*) FROM main.s.t") == [(3,)]
