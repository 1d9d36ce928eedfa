"""Tells the sessions that this package started from those of others."""

from __future__ import annotations

from pyspark.sql import SparkSession

from dq_databricks.errors import EngineUnavailableError
from dq_databricks.settings import Settings

HOME = "spark.dq.home"
"""Names, in our own sessions, the folder whose tables the session shows."""


def is_ours(session: SparkSession, settings: Settings) -> bool:
    """Whether `session` was started here; raises EngineUnavailableError for another folder."""
    home = session.conf.get(HOME, "")
    wanted = str(settings.home.absolute())
    if home and home != wanted:
        raise EngineUnavailableError(
            f"this process has a Spark session over {home}; stop it before opening {wanted}"
        )
    return bool(home)
