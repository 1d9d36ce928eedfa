"""Work that a serving process does beside its requests: rounds in a thread, errors survived."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dq_databricks.service.site import Service

LOG = logging.getLogger("dq_databricks.service")
STOP_S = 3.0


@dataclass(frozen=True, slots=True)
class Work:
    """Something to do every `every_s` seconds, the first time after `first_after_s`."""

    name: str
    every_s: float
    round: Callable[[], object]
    first_after_s: float = 0.0


class Background:
    """Carries out each of `works` in a thread of its own, until it is stopped.

    A round that fails is logged and counted, and the next one comes as if it had not; how it
    stands is in `service.background`, which /ready shows.
    """

    def __init__(self, service: Service, works: Sequence[Work]) -> None:
        self._service = service
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._repeat, args=(work,), name=work.name, daemon=True)
            for work in works
        ]

    def start(self) -> None:
        """Begin; returns at once."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Begin no more rounds, and wait a little for those that run."""
        self._stopping.set()
        end = self._service.context.monotonic() + STOP_S
        for thread in self._threads:
            thread.join(max(0.0, end - self._service.context.monotonic()))

    def _repeat(self, work: Work) -> None:
        self._stopping.wait(work.first_after_s)
        while not self._stopping.is_set():
            self._round(work)
            self._stopping.wait(work.every_s)

    def _round(self, work: Work) -> None:
        outcome = "ok"
        try:
            work.round()
        except Exception as error:
            # Whatever it was, the rounds after it must come.
            outcome = type(error).__name__
            LOG.exception("%s: this round failed, the next comes in %s s", work.name, work.every_s)
        self._service.background[work.name] = outcome
        told = "ok" if outcome == "ok" else "error"
        self._service.metrics.background.labels(work.name, told).inc()
