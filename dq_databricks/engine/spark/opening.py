"""Chooses the session: the active one, the platform's, or a local one."""

from __future__ import annotations

import os

from pyspark.sql import SparkSession

from dq_databricks.engine.local.lake import Lake
from dq_databricks.engine.protocol import Capability
from dq_databricks.engine.spark import LAKE_FOLDER
from dq_databricks.engine.spark.engine import SparkEngine
from dq_databricks.engine.spark.failures import FAILURES
from dq_databricks.engine.spark.lake import LakeSparkEngine
from dq_databricks.engine.spark.session import is_ours, start_session
from dq_databricks.settings import Settings

_OF_THE_PLATFORM = frozenset(
    {Capability.CLONE, Capability.GRANTS, Capability.CLUSTERING, Capability.KEY_CONSTRAINTS}
)


def open_engine(settings: Settings, *, on_databricks: bool) -> SparkEngine:
    """An engine over the session that fits; see `open_spark`."""
    active = SparkSession.getActiveSession()
    if on_databricks:
        session = apart(active or SparkSession.builder.getOrCreate())
        return SparkEngine(
            session,
            statement_timeout_s=settings.statement_timeout_s,
            capabilities=_OF_THE_PLATFORM,
        )
    if active is not None and not is_ours(active, settings):
        return SparkEngine(apart(active), statement_timeout_s=settings.statement_timeout_s)
    return over_lake(active or start_session(settings), settings)


def over_lake(session: SparkSession, settings: Settings) -> LakeSparkEngine:
    """An engine over a session of ours and the lake below `settings.home`."""
    return LakeSparkEngine(
        session,
        lake=Lake(settings.home.absolute() / LAKE_FOLDER),
        catalog=settings.catalog,
        statement_timeout_s=settings.statement_timeout_s,
        parallel_statements=min(4, max(2, settings.threads or os.cpu_count() or 2)),
    )


def apart(session: SparkSession) -> SparkSession:
    """A session beside `session`, so that our settings do not show in its owner's notebook."""
    another = getattr(session, "newSession", None)
    if another is None:  # Spark Connect has none
        return session
    try:
        return another()
    except FAILURES:  # nor has serverless
        return session
