"""Runs in a process of its own: a Spark Connect server and what the engine does through it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pyarrow as pa
from pyspark.sql import SparkSession

from dq_databricks.engine.spark.engine import SparkEngine
from dq_databricks.errors import TableNotFoundError
from dq_databricks.sql.identifiers import TableName
from dq_databricks.sql.relation import TableRelation
from dq_databricks.sql.statement import Statement


def main(jars: str, warehouse: str) -> None:
    engine = SparkEngine(open_session(jars, warehouse))
    print(json.dumps(_answers(engine)))


def open_session(jars: str, warehouse: str) -> SparkSession:
    settings = {
        "spark.driver.extraClassPath": jars,
        "spark.driver.memory": "1g",
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        "spark.sql.warehouse.dir": warehouse,
        "spark.databricks.delta.snapshotPartitions": "1",
        "spark.sql.shuffle.partitions": "1",
    }
    builder = SparkSession.builder.remote("local[1]")
    for name, value in settings.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def _answers(engine: SparkEngine) -> dict[str, object]:
    name = TableName("spark_catalog", "default", "t")
    engine.execute(Statement(f"CREATE TABLE {name.sql} (id BIGINT, s STRING) USING DELTA"))
    engine.append(name, pa.table({"id": [1, 2]}))
    update = Statement(f"UPDATE {name.sql} SET s = :s WHERE id = :id", {"s": "it's", "id": 2})
    changed = engine.execute(update)
    read = Statement(f"SELECT id, s FROM {name.sql} WHERE id >= :id ORDER BY id", {"id": 1})
    return {
        "changed": changed,
        "rows": engine.query(read).to_pylist(),
        "version": engine.inspect(TableRelation(name)).version,
        "tables": [str(found) for found in engine.tables(name.catalog, name.schema)],
        "missing": _missing(engine),
    }


def _missing(engine: SparkEngine) -> str:
    try:
        engine.query(Statement("SELECT * FROM spark_catalog.default.nope"))
    except TableNotFoundError as error:
        return type(error).__name__
    return "nothing raised"


if __name__ == "__main__":
    main(*(str(Path(argument)) for argument in sys.argv[1:]))
