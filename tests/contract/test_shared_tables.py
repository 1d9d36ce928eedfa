"""The embedded engine and Spark work on the same folders: each reads what the other wrote.

The promise for tables with features that only Spark writes is "right or refused by name".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from dq_databricks.engine.local import LocalEngine
from dq_databricks.engine.protocol import ColumnStatistics, Engine
from dq_databricks.errors import EngineError, UnsupportedError
from dq_databricks.sql.identifiers import quote
from dq_databricks.sql.relation import TableRelation
from dq_databricks.sql.statement import Statement
from tests.contract.test_types import ALL
from tests.support.contract import arrow, create, named, rows, run
from tests.support.engines import open_engine_for_tests

pytestmark = pytest.mark.spark


@dataclass(frozen=True, slots=True)
class Both:
    """Two engines over one lake."""

    spark: Engine
    local: Engine


@pytest.fixture
def both(tmp_path: Path) -> Iterator[Both]:
    with (
        open_engine_for_tests("spark", tmp_path) as spark,
        LocalEngine(tmp_path, durable=False) as local,
    ):
        yield Both(spark, local)


@pytest.mark.parametrize("direction", ["local to spark", "spark to local"])
def test_every_type_written_by_one_is_read_by_the_other(both: Both, direction: str) -> None:
    writer, reader = (
        (both.local, both.spark) if "local to" in direction else (both.spark, both.local)
    )
    name = create(writer, "shared", ", ".join(f"{c} {t[0]}" for c, t in ALL.items()))
    given = arrow(
        [(column, entry[1]) for column, entry in ALL.items()],
        [entry[2] for entry in ALL.values()],
        [entry[3] for entry in ALL.values()],
        [3, *([None] * (len(ALL) - 1))],
    )
    writer.append(name, given)
    read = reader.query(Statement(f"SELECT * FROM {name.sql} ORDER BY id"))
    assert read.to_pylist() == given.to_pylist()
    seen, written = (engine.inspect(TableRelation(name)) for engine in (reader, writer))
    assert (seen.version, seen.columns) == (written.version, written.columns)
    assert seen.statistics == written.statistics
    # Both go on writing to the same table.
    reader.append(name, given.slice(2))
    assert rows(writer, f"SELECT count(*) FROM {name.sql} WHERE id = 3") == [(2,)]


def test_views_and_drops_are_seen_by_the_other(both: Both) -> None:
    create(both.local, "base", "id BIGINT")
    run(both.local, "INSERT INTO main.s.base VALUES (1), (2)")
    run(both.local, "CREATE VIEW main.s.theirs AS SELECT id + 1 AS next FROM main.s.base")
    assert rows(both.spark, "SELECT sum(next) FROM main.s.theirs") == [(5,)]
    run(both.spark, "CREATE VIEW main.s.ours AS SELECT max(id) AS top FROM main.s.base")
    assert rows(both.local, "SELECT top FROM main.s.ours") == [(2,)]
    assert both.local.tables("main", "s") == both.spark.tables("main", "s")
    run(both.spark, "DROP VIEW main.s.theirs")
    run(both.spark, "DROP TABLE main.s.base")
    assert both.local.tables("main", "s") == both.spark.tables("main", "s") == [named("ours")]


def test_a_schema_with_tables_unknown_to_the_session_is_not_dropped(both: Both) -> None:
    run(both.local, "CREATE SCHEMA main.theirs")
    run(both.local, "CREATE TABLE main.theirs.kept (id BIGINT) USING DELTA")
    with pytest.raises(EngineError, match="EMPTY"):
        run(both.spark, "DROP SCHEMA main.theirs")
    assert rows(both.local, "SELECT count(*) FROM main.theirs.kept") == [(0,)]


FEATURES = {
    "deletion_vectors": (
        "CREATE TABLE main.s.t (id BIGINT, s STRING) USING DELTA"
        " TBLPROPERTIES ('delta.enableDeletionVectors' = 'true')",
        "INSERT INTO main.s.t SELECT id, CAST(id AS STRING) FROM range(100)",
        "DELETE FROM main.s.t WHERE id IN (0, 50, 99)",
    ),
    "column_mapping": (
        "CREATE TABLE main.s.t (id BIGINT, `a b` INT, gone INT) USING DELTA"
        " TBLPROPERTIES ('delta.columnMapping.mode' = 'name')",
        "INSERT INTO main.s.t VALUES (1, 2, 3), (4, NULL, 6)",
        "ALTER TABLE main.s.t RENAME COLUMN `a b` TO renamed",
        "ALTER TABLE main.s.t DROP COLUMN gone",
        "INSERT INTO main.s.t VALUES (7, 8)",
    ),
    "partitions": (
        "CREATE TABLE main.s.t (id BIGINT, day DATE, p STRING) USING DELTA PARTITIONED BY (day, p)",
        "INSERT INTO main.s.t VALUES (1, DATE'2026-01-01', 'a b%2F/ü'), (2, NULL, NULL),"
        " (3, DATE'0001-01-01', '='), (4, DATE'2026-01-01', '')",
    ),
    "nested": (
        "CREATE TABLE main.s.t (id BIGINT, st STRUCT<a: INT, l: ARRAY<STRUCT<x: DOUBLE>>>,"
        " m MAP<STRING, ARRAY<INT>>) USING DELTA",
        "INSERT INTO main.s.t VALUES (1, named_struct('a', 1, 'l', array(named_struct('x', 0.5D))),"
        " map('k', array(1, NULL))), (2, NULL, NULL)",
    ),
    "clustering": (
        "CREATE TABLE main.s.t (id BIGINT, s STRING) USING DELTA CLUSTER BY (id)",
        "INSERT INTO main.s.t VALUES (1, 'a'), (2, 'b')",
    ),
    "type_widening": (
        "CREATE TABLE main.s.t (id BIGINT, n INT) USING DELTA"
        " TBLPROPERTIES ('delta.enableTypeWidening' = 'true')",
        "INSERT INTO main.s.t VALUES (1, 2)",
        "ALTER TABLE main.s.t ALTER COLUMN n TYPE BIGINT",
        "INSERT INTO main.s.t VALUES (3, 4000000000)",
    ),
    "checkpoint": (
        "CREATE TABLE main.s.t (id BIGINT, n INT) USING DELTA"
        " TBLPROPERTIES ('delta.checkpointInterval' = '2', 'delta.checkpointPolicy' = 'v2')",
        "INSERT INTO main.s.t VALUES (1, 2)",
        "INSERT INTO main.s.t VALUES (3, 4)",
        "DELETE FROM main.s.t WHERE id = 1",
    ),
}


@pytest.mark.parametrize("feature", FEATURES)
def test_features_that_spark_writes_are_read_right(both: Both, feature: str) -> None:
    for text in FEATURES[feature]:
        run(both.spark, text)
    select = "SELECT * FROM main.s.t ORDER BY id"
    expected = rows(both.spark, select)
    assert rows(both.local, select) == expected
    assert expected
    for engine in (both.local, both.spark):
        check_proofs(both, engine, expected)


def check_proofs(both: Both, engine: Engine, expected: list[tuple[object, ...]]) -> None:
    """What `engine` proves of main.s.t without reading it is what Spark finds by reading it."""
    seen = engine.inspect(TableRelation(named("t")))
    assert seen.statistics.row_count in (None, len(expected))
    for number, column in enumerate(seen.columns):
        known = seen.statistics.columns.get(column.name, ColumnStatistics())
        nulls = sum(row[number] is None for row in expected)
        assert known.null_count in (None, nulls), column.name
        if known.bounds is not None:
            extremes = f"min({quote(column.name)}), max({quote(column.name)})"
            assert rows(both.spark, f"SELECT {extremes} FROM main.s.t") == [known.bounds]


def test_a_shallow_clone_is_refused_by_name(both: Both) -> None:
    create(both.spark, "source", "id BIGINT")
    run(both.spark, "INSERT INTO main.s.source VALUES (1)")
    run(both.spark, "CREATE TABLE main.s.copy SHALLOW CLONE main.s.source")
    assert rows(both.spark, "SELECT id FROM main.s.copy") == [(1,)]
    with pytest.raises(UnsupportedError, match="copy"):
        rows(both.local, "SELECT id FROM main.s.copy")
