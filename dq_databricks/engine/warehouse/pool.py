"""A few connections, each used by one thread at a time, reopened when they break."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from dq_databricks.engine.warehouse.failures import DRIVER_ERRORS
from dq_databricks.errors import EngineError, EngineUnavailableError

IDLE_CHECK_S = 60.0


@dataclass(slots=True, eq=False)
class Link:
    """A connection out of the pool. `broken` ones are closed instead of used again."""

    connection: Any
    opened_as: int
    used_at: float = 0.0
    broken: bool = field(default=False)


class ConnectionPool:
    """Opens up to `size` connections, when they are asked for; waits a bounded time for one."""

    def __init__(
        self,
        open_connection: Callable[[], Any],
        *,
        size: int,
        wait_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._open_connection = open_connection
        self._size, self._wait_s, self._clock = max(size, 1), wait_s, clock
        self._places = threading.BoundedSemaphore(self._size)
        self._idle: deque[Link] = deque()
        self._lock = threading.Lock()
        self._generation = 0
        self._closed = False

    @contextmanager
    def checkout(self) -> Iterator[Link]:
        """A live connection for this thread alone.

        Raises EngineUnavailableError when none gets free in time, and whatever opening raises.
        """
        if not self._places.acquire(timeout=self._wait_s):
            raise EngineUnavailableError(
                f"all {self._size} connections to the warehouse were busy for"
                f" {self._wait_s:.0f} s; set DQ_CONNECTIONS higher or start fewer runs at once"
            )
        try:
            link = self._take()
            try:
                yield link
            except EngineError:
                raise
            except BaseException:
                # Interrupted between request and answer: the next answer may be the one not read.
                link.broken = True
                raise
            finally:
                self._give_back(link)
        finally:
            self._places.release()

    def renew(self) -> None:
        """Close the connections that exist, the busy ones when they come back."""
        with self._lock:
            self._generation += 1
            idle = self._drain()
        _close_all(idle)

    def close(self) -> None:
        """Close every connection; the pool opens no more."""
        with self._lock:
            self._closed = True
            idle = self._drain()
        _close_all(idle)

    def _take(self) -> Link:
        while link := self._pop():
            if self._clock() - link.used_at < IDLE_CHECK_S or _is_alive(link.connection):
                return link
            _close_all([link])
        with self._lock:
            if self._closed:
                raise EngineError("the engine is closed; open a new one")
            generation = self._generation
        return Link(self._open_connection(), generation)

    def _pop(self) -> Link | None:
        with self._lock:
            return self._idle.pop() if self._idle else None

    def _give_back(self, link: Link) -> None:
        link.used_at = self._clock()
        with self._lock:
            usable = not (link.broken or self._closed or link.opened_as != self._generation)
            if usable:
                self._idle.append(link)
        if not usable:
            _close_all([link])

    def _drain(self) -> list[Link]:
        drained = list(self._idle)
        self._idle.clear()
        return drained


def _is_alive(connection: Any) -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DRIVER_ERRORS:
        return False
    return True


def _close_all(links: list[Link]) -> None:
    for link in links:
        with suppress(*DRIVER_ERRORS):
            link.connection.close()
