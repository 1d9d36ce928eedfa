"""Marks running statements so that they can be interrupted from another thread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from dq_databricks.engine.spark.failures import FAILURES

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


class Interrupts(Protocol):
    """Tags of the calling thread, and a way to stop what other threads run under one."""

    def add(self, tag: str) -> None:
        """Mark what this thread starts from now on."""

    def remove(self, tag: str) -> None:
        """Stop marking."""

    def interrupt(self, tag: str) -> None:
        """Stop what runs under `tag` now, in every thread."""


class SessionTags:
    """Tags of Spark Connect, where the server keeps them by operation."""

    def __init__(self, session: SparkSession) -> None:
        self._session = session

    def add(self, tag: str) -> None:
        """Mark what this thread starts from now on."""
        self._session.addTag(tag)

    def remove(self, tag: str) -> None:
        """Stop marking."""
        self._session.removeTag(tag)

    def interrupt(self, tag: str) -> None:
        """Stop what runs under `tag` now, in every thread."""
        self._session.interruptTag(tag)


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


def interrupts_of(session: SparkSession) -> Interrupts:
    """The way that this session offers: by job where it has a context, else by operation."""
    if ".connect." in type(session).__module__:
        return SessionTags(session)
    try:
        return JobTags(session.sparkContext)
    except FAILURES:  # a platform may keep the context from its users
        return SessionTags(session)
