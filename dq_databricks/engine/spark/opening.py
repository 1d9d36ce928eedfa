"""Chooses the session: the active one, the platform's, or a local one.

What reaches into a classic session (names of catalogs, jars, the folders of a lake) is imported
for a session of this machine only: serverless compute and Spark Connect have nothing of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import SparkSession

from dq_databricks.engine.protocol import Capability
from dq_databricks.engine.spark.engine import SparkEngine
from dq_databricks.engine.spark.failures import FAILURES
from dq_databricks.engine.spark.ours import is_ours
from dq_databricks.settings import Settings

if TYPE_CHECKING:
    from dq_databricks.engine.spark.lake import LakeSparkEngine

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
    return over_lake(active, settings)


def over_lake(session: SparkSession | None, settings: Settings) -> LakeSparkEngine:
    """An engine over a session of ours, or a new one, and the lake below `settings.home`."""
    from dq_databricks.engine.spark.on_lake import open_on_lake

    return open_on_lake(session, settings)


def apart(session: SparkSession) -> SparkSession:
    """A session beside `session`, so that our settings do not show in its owner's notebook."""
    another = getattr(session, "newSession", None)
    if another is None:  # Spark Connect has none
        return session
    try:
        return another()
    except FAILURES:  # nor has serverless
        return session
