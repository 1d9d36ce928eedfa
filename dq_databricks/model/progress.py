"""How long work tells where it stands."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, int, int], None]
"""Called with the phase, the steps done and the steps in all."""


def silent(_phase: str, _done: int, _total: int) -> None:
    """Report nothing."""


class Steps:
    """Counts finished statements of one phase."""

    def __init__(self, progress: Progress, phase: str, total: int) -> None:
        self._progress, self._phase, self._total, self._done = progress, phase, max(total, 1), 0

    def advance(self, _statement: object = None) -> None:
        """One more is done."""
        self._done += 1
        self._progress(self._phase, min(self._done, self._total), self._total)

    def finish(self) -> None:
        """All are done, also when there was none to run."""
        self._progress(self._phase, self._total, self._total)
