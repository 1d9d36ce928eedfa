"""Runs in a process of its own: a script of `jobs/` in a session that speaks Spark Connect."""

from __future__ import annotations

import os
import runpy
import sys
from pathlib import Path

from pyspark.sql import SparkSession

from tests.support.connect_session import open_session
from tests.support.provisioned import put_schema
from tests.support.tasks import ROOT

CATALOG, SCHEMA = "spark_catalog", "dq_metadata"


def main(jars: str, folder: str) -> None:
    session = open_session(jars, f"{folder}/warehouse")
    _show_metadata(session, Path(folder))
    session.sql("CREATE TABLE spark_catalog.default.orders (order_id BIGINT) USING DELTA")
    session.sql("INSERT INTO spark_catalog.default.orders VALUES (1), (2), (NULL)")
    os.environ["DATABRICKS_RUNTIME_VERSION"] = "client.4.9"
    os.environ.pop("DQ_ENGINE", None)
    _run("profile", "--targets=spark_catalog.default.orders", "--platform-run-id=7")


def _show_metadata(session: SparkSession, folder: Path) -> None:
    """Migrations cost Spark a minute and are tried elsewhere: show tables that stand already."""
    put_schema(folder, SCHEMA)
    session.sql(f"CREATE SCHEMA {CATALOG}.{SCHEMA}")
    for table in sorted((folder / "lake" / "main" / SCHEMA).glob("*/_delta_log")):
        name = f"{CATALOG}.{SCHEMA}.{table.parent.name}"
        session.sql(f"CREATE TABLE {name} USING DELTA LOCATION '{table.parent}'")


def _run(script: str, *words: str) -> None:
    sys.argv = [script, f"--catalog={CATALOG}", f"--schema={SCHEMA}", *words]
    runpy.run_path(str(ROOT / "jobs" / f"{script}.py"), run_name="__main__")


if __name__ == "__main__":
    main(*sys.argv[1:])
