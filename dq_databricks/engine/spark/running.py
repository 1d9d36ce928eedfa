"""Tags what runs, so that it can be cancelled in the session, and stops what runs too long."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING

from dq_databricks.engine.spark.failures import FAILURES, as_engine_error
from dq_databricks.engine.spark.interrupts import interrupts_of
from dq_databricks.errors import StatementTimeoutError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


INTERRUPT_EVERY_S = 0.25


class Runner:
    """Names the statements of one engine to its session. `timeout_s` of 0 means no limit."""

    def __init__(self, session: SparkSession, *, timeout_s: float) -> None:
        self._interrupts = interrupts_of(session)
        self._timeout_s = timeout_s
        self._tag = f"dq-{uuid.uuid4().hex}"

    @contextmanager
    def running(self, asked: str, *, writing: bool = False) -> Iterator[None]:
        """Run the body as one statement; what fails inside becomes a child of EngineError.

        Raises StatementTimeoutError when it was stopped after `timeout_s` seconds.
        """
        own, late, done = f"{self._tag}-{uuid.uuid4().hex}", Event(), Event()
        try:
            with self._tagged(self._tag, own):
                if self._timeout_s:
                    Thread(target=self._watch, args=(own, late, done), daemon=True).start()
                yield
        except FAILURES as failure:
            if late.is_set():
                raise StatementTimeoutError(
                    f"{asked}: cancelled after {self._timeout_s:g} s; "
                    "raise DQ_STATEMENT_TIMEOUT_S to let it run longer"
                ) from failure
            raise as_engine_error(failure, asked, writing=writing) from failure
        finally:
            done.set()

    def cancel(self) -> None:
        """Interrupt every statement of this engine that is running now, and no other."""
        self._interrupts.interrupt(self._tag)

    def _watch(self, tag: str, late: Event, done: Event) -> None:
        if done.wait(self._timeout_s):
            return
        late.set()
        # An interrupt reaches only jobs that run; the next one of the statement needs another.
        while not done.wait(INTERRUPT_EVERY_S):
            self._interrupts.interrupt(tag)

    @contextmanager
    def _tagged(self, *tags: str) -> Iterator[None]:
        for tag in tags:
            self._interrupts.add(tag)
        try:
            yield
        finally:
            for tag in tags:
                self._interrupts.remove(tag)
