"""How a question was answered, and all answers of one try."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum


class Finding(StrEnum):
    """Whether what our code takes for granted holds. `error`: the try itself failed."""

    CONFIRMED = "confirmed"
    REFUTED = "refuted"
    NOT_TRIED = "not tried"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found, and what was seen that says so."""

    finding: Finding
    seen: str


def confirmed(seen: str) -> Answer:
    """It holds."""
    return Answer(Finding.CONFIRMED, seen)


def refuted(seen: str) -> Answer:
    """It does not hold."""
    return Answer(Finding.REFUTED, seen)


def not_tried(why: str) -> Answer:
    """Nothing was asked."""
    return Answer(Finding.NOT_TRIED, why)


def judged(seen: str, *, holds: bool) -> Answer:
    """It holds, or it does not."""
    return confirmed(seen) if holds else refuted(seen)


@dataclass(frozen=True, slots=True)
class Tried:
    """One question with its answer. `hangs_on` says which decision of ours stands on it."""

    name: str
    claim: str
    finding: Finding
    seen: str
    hangs_on: str


@dataclass(frozen=True, slots=True)
class Report:
    """All questions of one try; `engine` and `place` say where."""

    engine: str
    place: str
    tried: tuple[Tried, ...]

    def count(self, finding: Finding) -> int:
        """How many questions ended so."""
        return Counter(one.finding for one in self.tried)[finding]
