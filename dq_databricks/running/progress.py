"""How long work tells where it stands."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, int, int], None]
"""Called with the phase, the steps done and the steps in all."""


def silent(_phase: str, _done: int, _total: int) -> None:
    """Report nothing."""
