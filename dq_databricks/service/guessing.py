"""Who guesses keys is slowed down: failures are counted by address, and by address and key."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Hashable

from dq_databricks.errors import TooManyRequestsError

WINDOW_S = 60.0
MOST_OF_KEY, MOST_OF_ADDRESS = 10, 30
_MOST_REMEMBERED = 10_000


class Guessing:
    """Counts failures of the last minute, in this process.

    A key that was right within the window is not held up by what others fail behind the same
    address, as all do behind one proxy.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._failures: dict[Hashable, deque[float]] = {}
        self._right: dict[str, float] = {}

    def check(self, prefix: str, address: str) -> None:
        """Raise TooManyRequestsError, before anything is read, where too much failed."""
        with self._lock:
            is_known = self._right.get(prefix, float("-inf")) > self._monotonic() - WINDOW_S
            wait = self._wait((prefix, address), MOST_OF_KEY)
            if not is_known:
                wait = max(wait, self._wait(address, MOST_OF_ADDRESS))
        if wait > 0:
            raise TooManyRequestsError(
                f"too many wrong keys; go on in {wait:.0f} s", retry_after_s=wait
            )

    def failed(self, prefix: str, address: str) -> None:
        """Count a failure."""
        with self._lock:
            self._forget()
            for key in ((prefix, address), address):
                self._failures.setdefault(key, deque(maxlen=MOST_OF_ADDRESS)).append(
                    self._monotonic()
                )

    def succeeded(self, prefix: str) -> None:
        """Remember a key that was right."""
        with self._lock:
            if len(self._right) >= _MOST_REMEMBERED:
                self._right.clear()
            self._right[prefix] = self._monotonic()

    def _wait(self, key: Hashable, most: int) -> float:
        """Seconds until one more try is allowed; 0: now."""
        times = self._failures.get(key, deque())
        while times and times[0] <= self._monotonic() - WINDOW_S:
            times.popleft()
        return 0.0 if len(times) < most else times[-most] + WINDOW_S - self._monotonic()

    def _forget(self) -> None:
        if len(self._failures) >= _MOST_REMEMBERED:
            oldest = self._monotonic() - WINDOW_S
            self._failures = {k: t for k, t in self._failures.items() if t and t[-1] > oldest}
        if len(self._failures) >= _MOST_REMEMBERED:  # a flood from everywhere: begin anew
            self._failures.clear()
