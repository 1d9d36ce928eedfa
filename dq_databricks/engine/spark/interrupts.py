"""Marks running statements so that they can be interrupted from another thread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

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


def interrupts_of(session: SparkSession) -> Interrupts:
    """The way that this session offers: by job where it has a context, else by operation.

    Serverless compute and shared clusters speak Spark Connect, where there is no context to ask.
    """
    if ".connect." in type(session).__module__:
        return SessionTags(session)
    from dq_databricks.engine.spark.classic import job_tags

    return job_tags(session) or SessionTags(session)
