"""Who is hit, when and how: drawn from the seed before the round begins."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from signal import SIGCONT, SIGSTOP

from benchmarks.campaigns.crew import Worker


@dataclass(frozen=True, slots=True)
class Blow:
    """One hit, `at_s` seconds after the start: a kill, or a stop of `stop_s` seconds.

    `draw` (0 to 1) picks the victim among those at work then.
    """

    at_s: float
    draw: float
    stop_s: float = 0.0


@dataclass(slots=True)
class Nemesis:
    """Deals the blows of one round, in time; counts those that hit somebody."""

    blows: list[Blow]
    kills: int = 0
    stops: int = 0
    _stopped: list[tuple[float, Worker]] = field(default_factory=list)

    @classmethod
    def drawn(cls, draw: random.Random, span_s: float, lease_s: float) -> Nemesis:
        """One to three kills and up to two stops longer than a lease, within `span_s`."""
        number = draw.choice((1, 1, 1, 1, 2, 2, 3))
        kills = [Blow(draw.uniform(0, span_s), draw.random()) for _ in range(number)]
        stops = [
            Blow(draw.uniform(0, span_s), draw.random(), draw.uniform(1.1, 1.6) * lease_s)
            for _ in range(draw.choice((0, 1, 1, 2)))
        ]
        return cls(sorted([*kills, *stops], key=lambda blow: blow.at_s))

    def strike(self, now_s: float, at_work: Sequence[Worker]) -> list[Worker]:
        """Deal what is due, wake whom it is time for; the workers that were killed."""
        self.wake(now_s)
        killed: list[Worker] = []
        while self.blows and self.blows[0].at_s <= now_s:
            blow = self.blows.pop(0)
            victims = [worker for worker in at_work if worker not in killed]
            if not victims:
                continue
            victim = victims[int(blow.draw * len(victims))]
            if blow.stop_s:
                self._stop(victim, now_s + blow.stop_s)
            else:
                self.kills += 1
                victim.kill()
                killed.append(victim)
        return killed

    def wake(self, now_s: float = float("inf")) -> None:
        """Let those go on whose stop is over; without a time, everybody."""
        for until_s, worker in [*self._stopped]:
            if until_s <= now_s:
                worker.signal(SIGCONT)
                self._stopped.remove((until_s, worker))

    def _stop(self, victim: Worker, until_s: float) -> None:
        self.stops += 1
        victim.signal(SIGSTOP)
        self._stopped.append((until_s, victim))
