"""What file statistics prove equals what a scan finds; what they do not prove is unknown."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, write_deltalake

from dq_databricks.engine.local import LocalEngine
from dq_databricks.engine.protocol import ColumnStatistics, TableStatistics
from dq_databricks.sql.identifiers import quote
from dq_databricks.sql.relation import FileRelation
from dq_databricks.sql.statement import Statement
from tests.support.delta_logs import delete_row_by_vector, edit_statistics, make_table


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalEngine]:
    with LocalEngine(tmp_path_factory.mktemp("lake"), durable=False) as opened:
        yield opened


def known(engine: LocalEngine, folder: Path) -> TableStatistics:
    return engine.inspect(FileRelation("delta", str(folder))).statistics


def column(engine: LocalEngine, folder: Path, name: str = "c") -> ColumnStatistics:
    return known(engine, folder).columns[name]


def table(kind: pa.DataType, *values: object) -> pa.Table:
    return pa.table({"c": pa.array(values, kind)})


def scanned(engine: LocalEngine, relation: FileRelation, name: str) -> tuple[object, ...]:
    text = f"SELECT count(*), count_if({{0}} IS NULL), min({{0}}), max({{0}}) FROM {relation.sql}"
    return tuple(engine.query(Statement(text.format(quote(name)))).to_pylist()[0].values())


PROVEN = {
    "i": (pa.int32(), [3, -5, None, 7]),
    "big": (pa.int64(), [2**63 - 1, None, -(2**63), 0]),
    "s": (pa.string(), ["b", "é", "", "a🐘"]),
    "d": (pa.date32(), [date(1, 1, 1), date(9999, 12, 31), None, None]),
    "price": (pa.decimal128(12, 2), [Decimal("1.10"), None, Decimal("-9999999999.99"), None]),
    "ok": (pa.bool_(), [True, None, False, True]),
    "none": (pa.int64(), [None, None, None, None]),
    "x.y": (pa.int64(), [1, 2, 3, None]),
}


@pytest.mark.parametrize("file_format", ["delta", "parquet"])
def test_what_is_proven_equals_what_is_scanned(
    engine: LocalEngine, tmp_path: Path, file_format: str
) -> None:
    rows = pa.table({name: pa.array(values, kind) for name, (kind, values) in PROVEN.items()})
    if file_format == "delta":
        relation = FileRelation("delta", str(make_table(tmp_path / "t", rows, rows.slice(0, 1))))
    else:
        (tmp_path / "p").mkdir()
        pq.write_table(rows, tmp_path / "p" / "a.parquet", row_group_size=3)
        pq.write_table(rows.slice(0, 1), tmp_path / "p" / "b.parquet")
        relation = FileRelation("parquet", str(tmp_path / "p" / "*.parquet"))
    found = engine.inspect(relation).statistics
    for name in PROVEN:
        count, nulls, low, high = scanned(engine, relation, name)
        assert found.row_count == count
        assert (found.columns[name].null_count, found.columns[name].bounds) == (nulls, (low, high))


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (pa.float64(), [1.0, math.nan, -0.0]),
        (pa.float32(), [1.0, 2.0]),
        (pa.timestamp("us", "UTC"), [datetime(2026, 1, 1, 0, 0, 0, 123456, tzinfo=UTC)]),
        (pa.timestamp("us"), [datetime.fromisoformat("2026-01-01T00:00:00.123456")]),
        (pa.string(), ["a" * 32]),
        (pa.string(), ["🐘" * 8]),
        (pa.decimal128(38, 18), [Decimal("123456789012345.123")]),
        (pa.binary(), [b"a"]),
    ],
)
def test_bounds_that_may_have_lost_something_are_unknown(
    engine: LocalEngine, tmp_path: Path, kind: pa.DataType, values: list[object]
) -> None:
    folder = make_table(tmp_path / "t", table(kind, *values))
    assert column(engine, folder).bounds is None
    assert known(engine, folder).row_count == len(values)


def test_nested_columns_are_unknown(engine: LocalEngine, tmp_path: Path) -> None:
    folder = make_table(tmp_path / "t", table(pa.struct([("a", pa.int64())]), {"a": 1}, None))
    assert column(engine, folder) == ColumnStatistics()


def test_a_deletion_vector_makes_everything_unknown(engine: LocalEngine, tmp_path: Path) -> None:
    folder = make_table(tmp_path / "t", table(pa.int64(), 1, 2, 3))
    delete_row_by_vector(folder, 2)
    relation = FileRelation("delta", str(folder))
    assert scanned(engine, relation, "c") == (2, 0, 1, 2)
    assert known(engine, folder) == TableStatistics()
    assert known(engine, folder).row_count is None


def test_wide_bounds_are_unknown(engine: LocalEngine, tmp_path: Path) -> None:
    folder = make_table(tmp_path / "t", table(pa.int64(), 1, 2))
    edit_statistics(folder, 1, lambda stats: {**stats, "tightBounds": False})
    assert column(engine, folder) == ColumnStatistics()


def without(key: str) -> Any:
    return lambda stats: {name: value for name, value in stats.items() if name != key}


def test_missing_statistics_are_unknown(engine: LocalEngine, tmp_path: Path) -> None:
    two = (table(pa.int64(), 1, 2), table(pa.int64(), 3))
    bare = make_table(tmp_path / "bare", *two)
    edit_statistics(bare, 2, lambda _: None)
    assert known(engine, bare) == TableStatistics()
    no_rows = make_table(tmp_path / "no_rows", *two)
    edit_statistics(no_rows, 1, without("numRecords"))
    assert known(engine, no_rows) == TableStatistics()
    no_nulls = make_table(tmp_path / "no_nulls", *two)
    edit_statistics(no_nulls, 1, without("nullCount"))
    assert column(engine, no_nulls) == ColumnStatistics(None, (1, 3))
    no_max = make_table(tmp_path / "no_max", *two)
    edit_statistics(no_max, 1, without("maxValues"))
    assert column(engine, no_max) == ColumnStatistics(0, None)


def test_a_number_written_as_a_float_is_unknown(engine: LocalEngine, tmp_path: Path) -> None:
    folder = make_table(tmp_path / "t", table(pa.int64(), 2**62))
    edit_statistics(folder, 1, lambda stats: {**stats, "maxValues": {"c": 4.6e18}})
    assert column(engine, folder).bounds is None


def test_a_column_added_later_is_unknown(engine: LocalEngine, tmp_path: Path) -> None:
    folder = make_table(tmp_path / "t", table(pa.int64(), 1))
    both = pa.table({"c": [2], "new": [5]})
    write_deltalake(folder, both, mode="append", schema_mode="merge")
    assert column(engine, folder, "new") == ColumnStatistics(None, None)
    assert column(engine, folder, "c") == ColumnStatistics(0, (1, 2))


def test_partition_columns_are_known_from_their_values(engine: LocalEngine, tmp_path: Path) -> None:
    rows = pa.table({"p": ["b", "a b/%", None, "b"], "n": [1, 2, 3, 4]})
    write_deltalake(tmp_path / "t", rows, partition_by=["p"])
    assert column(engine, tmp_path / "t", "p") == ColumnStatistics(1, ("a b/%", "b"))
    assert column(engine, tmp_path / "t", "n") == ColumnStatistics(0, (1, 4))
    relation = FileRelation("delta", str(tmp_path / "t"))
    assert scanned(engine, relation, "p") == (4, 1, "a b/%", "b")


def test_mapped_columns_are_found_by_their_physical_names(
    engine: LocalEngine, tmp_path: Path
) -> None:
    rows = pa.table({"a b": [1, 2], "s": ["x", None]})
    folder = make_table(tmp_path / "t", rows, columnMapping_mode="name")
    assert "a b" not in json.dumps(str(pa.table(DeltaTable(folder).get_add_actions()).schema))
    assert column(engine, folder, "a b") == ColumnStatistics(0, (1, 2))
    assert column(engine, folder, "s") == ColumnStatistics(1, ("x", "x"))
    assert scanned(engine, FileRelation("delta", str(folder)), "a b") == (2, 0, 1, 2)


def test_checkpoints_and_removed_files_are_respected(engine: LocalEngine, tmp_path: Path) -> None:
    folder = make_table(tmp_path / "t", table(pa.int64(), 1, 2), table(pa.int64(), 30))
    delta = DeltaTable(folder)
    delta.delete("c = 1")
    delta.create_checkpoint()
    write_deltalake(folder, table(pa.int64(), 4), mode="append")
    assert known(engine, folder).row_count == 3
    assert column(engine, folder) == ColumnStatistics(0, (2, 30))
    old = engine.inspect(FileRelation("delta", str(folder), 2)).statistics
    assert (old.row_count, old.columns["c"].bounds) == (3, (1, 30))


def test_parquet_traps_are_unknown(engine: LocalEngine, tmp_path: Path) -> None:
    rows = pa.table(
        {
            "f": [math.nan, 1.0],
            "ns": pa.array([1, 2], pa.timestamp("ns", "UTC")),
            "long": ["a" * 100, "b"],
            "l": [[1], None],
            "ts": pa.array([1, 2], pa.timestamp("us", "UTC")),
        }
    )
    pq.write_table(rows, tmp_path / "a.parquet")
    found = engine.inspect(FileRelation("parquet", str(tmp_path / "a.parquet"))).statistics
    assert {name: entry.bounds is None for name, entry in found.columns.items()} == {
        "f": True,
        "ns": True,
        "long": True,
        "l": True,
        "ts": False,
    }
    assert found.columns["l"].null_count is None
    assert all((entry.bytes or 0) > 0 for entry in found.columns.values())
    pq.write_table(rows, tmp_path / "bare.parquet", write_statistics=False)
    bare = engine.inspect(FileRelation("parquet", str(tmp_path / "bare.parquet"))).statistics
    assert bare.row_count == 2
    assert all(e.bounds is None and e.null_count is None for e in bare.columns.values())


def test_csv_statistics_are_unknown(engine: LocalEngine, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a\n1\n")
    assert engine.inspect(FileRelation("csv", str(tmp_path / "a.csv"))).statistics == (
        TableStatistics()
    )
