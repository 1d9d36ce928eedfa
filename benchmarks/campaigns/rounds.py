"""One round: workers behind a gate, a nemesis, a clean run at the end, a check."""

from __future__ import annotations

import itertools
import json
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from benchmarks.campaigns.crew import Crew, Worker
from benchmarks.campaigns.findings import Finding, Kind
from benchmarks.campaigns.jobs import Job
from benchmarks.campaigns.nemesis import Nemesis
from benchmarks.campaigns.stage import Campaign, Cast, Stage, checked, completed

ROUND_S = 120.0
WRITERS_S = 60.0
REPLACEMENTS = 3

RIGHT_ERRORS = frozenset({"SchemaLockedError", "LeaseLostError", "EngineUnavailableError"})
"""What a kill or a race may rightly tell a worker: somebody else has the lock, or took it."""


@dataclass(slots=True)
class Outcome:
    """What happened in one round."""

    seed: int
    folder: Path
    kills: int = 0
    stops: int = 0
    acknowledged: int = 0
    events: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


@dataclass(slots=True)
class _Part:
    job: Job
    worker: Worker
    is_principal: bool
    is_over: bool = False


class Round:
    """Plays one round of a campaign."""

    def __init__(self, campaign: Campaign, crew: Crew, stage: Stage) -> None:
        self._campaign = campaign
        self._crew = crew
        self._stage = stage
        self._parts: list[_Part] = []
        self._names = itertools.count(1)
        self._outcome = Outcome(stage.seed, stage.folder)
        self._began = time.monotonic()

    def play(self) -> Outcome:
        """Play it; the folder stays only when something was found."""
        cast = self._campaign.cast(self._stage)
        self._enter(cast)
        self._race(cast)
        self._end_writers()
        self._outcome.findings += completed(self._campaign, self._stage, self._crew)
        self._outcome.findings += checked(self._campaign, self._stage)
        self._outcome.acknowledged = len(self._stage.acks)
        if self._outcome.findings:
            self._keep()
        else:
            shutil.rmtree(self._stage.folder)
        return self._outcome

    def _enter(self, cast: Cast) -> None:
        """Have everybody ready before anybody begins."""
        jobs = [(job, True) for job in cast.principals] + [(job, False) for job in cast.writers]
        self._parts = [_Part(job, self._crew.hire(), is_principal) for job, is_principal in jobs]
        for part in self._parts:
            part.worker.prepare(part.job)
        for part in self._parts:
            part.worker.wait_ready()
        for part in self._parts:
            part.worker.go()

    def _race(self, cast: Cast) -> None:
        lease_s = cast.principals[0].lease_s
        nemesis = Nemesis.drawn(self._stage.draw, cast.span_s, lease_s)
        self._began = time.monotonic()
        left = REPLACEMENTS
        while self._at_work(principals=True) and self._spent < ROUND_S:
            for worker in nemesis.strike(self._spent, [p.worker for p in self._at_work()]):
                self._bury(worker, is_replaced=left > 0)
                left -= 1
            self._hear()
            time.sleep(0.01)
        nemesis.wake()
        self._outcome.kills, self._outcome.stops = nemesis.kills, nemesis.stops

    def _bury(self, worker: Worker, *, is_replaced: bool) -> None:
        part = next(part for part in self._at_work() if part.worker is worker)
        self._say(f"{part.job.name} was killed")
        part.is_over = True
        self._crew.bury(worker)
        if is_replaced:
            name = f"{part.job.name}.{next(self._names)}"
            job = replace(part.job, name=name, acks=str(self._stage.folder / f"{name}.acks"))
            self._parts.append(_Part(job, self._crew.hire(), part.is_principal))
            self._parts[-1].worker.prepare(job)
            self._parts[-1].worker.go()

    def _at_work(self, *, principals: bool = False) -> Sequence[_Part]:
        return [p for p in self._parts if not p.is_over and (p.is_principal or not principals)]

    def _hear(self, timeout_s: float = 0.0) -> None:
        for part in self._at_work():
            said = part.worker.outcome(timeout_s)
            if said is not None:
                self._end(part, said)

    def _end(self, part: _Part, said: dict[str, Any]) -> None:
        part.is_over = True
        self._crew.release(part.worker)
        error = said.get("error")
        self._say(f"{part.job.name}: {error or said.get('told')}")
        if error is not None and error not in RIGHT_ERRORS:
            self._find(Kind.ERROR, f"{part.job.name}: {error}: {said['message']}")

    def _end_writers(self) -> None:
        (self._stage.folder / "stop").touch()
        end = self._spent + WRITERS_S
        while self._at_work() and self._spent < end:
            self._hear(0.01)
        for part in self._at_work():
            part.is_over = True
            self._crew.bury(part.worker)
            self._find(Kind.STUCK, f"{part.job.name} did not end within {self._spent:.0f} s")

    def _find(self, kind: Kind, text: str) -> None:
        self._outcome.findings.append(Finding(kind, text))

    def _keep(self) -> None:
        notes = {
            "campaign": self._campaign.name,
            "seed": self._outcome.seed,
            "found": [str(finding) for finding in self._outcome.findings],
            "events": self._outcome.events,
        }
        (self._stage.folder / "round.json").write_text(json.dumps(notes, indent=2) + "\n")

    @property
    def _spent(self) -> float:
        return time.monotonic() - self._began

    def _say(self, text: str) -> None:
        self._outcome.events.append(f"{self._spent:6.2f} s  {text}")
