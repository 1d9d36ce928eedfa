"""Sends requests at a rate or as fast as they are answered, for a bounded time."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from benchmarks.service.http import Connection

Request = tuple[str, str, object, dict[str, str]]
Next = Callable[[int], Request]
"""The nth request: method, path, body, headers."""


@dataclass(slots=True)
class Measured:
    """What a load found. Seconds are from when a request was due to the end of its answer."""

    seconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    took_s: float = 0.0

    def percentile_ms(self, share: float) -> float:
        """The milliseconds within which this share of requests was answered."""
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000 if ordered else 0.0

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.seconds) / self.took_s if self.took_s else 0.0


async def at_rate(
    connections: Sequence[Connection], request: Next, *, per_s: float, seconds: float
) -> Measured:
    """Requests are due `per_s` a second, whether or not earlier ones were answered.

    Those that found no free connection when the seconds were over are not sent: a service that
    cannot keep up shows it by the rate.
    """
    measured, free = Measured(), asyncio.Queue[Connection]()
    for connection in connections:
        free.put_nowait(connection)
    started = time.perf_counter()
    tasks, end = [], started + seconds
    for number in range(int(per_s * seconds)):
        due = started + number / per_s
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(_one(free, request(number), due, measured, end)))
    await asyncio.gather(*tasks)
    measured.took_s = time.perf_counter() - started
    return measured


async def as_fast_as_it_goes(
    connections: Sequence[Connection], request: Next, *, seconds: float, most: int
) -> Measured:
    """Every connection sends its next request when the last one was answered."""
    measured, started = Measured(), time.perf_counter()
    numbers = iter(range(most))

    async def send(connection: Connection) -> None:
        for number in numbers:
            if time.perf_counter() - started > seconds:
                return
            await _ask(connection, request(number), time.perf_counter(), measured)

    await asyncio.gather(*(send(connection) for connection in connections))
    measured.took_s = time.perf_counter() - started
    return measured


async def _one(
    free: asyncio.Queue[Connection],
    request: Request,
    due: float,
    measured: Measured,
    end: float,
) -> None:
    connection = await free.get()
    try:
        if time.perf_counter() < end:
            await _ask(connection, request, due, measured)
    finally:
        free.put_nowait(connection)


async def _ask(connection: Connection, request: Request, due: float, measured: Measured) -> None:
    method, path, body, headers = request
    answer = await connection.ask(method, path, body, headers)
    measured.seconds.append(time.perf_counter() - due)
    measured.statuses[answer.status] += 1
