"""What the service remembers of the metadata is exactly what is stored: S19."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dq_databricks.engine.caching import (
    CachingEngine,
    LogFreshness,
    TimedFreshness,
    metadata_tables,
)
from dq_databricks.engine.local import LocalEngine
from dq_databricks.errors import TableNotFoundError
from dq_databricks.model.ids import Context
from dq_databricks.quality import Quality
from dq_databricks.settings import Settings
from dq_databricks.sql.identifiers import TableName
from dq_databricks.sql.statement import Statement
from tests.support.local_engine import SHARED

NOTES = TableName("main", "s", "dq_notes")
READ = Statement(f"SELECT n FROM {NOTES.sql} ORDER BY n")


def _execute(engine: LocalEngine | CachingEngine, *texts: str) -> None:
    for text in texts:
        engine.execute(Statement(text))


@pytest.fixture
def local(tmp_path: Path) -> Iterator[LocalEngine]:
    with LocalEngine(tmp_path, durable=False, database=SHARED) as engine:
        _execute(
            engine,
            "CREATE SCHEMA IF NOT EXISTS `main`.`s`",
            f"CREATE TABLE {NOTES.sql} (n BIGINT) USING DELTA",
            f"INSERT INTO {NOTES.sql} VALUES (1)",
        )
        yield engine


@pytest.fixture
def cached(local: LocalEngine, tmp_path: Path) -> CachingEngine:
    return CachingEngine(local, LogFreshness(tmp_path / "lake"))


def _read(engine: CachingEngine) -> list[int]:
    return list(engine.query(READ).column(0).to_pylist())


def test_the_second_read_asks_no_engine(cached: CachingEngine) -> None:
    assert (_read(cached), _read(cached), _read(cached)) == ([1], [1], [1])
    assert (cached.counts.hits, cached.counts.misses) == (2, 1)


def test_values_and_their_types_tell_reads_apart(cached: CachingEngine) -> None:
    text = f"SELECT n FROM {NOTES.sql} WHERE n = :n"
    for value in (1, 2, "1"):
        cached.query(Statement(text, {"n": value}))
    assert (cached.counts.hits, cached.counts.misses) == (0, 3)


def test_s19_a_commit_of_another_process_is_seen_by_the_next_read(
    cached: CachingEngine, tmp_path: Path
) -> None:
    assert _read(cached) == [1]
    program = (
        "from pathlib import Path; from dq_databricks.engine.local import LocalEngine; "
        "from dq_databricks.sql.statement import Statement; "
        f"LocalEngine(Path({str(tmp_path)!r})).execute(Statement("
        f"'INSERT INTO {NOTES.sql} VALUES (2)'))"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
    assert _read(cached) == [1, 2]
    assert cached.counts.hits == 0


@pytest.mark.parametrize("rounds", [1, 6])
def test_s19_every_write_of_another_engine_is_seen(
    cached: CachingEngine, local: LocalEngine, rounds: int
) -> None:
    for number in range(2, rounds + 2):
        _execute(local, f"INSERT INTO {NOTES.sql} VALUES ({number})")
        assert _read(cached) == list(range(1, number + 1))
        assert _read(cached) == list(range(1, number + 1))
    assert (cached.counts.hits, cached.counts.misses) == (rounds, rounds)


def test_s19_a_table_that_was_made_again_is_another_one(
    cached: CachingEngine, local: LocalEngine
) -> None:
    assert _read(cached) == [1]
    _execute(
        local,
        f"DROP TABLE {NOTES.sql}",
        f"CREATE TABLE {NOTES.sql} (n BIGINT) USING DELTA",
        f"INSERT INTO {NOTES.sql} VALUES (7)",
    )
    assert _read(cached) == [7]


def test_s19_a_restore_is_seen(cached: CachingEngine, local: LocalEngine) -> None:
    _execute(local, f"INSERT INTO {NOTES.sql} VALUES (2)")
    assert _read(cached) == [1, 2]
    local.restore(NOTES, 1, expected_version=2)
    assert _read(cached) == [1]


def test_s19_a_table_that_is_gone_is_not_remembered(
    cached: CachingEngine, local: LocalEngine
) -> None:
    assert _read(cached) == [1]
    _execute(local, f"DROP TABLE {NOTES.sql}")
    with pytest.raises(TableNotFoundError):
        _read(cached)


def test_own_writes_are_seen_whatever_the_verb(cached: CachingEngine) -> None:
    rows = cached.query(READ)
    cached.append(NOTES, rows)
    assert _read(cached) == [1, 1]
    cached.merge(NOTES, rows.slice(0, 0), on=["n"])
    _execute(cached, f"DELETE FROM {NOTES.sql} WHERE n = 1")
    assert _read(cached) == []


def test_memory_is_bounded(local: LocalEngine, tmp_path: Path) -> None:
    cached = CachingEngine(local, LogFreshness(tmp_path / "lake"), most_bytes=4000)
    for number in range(20):
        cached.query(Statement(f"SELECT n FROM {NOTES.sql} WHERE n = :n", {"n": number}))
    assert len(cached._kept) < 10
    assert cached._size <= 4000


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("SELECT * FROM `main`.`s`.`dq_a`", ["dq_a"]),
        ("SELECT 1 FROM `main`.`s`.`dq_a` a JOIN `main`.`s`.`dq_b` b ON a.x = b.x", "dq_a dq_b"),
        ("SELECT 1 FROM `main`.`s`.`dq_a` WHERE x IN (SELECT x FROM `m`.`s`.`dq_b`)", "dq_a dq_b"),
        ("WITH c AS (SELECT 1 AS x FROM `main`.`s`.`dq_a`) SELECT * FROM c", ["dq_a"]),
        ("SELECT 'FROM `main`.`s`.`orders`' FROM `main`.`s`.`dq_a`", ["dq_a"]),
        ("SELECT 1 FROM `main`.`s`.`dq_a`, `main`.`s`.`orders`", []),
        ("SELECT 1 FROM `main`.`s`.`dq_a` JOIN orders", []),
        ("SELECT 1 FROM `main`.`s`.`orders`", []),
        ("SELECT 1 FROM `s`.`dq_a`", []),
        ("SELECT 1 FROM parquet.`/tmp/dq_a`", []),
        ("SELECT current_timestamp() FROM `main`.`s`.`dq_a`", []),
        ("SELECT 1 FROM `main`.`s`.`dq_a` VERSION AS OF 1", []),
        ("SELECT rand() FROM `main`.`s`.`dq_a`", []),
        ("SELECT 1", []),
        ("DESCRIBE HISTORY `main`.`s`.`dq_a`", []),
        ("not sql at all (", []),
    ],
)
def test_only_queries_of_metadata_alone_are_kept(text: str, names: list[str] | str) -> None:
    wanted = names.split() if isinstance(names, str) else names
    assert sorted(table.table for table in metadata_tables(text)) == wanted


def test_elsewhere_answers_live_for_seconds_and_end_with_own_writes(local: LocalEngine) -> None:
    now = [0.0]
    cached = CachingEngine(local, TimedFreshness("main", "s", 5, lambda: now[0]))
    assert _read(cached) == [1]
    _execute(local, f"INSERT INTO {NOTES.sql} VALUES (2)")
    assert _read(cached) == [1]
    now[0] = 5.0
    assert _read(cached) == [1, 2]
    _execute(cached, f"INSERT INTO {NOTES.sql} VALUES (3)")
    assert _read(cached) == [1, 2, 3]


def test_elsewhere_the_state_of_the_schema_is_never_late() -> None:
    timed = TimedFreshness("main", "s", 5, lambda: 0.0)
    assert timed(NOTES) is not None
    assert timed(TableName("main", "s", "dq_settings")) is None
    assert timed(TableName("main", "s", "dq_leases")) is None
    assert timed(TableName("main", "other", "dq_notes")) is None
    assert TimedFreshness("main", "s", 0, lambda: 0.0)(NOTES) is None


def test_a_face_costs_no_engine_read_once_the_metadata_is_known(tmp_path: Path) -> None:
    from tests.support.provisioned import put_schema

    put_schema(tmp_path, "dq_metadata")
    settings = Settings(home=tmp_path, durable=False)
    with LocalEngine(tmp_path, durable=False, database=SHARED) as engine:
        cached = CachingEngine.over(engine, settings)
        for _ in range(2):
            before = cached.counts.misses
            Quality(settings, cached, Context()).alerts()
        assert cached.counts.misses == before
