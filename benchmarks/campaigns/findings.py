"""What a checker found broken, and the figures of many rounds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """Which promise was broken."""

    WRONG_SCHEMA = "wrong schema"
    LOST_ROW = "lost row"
    DOUBLED_ROW = "doubled row"
    RISEN_ROW = "risen row"
    LEDGER = "ledger"
    LOCK = "lock"
    LEFTOVER = "leftover"
    ERROR = "unexpected error"
    STUCK = "stuck"


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken promise; `count` rows when it is about rows."""

    kind: Kind
    text: str
    count: int = 1

    def __str__(self) -> str:
        return f"{self.kind}: {self.text}"


@dataclass(slots=True)
class Figures:
    """What a campaign did and found."""

    name: str
    rounds: int = 0
    broken_rounds: int = 0
    kills: int = 0
    stops: int = 0
    acknowledged: int = 0
    seconds: float = 0.0
    found: Counter[Kind] = field(default_factory=Counter)

    def count(self, findings: Iterable[Finding]) -> None:
        """Add what one round found."""
        broken = False
        for finding in findings:
            self.found[finding.kind] += finding.count
            broken = True
        self.broken_rounds += broken

    @property
    def values(self) -> dict[str, int | float | str]:
        """All figures by name, in the order they are printed."""
        return {
            "campaign": self.name,
            "rounds": self.rounds,
            "kills": self.kills,
            "stops": self.stops,
            "acknowledged rows": self.acknowledged,
            "wrong schemas": self.found[Kind.WRONG_SCHEMA],
            "lost rows": self.found[Kind.LOST_ROW],
            "doubled rows": self.found[Kind.DOUBLED_ROW],
            "stuck": self.found[Kind.STUCK],
            "other faults": sum(
                self.found[kind]
                for kind in (Kind.RISEN_ROW, Kind.LEDGER, Kind.LOCK, Kind.LEFTOVER, Kind.ERROR)
            ),
            "broken rounds": self.broken_rounds,
            "seconds": round(self.seconds, 1),
        }
