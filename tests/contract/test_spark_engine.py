"""What only the Spark engine has: facts, cancelling, files, binding by EXECUTE IMMEDIATE, jars."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dq_databricks.errors import (
    CancelledError,
    EngineError,
    EngineUnavailableError,
    StatementTimeoutError,
    TableNotFoundError,
    UnsupportedError,
)
from dq_databricks.settings import Settings
from dq_databricks.sql.relation import FileRelation
from dq_databricks.sql.statement import Statement
from tests.support.contract import create, rows
from tests.support.engines import open_engine_for_tests

if TYPE_CHECKING:
    from dq_databricks.engine.spark.engine import SparkEngine

pytestmark = pytest.mark.spark

ENDLESS = "SELECT count(*) FROM range(1000000000000) AS r WHERE r.id % 7 = 3 AND r.id % 11 = 5"


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkEngine]:
    with open_engine_for_tests("spark", tmp_path_factory.mktemp("spark")) as engine:
        yield engine


def test_wide_aggregates_keep_generated_code(spark: SparkEngine) -> None:
    assert spark.facts.max_aggregates == 100
    create(spark, "wide", "a BIGINT, b BIGINT")
    sums = ", ".join(f"sum(a + {n}) AS x{n}" for n in range(150))
    adaptive = "spark.sql.adaptive.enabled"
    spark.session.conf.set(adaptive, "false")  # its plans show generated code only once they ran
    try:
        plan = str(rows(spark, f"EXPLAIN SELECT {sums} FROM main.s.wide"))
    finally:
        spark.session.conf.unset(adaptive)
    # A star and a number mark an operator inside generated code.
    assert plan.count(") HashAggregate") == plan.count("HashAggregate") == 2


def test_a_session_that_refuses_the_setting_gets_chunks(
    spark: SparkEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dq_databricks.engine.spark import engine

    # A static setting cannot be set at run time: the session itself refuses.
    monkeypatch.setattr(engine, "MAX_FIELDS", "spark.sql.warehouse.dir")
    assert engine.SparkEngine(spark.session).facts.max_aggregates == 50


def test_a_statement_that_runs_too_long_is_stopped(spark: SparkEngine) -> None:
    from dq_databricks.engine.spark.engine import SparkEngine

    hasty = SparkEngine(spark.session, statement_timeout_s=0.5)
    with pytest.raises(StatementTimeoutError, match="DQ_STATEMENT_TIMEOUT_S"):
        rows(hasty, ENDLESS)
    assert rows(hasty, "SELECT 1") == [(1,)]


def test_cancel_stops_the_statements_of_this_engine(spark: SparkEngine) -> None:
    failures: list[EngineError] = []

    def work() -> None:
        try:
            rows(spark, ENDLESS)
        except EngineError as failure:
            failures.append(failure)

    worker = threading.Thread(target=work)
    worker.start()
    while worker.is_alive():
        spark.cancel()
        worker.join(0.2)
    assert [type(failure) for failure in failures] == [CancelledError]
    assert rows(spark, "SELECT 1") == [(1,)]


def test_literals_are_what_binding_would_give(spark: SparkEngine) -> None:
    from dq_databricks.engine.spark.binding import execute_immediate

    values = {
        "s": "it's \\ \"`:s; -- 🐘\n",
        "i": -7,
        "big": -(2**63) + 1,
        "f": 0.1,
        "yes": True,
        "d": date(1, 1, 1),
        "ts": datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
        "n": Decimal("-0.000000000000000001"),
        "b": b"\x00'",
        "none": None,
        "l": ["a'", ""],
        "empty": [],
    }
    text = "SELECT " + ", ".join(f":{name} AS {name}" for name in values)
    bound, written = Statement(text, values), Statement(execute_immediate(text, values))
    assert spark.query(written).to_pylist() == spark.query(bound).to_pylist() == [values]


def test_parquet_files_are_described_without_reading_them(
    spark: SparkEngine, tmp_path: Path
) -> None:
    path = tmp_path / "o'rders `1`.parquet"
    pq.write_table(pa.table({"id": [1, 2], "s": ["a", None]}), path)
    relation = FileRelation("parquet", str(path))
    first = spark.inspect(relation)
    assert [(c.name, c.data_type) for c in first.columns] == [("id", "BIGINT"), ("s", "STRING")]
    assert (first.version, first.file_count, first.size_bytes) == (None, 1, path.stat().st_size)
    assert rows(spark, f"SELECT count(s) FROM {relation.sql}") == [(1,)]
    pq.write_table(pa.table({"id": [1, 2, 3], "s": ["a", None, "c"]}), path)
    assert spark.inspect(relation).fingerprint != first.fingerprint


def test_what_is_no_table_is_refused_by_name(spark: SparkEngine, tmp_path: Path) -> None:
    with pytest.raises(TableNotFoundError, match="absent"):
        spark.inspect(FileRelation("parquet", str(tmp_path / "absent.parquet")))
    with pytest.raises(TableNotFoundError, match="absent"):
        spark.inspect(FileRelation("delta", str(tmp_path / "absent")))
    with pytest.raises(UnsupportedError, match="CSV"):
        spark.inspect(FileRelation("csv", str(tmp_path / "a.csv")))
    with pytest.raises(UnsupportedError, match="CSV"):
        rows(spark, "SELECT * FROM csv.`/a.csv`")


def test_a_delta_folder_is_read_at_its_versions(spark: SparkEngine, tmp_path: Path) -> None:
    name = create(spark, "folder", "id BIGINT")
    spark.append(name, pa.table({"id": [1]}))
    spark.append(name, pa.table({"id": [2]}))
    (detail,) = spark.query(Statement(f"DESCRIBE DETAIL {name.sql}")).to_pylist()
    relation = FileRelation("delta", detail["location"].removeprefix("file:"))
    seen = spark.inspect(relation)
    assert (seen.version, seen.file_count, seen.statistics.row_count) == (2, 2, 2)
    assert rows(spark, f"SELECT count(*) FROM {relation.at(1).sql}") == [(1,)]
    assert spark.inspect(relation.at(1)).statistics.row_count == 1


def test_jars_are_checked_and_a_filled_folder_needs_no_network(tmp_path: Path) -> None:
    from dq_databricks.engine.spark.jars import JARS, REPOSITORY, ensure_jars

    given = Settings.load().jars.absolute()
    for jar in JARS:
        (tmp_path / jar.file).symlink_to(given / jar.file)
    nowhere = {REPOSITORY: "http://127.0.0.1:9/"}
    assert [path.name for path in ensure_jars(tmp_path, environment=nowhere)] == [
        jar.file for jar in JARS
    ]
    (tmp_path / JARS[0].file).unlink()
    (tmp_path / JARS[0].file).write_bytes(b"something else")
    with pytest.raises(EngineUnavailableError, match="SHA-256"):
        ensure_jars(tmp_path, environment=nowhere)
    (tmp_path / JARS[0].file).unlink()
    with pytest.raises(EngineUnavailableError, match=REPOSITORY):
        ensure_jars(tmp_path, environment=nowhere)
