"""Scripted faults: which call, which time, what goes wrong."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal[
    "status",  # answer with an HTTP status instead of doing the work
    "status_after",  # do the work, then answer with an HTTP status
    "delay",  # wait before doing the work
    "drop_before",  # close the connection before doing the work
    "drop_after",  # do the work, then close the connection
    "truncate",  # do the work, then send half of the answer
    "hang",  # the statement runs until it is cancelled or times out
]


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong at the calls `first` to `first + times - 1` of this name, counted from 1."""

    kind: Kind
    call: str = "ExecuteStatement"
    first: int = 1
    times: int = 1
    status: int = 503
    retry_after: str | None = None
    seconds: float = 0.0
    message: str = ""

    def hits(self, call: str, number: int) -> bool:
        return call == self.call and self.first <= number < self.first + self.times


@dataclass(slots=True)
class Script:
    """The faults to come; calls are counted from the moment they are set."""

    faults: tuple[Fault, ...] = ()
    _seen: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def set(self, *faults: Fault) -> None:
        with self._lock:
            self.faults, self._seen = faults, Counter()

    def next(self, call: str) -> Fault | None:
        with self._lock:
            self._seen[call] += 1
            number = self._seen[call]
            return next((fault for fault in self.faults if fault.hits(call, number)), None)
