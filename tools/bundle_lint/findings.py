"""What a rule says, and the rules there are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from tools.bundle_lint.bundle import Bundle
from tools.bundle_lint.marked import Place, Spot


@dataclass(frozen=True, order=True)
class Finding:
    """One fault: where it stands, the rule that found it, and what to do."""

    place: Place
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.rule}: {self.message}"


Said = tuple[Spot, str]
Rule = Callable[[Bundle], Iterator[Said]]
RULES: dict[str, Rule] = {}
R = TypeVar("R", bound=Rule)


def rule(name: str) -> Callable[[R], R]:
    """Register a rule, which gives the faulty spots and what is wrong with each."""

    def register(function: R) -> R:
        RULES[name] = function
        return function

    return register


def lint(bundle: Bundle) -> list[Finding]:
    """All findings, in order of files and lines; what several targets share is said once."""
    found = {
        Finding(spot.place, name, message)
        for name, find in RULES.items()
        for spot, message in find(bundle)
    }
    return sorted(found)
