"""Repeat an action that lost against a concurrent writer, and nothing else."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from dq_databricks.errors import WriteConflictError

FIRST_PAUSE_S = 0.010
LONGEST_PAUSE_S = 0.500

T = TypeVar("T")


def retrying(
    action: Callable[[], T],
    *,
    deadline_s: float,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
    draw: Callable[[], float] = random.random,
) -> T:
    """Call `action` until it does not raise WriteConflictError, for at most `deadline_s` seconds.

    `action` reads again what it decides on, each time it is called. Pauses are drawn evenly from
    0 to 10 ms · 2ⁿ (at most 500 ms). Every other error, and the last conflict, reaches the caller.
    """
    end = clock() + deadline_s
    attempt = 0
    while True:
        try:
            return action()
        except WriteConflictError:
            pause = draw() * longest_pause_s(attempt)
            if clock() + pause >= end:
                raise
        sleep(pause)
        attempt += 1


def longest_pause_s(attempt: int) -> float:
    """The upper end of the pause after `attempt` (from 0), in seconds."""
    return min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(attempt, 16))
