"""Plain files and folders with hostile names are read right, or refused in one clear line."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import write_deltalake

from dq_databricks.engine.local import LocalEngine
from dq_databricks.errors import (
    DamagedTableError,
    EngineError,
    TableNotFoundError,
    UnsupportedError,
)
from dq_databricks.sql.relation import FileFormat, FileRelation
from dq_databricks.sql.statement import Statement
from tests.support.delta_logs import edit_commit, make_table

WRITABLE = ["a space", "émoji 🐘", "it's", 'quo"te', "star*", "ha#sh?"]
HOSTILE = [*WRITABLE, "brack[et]"]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalEngine]:
    with LocalEngine(tmp_path_factory.mktemp("lake"), durable=False) as opened:
        yield opened


def values(engine: LocalEngine, relation: FileRelation) -> list[object]:
    answer = engine.query(Statement(f"SELECT * FROM {relation.sql} ORDER BY 1"))
    return [tuple(row.values()) for row in answer.to_pylist()]


@pytest.mark.parametrize("name", [*HOSTILE, "per%20cent"])
def test_d8_files_below_hostile_folders_are_read(
    engine: LocalEngine, tmp_path: Path, name: str
) -> None:
    folder = tmp_path / name
    folder.mkdir()
    rows = pa.table({"x": [1, 2]})
    pq.write_table(rows, folder / f"{name}.parquet")
    (folder / f"{name}.csv").write_text("x\n1\n2\n")
    relations = [
        FileRelation("parquet", str(folder / f"{name}.parquet")),
        FileRelation("csv", str(folder / f"{name}.csv")),
    ]
    if "%" not in name:
        write_deltalake(tmp_path / "plain", rows)
        (tmp_path / "plain").rename(folder / "table")
        relations.append(FileRelation("delta", str(folder / "table")))
    for relation in relations:
        assert values(engine, relation) == [(1,), (2,)]
        assert [c.name for c in engine.inspect(relation).columns] == ["x"]


@pytest.mark.parametrize("name", WRITABLE)
def test_d8_a_lake_may_lie_below_a_hostile_folder(tmp_path: Path, name: str) -> None:
    with LocalEngine(tmp_path / name, durable=False) as engine:
        engine.execute(Statement("CREATE SCHEMA main.`Ünï-cödé's`"))
        engine.execute(Statement("CREATE TABLE main.`Ünï-cödé's`.`🐘%20` (x INT) USING DELTA"))
        table = "main.`Ünï-cödé's`.`🐘%20`"
        engine.execute(Statement(f"INSERT INTO {table} VALUES (1), (2)"))
        assert engine.execute(Statement(f"UPDATE {table} SET x = 3 WHERE x = 2")) == 1
        answer = engine.query(Statement(f"SELECT sum(x) AS n FROM {table}"))
        assert answer["n"].to_pylist() == [4]
        assert [str(t) for t in engine.tables("main", "Ünï-cödé's")] == ["main.Ünï-cödé's.🐘%20"]


@pytest.mark.parametrize("name", ["a[b]", "per%20cent"])
def test_d8_a_lake_that_cannot_be_written_says_so(tmp_path: Path, name: str) -> None:
    with LocalEngine(tmp_path / name, durable=False) as engine:
        engine.execute(Statement("CREATE SCHEMA main.s"))
        with pytest.raises(UnsupportedError, match="rename the folder"):
            engine.execute(Statement("CREATE TABLE main.s.t (x INT) USING DELTA"))


def test_d8_names_of_255_characters_and_their_cases(tmp_path: Path) -> None:
    long = "🐘" * 200 + "X" * 55
    with LocalEngine(tmp_path, durable=False) as engine:
        engine.execute(Statement(f"CREATE SCHEMA main.`{long}`"))
        engine.execute(Statement(f"CREATE TABLE main.`{long}`.`{long}` (x INT) USING DELTA"))
        engine.execute(Statement(f"INSERT INTO main.`{long.lower()}`.`{long}` VALUES (1)"))
        found = engine.tables("main", long)
        assert [table.table for table in found] == [long.lower()]


@pytest.mark.parametrize("file_format", ["parquet", "csv"])
def test_d9_columns_that_differ_only_by_case_are_refused(
    engine: LocalEngine, tmp_path: Path, file_format: FileFormat
) -> None:
    path = tmp_path / f"a.{file_format}"
    if file_format == "csv":
        path.write_text("id,Id\n1,2\n")
    else:
        pq.write_table(pa.table({"id": [1], "Id": [2]}), path)
    relation = FileRelation(file_format, str(path))
    with pytest.raises(UnsupportedError, match=r"[Ii]d"):
        engine.inspect(relation)
    with pytest.raises(UnsupportedError, match=r"[Ii]d"):
        values(engine, relation)


def test_globs_and_folders_mean_all_their_files(engine: LocalEngine, tmp_path: Path) -> None:
    for number in range(3):
        pq.write_table(pa.table({"x": [number]}), tmp_path / f"{number}.parquet")
    for path in ("*.parquet", "[0-2].parquet", ""):
        relation = FileRelation("parquet", str(tmp_path / path))
        assert values(engine, relation) == [(0,), (1,), (2,)]
        assert engine.inspect(relation).file_count == 3
    assert values(engine, FileRelation("parquet", str(tmp_path / "[12].parquet"))) == [(1,), (2,)]
    before = engine.inspect(FileRelation("parquet", str(tmp_path))).fingerprint
    pq.write_table(pa.table({"x": [7]}), tmp_path / "3.parquet")
    assert engine.inspect(FileRelation("parquet", str(tmp_path))).fingerprint != before
    pq.write_table(pa.table({"x": ["text"]}), tmp_path / "4.parquet")
    with pytest.raises(UnsupportedError, match="4.parquet".replace(".", r"\.")):
        values(engine, FileRelation("parquet", str(tmp_path)))


def test_what_is_no_parquet_is_named(engine: LocalEngine, tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    relation = FileRelation("parquet", str(path))
    with pytest.raises(TableNotFoundError, match="no such file"):
        engine.inspect(relation)
    with pytest.raises(TableNotFoundError, match="no table"):
        engine.inspect(FileRelation("parquet", str(tmp_path)))
    path.touch()
    with pytest.raises(DamagedTableError, match="empty"):
        values(engine, relation)
    pq.write_table(pa.table({"x": list(range(1000))}), path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DamagedTableError, match="no whole parquet file"):
        values(engine, relation)
    with pytest.raises(DamagedTableError, match="no whole parquet file"):
        engine.inspect(relation)
    pq.write_table(pa.table({"t": pa.array([1], pa.time64("us"))}), path)
    with pytest.raises(UnsupportedError, match="'t'"):
        engine.inspect(relation)


def test_parquet_types_have_databricks_names(engine: LocalEngine, tmp_path: Path) -> None:
    types = {
        "u8": (pa.uint8(), "SMALLINT"),
        "u32": (pa.uint32(), "BIGINT"),
        "u64": (pa.uint64(), "DECIMAL(20,0)"),
        "d": (pa.decimal128(10, 2), "DECIMAL(10,2)"),
        "ts": (pa.timestamp("ms", "UTC"), "TIMESTAMP"),
        "ntz": (pa.timestamp("us"), "TIMESTAMP_NTZ"),
        "dict": (pa.dictionary(pa.int32(), pa.string()), "STRING"),
        "st": (pa.struct([("a b", pa.list_(pa.float32()))]), "STRUCT<`a b`: ARRAY<FLOAT>>"),
        "m": (pa.map_(pa.string(), pa.binary()), "MAP<STRING, BINARY>"),
    }
    columns = {name: pa.array([None], kind) for name, (kind, _) in types.items()}
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")
    found = engine.inspect(FileRelation("parquet", str(tmp_path / "a.parquet"))).columns
    assert {c.name: c.data_type for c in found} == {n: name for n, (_, name) in types.items()}
    pq.write_table(pa.table({"x": pa.array([], pa.int64())}), tmp_path / "none.parquet")
    empty = engine.inspect(FileRelation("parquet", str(tmp_path / "none.parquet"))).statistics
    assert (empty.row_count, empty.columns["x"].bounds) == (0, (None, None))


def test_csv_has_a_header_types_and_any_delimiter(engine: LocalEngine, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('id;"a;b";when;t\n1;"x ""q"" y";2026-01-01;10:00:00\n2;;;\n', "utf-8-sig")
    relation = FileRelation("csv", str(path))
    assert [(c.name, c.data_type) for c in engine.inspect(relation).columns] == [
        ("id", "BIGINT"),
        ("a;b", "STRING"),
        ("when", "DATE"),
        ("t", "STRING"),
    ]
    assert values(engine, relation) == [
        (1, 'x "q" y', date(2026, 1, 1), "10:00:00"),
        (2, None, None, None),
    ]
    path.write_text("n\n" + "1\n" * 50_000 + "n/a\n")
    assert engine.inspect(relation).columns[0].data_type == "STRING"
    path.write_text("a,b\n")
    assert values(engine, relation) == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"\n", "empty"),
        (b"a,b\n1,2\n3\n", "Line: 3"),
        (b"a,b\n1,2\n3,4,5\n", "Line: 3"),
        (b"a,b\n1,\xff\xfe\n", "Line: 2"),
        (b'a,b\n1,"x\n', "Line: 2"),
        (b"a,\n1,2\n", "no name"),
    ],
)
def test_csv_that_breaks_the_rules_names_file_and_line(
    engine: LocalEngine, tmp_path: Path, content: bytes, message: str
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    for read in (engine.inspect, lambda relation: values(engine, relation)):
        with pytest.raises(EngineError, match=message) as caught:
            read(FileRelation("csv", str(path)))
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)


def test_a_shallow_clone_is_refused_by_name(engine: LocalEngine, tmp_path: Path) -> None:
    rows = pa.table({"x": [1]})
    source = make_table(tmp_path / "source", rows)
    clone = make_table(tmp_path / "clone", rows)
    file = next(source.glob("*.parquet"))

    def to_source(action: dict[str, dict[str, object]]) -> dict[str, dict[str, object]]:
        if "add" in action:
            action["add"]["path"] = file.as_uri()
        return action

    edit_commit(clone, 1, to_source)
    relation = FileRelation("delta", str(clone))
    with pytest.raises(UnsupportedError, match="shallow clone"):
        engine.inspect(relation)
    with pytest.raises(UnsupportedError, match="shallow clone"):
        values(engine, relation)


def test_nested_and_partitioned_folders_are_read_right(engine: LocalEngine, tmp_path: Path) -> None:
    rows = pa.table(
        {
            "p": pa.array([2, None], pa.int32()),
            "st": pa.array([{"a": [1, None], "b": {"c": "x"}}, None]),
            "m": pa.array([[("k", 1)], []], pa.map_(pa.string(), pa.int64())),
        }
    )
    write_deltalake(tmp_path / "t", rows, partition_by=["p"])
    relation = FileRelation("delta", str(tmp_path / "t"))
    answer = engine.query(Statement(f"SELECT * FROM {relation.sql} ORDER BY p NULLS LAST"))
    assert answer.select(["p", "st", "m"]).to_pylist() == rows.to_pylist()


def test_no_connection_draws_a_progress_bar_on_stdout() -> None:
    # DuckDB draws one where it takes the process for a console, as after python -c.
    told = "SELECT current_setting('enable_progress_bar')"
    code = (
        "from dq_databricks.engine.local.database import Database\n"
        "connection = Database(threads=1, memory_limit='')._open()\n"
        f'print(connection.execute("{told}").fetchall())'
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[(False,)]"
