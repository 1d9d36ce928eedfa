"""A secret in memory: it never shows itself, and leaves the process in no way but one."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn, SupportsIndex


class Secret:
    """The value of a secret. Printing gives ``***``; `reveal` gives the value.

    It can be neither pickled nor copied nor written as JSON.
    """

    __slots__ = ("_reveal",)

    def __init__(self, value: str) -> None:
        # A debugger that lists attributes shows no value either.
        self._reveal: Callable[[], str] = lambda: value

    def reveal(self) -> str:
        """The value, for whom it is meant for."""
        return self._reveal()

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__

    def __format__(self, _spec: str) -> str:
        return "***"

    def __reduce_ex__(self, _protocol: SupportsIndex) -> NoReturn:
        raise TypeError("a secret is never pickled or copied; pass its reference instead")
