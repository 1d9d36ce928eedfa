"""Independent reads and writes of metadata, at the same time."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

A = TypeVar("A")
B = TypeVar("B")


def side_by_side(first: Callable[[], A], second: Callable[[], B]) -> tuple[A, B]:
    """The answers of both, which run in two threads; raises what the first that failed raised.

    Both have ended when this returns or raises. A commit mostly waits for the disk or the network.
    """
    with ThreadPoolExecutor(2) as pool:
        started = pool.submit(first), pool.submit(second)
    return started[0].result(), started[1].result()
