"""Group commit: requests of one process that arrive together share their commits.

There is no thread for it. Of the requests that wait for one subject the first carries out the work
of all, while later ones wait for the next turn; alone, a request waits for nobody. What a shared
commit did not take is tried by its own request, on the path that it takes without others, so
nobody's failure becomes that of a neighbour.
"""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, TypeVar, cast

from dq_databricks.errors import (
    EngineUnavailableError,
    OutcomeUnknownError,
    StorageFullError,
    WriteConflictError,
)

W = TypeVar("W")
R = TypeVar("R")

MOST_TOGETHER = 50
GAP_S, LONGEST_GATHER_S = 0.015, 0.100
"""A turn that follows a shared one waits while others come this close, but no longer; seconds."""

COMMON = (WriteConflictError, EngineUnavailableError, OutcomeUnknownError, StorageFullError)
"""Failures of the table or the engine, which alone would meet every request as well."""


class SharedWorkError(Exception):
    """Shared work failed, for a reason that may be another request's: try it alone."""


class Step(IntEnum):
    """What a request does one after the other."""

    READ = 0
    WRITE = 1
    RECORD = 2


@dataclass(eq=False, slots=True)
class _Waiting:
    """One request in line: what it wants, and what came of it."""

    work: Any
    step: Step
    size: int
    turn: threading.Event = field(default_factory=threading.Event)
    is_done: bool = False
    outcome: Any = None
    error: BaseException | None = None


class _Line:
    """Those who wait for one subject."""

    def __init__(self, lock: threading.Lock) -> None:
        self.waiting: deque[_Waiting] = deque()
        self.arrived = threading.Condition(lock)

    def gather(self) -> None:
        """Wait, without the lock, while others keep coming."""
        end = time.monotonic() + LONGEST_GATHER_S
        while len(self.waiting) < MOST_TOGETHER and time.monotonic() < end:
            if not self.arrived.wait(GAP_S):
                return

    def next_turn(self, most_size: int) -> list[_Waiting]:
        """Take the first ones out of the line, up to the limits; at least one."""
        taken = [self.waiting.popleft()]
        size = taken[0].size
        while self.waiting and len(taken) < MOST_TOGETHER:
            size += self.waiting[0].size
            if size > most_size:
                break
            taken.append(self.waiting.popleft())
        return taken


class GroupCommit:
    """Brings together the work that the threads of one process have for the same subject.

    Of all subjects `turns` are at work at a time, earlier steps first: those who wait for a later
    one are joined by the others, and their commits grow. One turn is best where commits cost CPU;
    where they are waited for, as many as the engine carries out at once.
    """

    def __init__(self, turns: int = 1) -> None:
        self._free = turns
        self._leaders: list[tuple[int, int, threading.Event]] = []
        self._numbers = itertools.count()
        self._is_shared = False
        self._lock = threading.Lock()
        self._lines: dict[Hashable, _Line] = {}

    def together(
        self,
        subject: Hashable,
        work: W,
        carry_out: Callable[[Sequence[W]], Sequence[R]],
        *,
        step: Step,
        size: int = 0,
        most_size: int = 0,
    ) -> R:
        """The outcome of `work`, carried out with what others want of `subject` at the time.

        `carry_out` gives an outcome for each piece of work, in order, and begins after all of
        them were asked for. The sizes of what is carried out at once add up to `most_size`.
        Raises what `carry_out` raises where that is among `COMMON` or the work stood alone, and
        SharedWorkError for other failures.
        """
        mine = _Waiting(work, step, size)
        with self._lock:
            line = self._lines.get(subject)
            if line is None:
                line = self._lines[subject] = _Line(self._lock)
                self._ask_for_a_turn(mine)
            line.waiting.append(mine)
            line.arrived.notify()
        mine.turn.wait()
        if not mine.is_done:
            self._lead(subject, line, carry_out, most_size)
        if mine.error is not None:
            raise mine.error
        return cast("R", mine.outcome)

    @property
    def waiting(self) -> int:
        """How many requests wait for a turn now."""
        with self._lock:
            return sum(len(line.waiting) for line in self._lines.values())

    def _lead(
        self,
        subject: Hashable,
        line: _Line,
        carry_out: Callable[[Sequence[Any]], Sequence[Any]],
        most_size: int,
    ) -> None:
        """Carry out one turn, then let those who took part go and the next one lead."""
        turn: Sequence[_Waiting] = ()
        try:
            with self._lock:
                if self._is_shared:
                    line.gather()
                turn = line.next_turn(most_size)
                self._is_shared = len(turn) > 1
            _carry_out(turn, carry_out)
        finally:
            with self._lock:
                if line.waiting:
                    self._ask_for_a_turn(line.waiting[0])
                else:
                    del self._lines[subject]
                self._free += 1
                self._give_turns()
            for one in turn:
                one.is_done = True
                one.turn.set()

    def _ask_for_a_turn(self, leader: _Waiting) -> None:
        heapq.heappush(self._leaders, (leader.step, next(self._numbers), leader.turn))
        self._give_turns()

    def _give_turns(self) -> None:
        """Free turns go to whoever waits for the earliest step, and longest for it."""
        while self._free and self._leaders:
            self._free -= 1
            heapq.heappop(self._leaders)[2].set()


def _carry_out(
    turn: Sequence[_Waiting], carry_out: Callable[[Sequence[Any]], Sequence[Any]]
) -> None:
    try:
        outcomes = carry_out([one.work for one in turn])
        for one, outcome in zip(turn, outcomes, strict=True):
            one.outcome = outcome
    except BaseException as error:
        for one in turn:
            one.error = _told(error, is_alone=len(turn) == 1)
        if not isinstance(error, Exception):
            raise


def _told(error: BaseException, *, is_alone: bool) -> BaseException:
    """What one of those who took part is told; an exception is never raised in two threads."""
    if is_alone:
        return error
    if isinstance(error, COMMON):
        told: Exception = type(error)(*error.args)
    else:
        told = SharedWorkError(f"shared work failed: {type(error).__name__}: {error}")
    told.__cause__ = error
    return told
