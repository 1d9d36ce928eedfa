"""A session of this machine over the folders of a local lake."""

from __future__ import annotations

import os

from pyspark.sql import SparkSession

from dq_databricks.engine.local.lake import Lake
from dq_databricks.engine.spark import LAKE_FOLDER
from dq_databricks.engine.spark.lake import LakeSparkEngine
from dq_databricks.engine.spark.session import start_session
from dq_databricks.settings import Settings


def open_on_lake(session: SparkSession | None, settings: Settings) -> LakeSparkEngine:
    """An engine over `session`, or a new one, and the lake below `settings.home`."""
    return LakeSparkEngine(
        session or start_session(settings),
        lake=Lake(settings.home.absolute() / LAKE_FOLDER),
        catalog=settings.catalog,
        statement_timeout_s=settings.statement_timeout_s,
        parallel_statements=min(4, max(2, settings.threads or os.cpu_count() or 2)),
    )
