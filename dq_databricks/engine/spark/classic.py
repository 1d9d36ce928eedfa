"""What only a classic session has: a context. Imported for such a session alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dq_databricks.engine.spark.failures import FAILURES

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


class JobTags:
    """Tags of jobs in a classic session, whose session tags end at the border of a thread."""

    def __init__(self, context: Any) -> None:
        self._context = context

    def add(self, tag: str) -> None:
        """Mark what this thread starts from now on."""
        self._context.addJobTag(tag)

    def remove(self, tag: str) -> None:
        """Stop marking."""
        self._context.removeJobTag(tag)

    def interrupt(self, tag: str) -> None:
        """Stop what runs under `tag` now, in every thread."""
        self._context.cancelJobsWithTag(tag)


def job_tags(session: SparkSession) -> JobTags | None:
    """Tags of the jobs of `session`; None where a platform keeps the context from its users."""
    try:
        return JobTags(session.sparkContext)
    except FAILURES:
        return None
