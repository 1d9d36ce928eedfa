"""Any SparkSession with Delta: a cluster, serverless, Spark Connect or a local one.

Takes statements, gives Arrow. Opens a session only when none is active; never stops one.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from dq_databricks.errors import MissingExtraError
from dq_databricks.settings import DATABRICKS_RUNTIME, Settings

if TYPE_CHECKING:
    from dq_databricks.engine.spark.engine import SparkEngine

__all__ = ["LAKE_FOLDER", "open_spark"]

LAKE_FOLDER = "lake"
"""Folder below `settings.home` that holds catalog/schema/table."""


def open_spark(settings: Settings) -> SparkEngine:
    """An engine over the active session; over a local one on `settings.home` when none is active.

    Raises MissingExtraError without pyspark, EngineUnavailableError without Java or the jars.
    """
    try:
        from dq_databricks.engine.spark import opening
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] not in ("pyspark", "py4j", "delta"):
            raise
        raise MissingExtraError(
            f"the spark engine needs {error.name}; install it with: "
            "pip install 'dq-databricks[spark]'"
        ) from error
    return opening.open_engine(settings, on_databricks=DATABRICKS_RUNTIME in os.environ)
