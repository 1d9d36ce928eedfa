"""A Spark session with Delta on this machine: Java, jars, settings and three-level names."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Mapping
from pathlib import Path

from pyspark.sql import SparkSession

from dq_databricks.engine.spark.binding import SUBSTITUTION
from dq_databricks.engine.spark.failures import FAILURES
from dq_databricks.engine.spark.jars import ensure_jars
from dq_databricks.engine.spark.java import find_java
from dq_databricks.engine.spark.ours import HOME
from dq_databricks.errors import EngineUnavailableError, SettingsError
from dq_databricks.settings import Settings

_MEMORY = re.compile(r"(\d+)\s*([kmgt])i?b?", re.IGNORECASE)


def start_session(settings: Settings, **more: str) -> SparkSession:
    """The local session over `settings.home`; `more` are Spark settings laid on top.

    Raises EngineUnavailableError when Java or the jars are missing, or when a session over
    another folder is open in this process.
    """
    find_java()
    home = settings.home.absolute()
    jars = ensure_jars(settings.jars)
    builder = SparkSession.builder.master(f"local[{settings.threads or '*'}]")
    for name, value in {**_settings(home, jars, settings), **more}.items():
        builder = builder.config(name, value)
    try:
        session = builder.getOrCreate()
    except FAILURES as error:
        raise EngineUnavailableError(f"a local Spark did not start: {error}") from error
    _quiet(session)
    name_catalog(session, settings.catalog)
    return session


def name_catalog(session: SparkSession, catalog: str) -> None:
    """Let the session's own catalog answer to `catalog` too, so that three-level names work.

    Spark offers no setting for it: a second Delta catalog refuses every statement.
    """
    manager = session._jsparkSession.sessionState().catalogManager()
    fields = manager.getClass().getDeclaredFields()
    known = next(field for field in fields if field.getName().endswith("catalogs"))
    known.setAccessible(True)
    known.get(manager).put(catalog, manager.v2SessionCatalog())


def _settings(home: Path, jars: list[Path], settings: Settings) -> Mapping[str, str]:
    return {
        HOME: str(home),
        "spark.app.name": "dq-databricks",
        "spark.driver.extraClassPath": os.pathsep.join(map(str, jars)),
        "spark.driver.memory": _memory(settings.memory_limit),
        "spark.driver.extraJavaOptions": "-XX:ReservedCodeCacheSize=256m",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.catalogImplementation": "in-memory",
        "spark.sql.warehouse.dir": str(home / "spark"),
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        "spark.sql.sources.default": "delta",  # as on Databricks
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": _parts(settings),
        # VACUUM lists folders in this many tasks, however few there are; Spark's own is 10000.
        "spark.sql.sources.parallelPartitionDiscovery.parallelism": _parts(settings),
        "spark.databricks.delta.snapshotPartitions": "1",
        # It fails on column names with a backtick, and the planner proves the same from the log.
        "spark.databricks.delta.optimizeMetadataQuery.enabled": "false",
        SUBSTITUTION: "true",
    }


def _parts(settings: Settings) -> str:
    return str(max(2, settings.threads or os.cpu_count() or 2))


def _memory(limit: str) -> str:
    """Spark's form of a size such as 4GB; a quarter of the machine (1 to 16 GB) without one."""
    if limit:
        size = _MEMORY.fullmatch(limit.strip())
        if not size:
            raise SettingsError(f"DQ_MEMORY_LIMIT={limit!r}: write a size such as 4GB")
        return f"{size[1]}{size[2].lower()}"
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return f"{min(max(machine // 4 // 2**20, 1024), 16384)}m"


def _quiet(session: SparkSession) -> None:
    """Failures are raised; Spark need not print them with their stack traces too."""
    session.sparkContext.setLogLevel("FATAL")
    logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL)
    logging.getLogger("DataFrameQueryContextLogger").setLevel(logging.CRITICAL)
