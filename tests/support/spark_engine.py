"""The Spark lane of the contract suite: one session, and an empty lake for each test."""

from __future__ import annotations

import atexit
import tempfile
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from dq_databricks.engine.protocol import Engine
from dq_databricks.errors import EngineUnavailableError
from dq_databricks.settings import Settings
from dq_databricks.sql.statement import Statement

CATALOG = "main"
# Short-lived work: the second compiler and a parallel collector would cost more than they give.
FAST_START = {
    "spark.driver.extraJavaOptions": (
        "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:ReservedCodeCacheSize=256m"
    ),
    "spark.driver.memory": "1500m",
}


@cache
def reason_to_skip() -> str | None:
    for name in ("pyspark", "delta"):
        if find_spec(name) is None:
            return f"{name} is not installed"
    from dq_databricks.engine.spark.jars import ensure_jars
    from dq_databricks.engine.spark.java import find_java

    try:
        find_java()
        ensure_jars(Settings.load().jars)
    except EngineUnavailableError as error:
        return str(error)
    return None


def open_for_tests(folder: Path) -> Engine:
    """An engine over the shared session, its catalog `main` kept below `folder`."""
    from dq_databricks.engine.local.lake import Lake
    from dq_databricks.engine.spark.lake import LakeSparkEngine

    forget_schemas()
    engine = LakeSparkEngine(
        shared_session(), lake=Lake(folder / "lake"), catalog=CATALOG, statement_timeout_s=120
    )
    engine.execute(Statement(f"CREATE SCHEMA IF NOT EXISTS {CATALOG}.s"))
    return engine


@cache
def shared_session() -> Any:
    from dq_databricks.engine.spark.session import start_session

    home = tempfile.TemporaryDirectory(prefix="dq-spark-")
    atexit.register(home.cleanup)
    return start_session(Settings.load(home=Path(home.name), threads=2), **FAST_START)


def forget_schemas() -> None:
    """Empty the catalog of the shared session; a lake on disk can be shown to it again."""
    session = shared_session()
    for row in session.sql(f"SHOW SCHEMAS IN {CATALOG}").collect():
        if row[0] != "default":
            for table in session.sql(f"SHOW TABLES IN {CATALOG}.{row[0]}").collect():
                session.catalog.dropTempView(table[1])
            session.sql(f"DROP SCHEMA {CATALOG}.`{row[0]}` CASCADE")
