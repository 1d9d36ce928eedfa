"""One round: a fresh folder, workers behind a gate, a nemesis, a clean run at the end, a check."""

from __future__ import annotations

import itertools
import json
import random
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from benchmarks.campaigns.crew import Crew, Worker
from benchmarks.campaigns.findings import Finding, Kind
from benchmarks.campaigns.jobs import CATALOG, Job
from benchmarks.campaigns.nemesis import Nemesis
from benchmarks.campaigns.rows import Ack, acks_of
from dq_databricks.engine.local import LocalEngine
from dq_databricks.engine.local.database import Database
from dq_databricks.errors import QualityError

ROUND_S = 60.0
COMPLETE_S = 60.0
REPLACEMENTS = 3

# What a kill or a race may rightly tell a worker: somebody else has the lock, or took it over.
RIGHT_ERRORS = frozenset({"SchemaLockedError", "LeaseLostError", "EngineUnavailableError"})


@dataclass(slots=True)
class Stage:
    """Where a round takes place: its folder, its randomness, an engine of its own."""

    folder: Path
    seed: int
    draw: random.Random
    engine: LocalEngine
    bug: str = ""

    def job(self, role: str, name: str, **more: Any) -> Job:
        """A job in this folder."""
        return Job(
            role=role,
            name=name,
            home=str(self.folder),
            acks=str(self.folder / f"{name}.acks"),
            stop=str(self.folder / "stop"),
            bug=self.bug,
            **more,
        )

    @property
    def acks(self) -> tuple[Ack, ...]:
        """Everything that was acknowledged."""
        return acks_of(sorted(self.folder.glob("*.acks")))


class Campaign(Protocol):
    """What is tried: who takes part, what completes it, what must hold then.

    `span_s` is how long the work takes when nobody is hit, so that blows fall within it.
    """

    name: str
    span_s: float

    def cast(self, stage: Stage) -> tuple[Sequence[Job], Sequence[Job]]:
        """Make the start state; the jobs of those that change the schema, and of the writers."""

    def completion(self, stage: Stage) -> Job:
        """The clean run that brings to an end what was left half done."""

    def check(self, stage: Stage) -> Iterator[Finding]:
        """What does not hold at the end."""


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

    def __init__(
        self, campaign: Campaign, crew: Crew, database: Database, out: Path, seed: int, bug: str
    ) -> None:
        folder = out / f"{campaign.name}-{seed}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        engine = LocalEngine(folder, catalog=CATALOG, durable=False, database=database)
        self._campaign = campaign
        self._crew = crew
        self._stage = Stage(folder, seed, random.Random(f"{campaign.name} {seed}"), engine, bug)
        self._parts: list[_Part] = []
        self._names = itertools.count(1)
        self._outcome = Outcome(seed, folder)
        self._began = 0.0

    def play(self) -> Outcome:
        """Play it; the folder stays only when something was found."""
        with self._stage.engine:
            principals, writers = self._campaign.cast(self._stage)
            self._start([(job, True) for job in principals] + [(job, False) for job in writers])
            self._race()
            self._end_writers()
            self._complete()
            self._outcome.findings += self._checked()
        self._outcome.acknowledged = len(self._stage.acks)
        if self._outcome.findings:
            self._keep()
        else:
            shutil.rmtree(self._stage.folder)
        return self._outcome

    # --- start and race ------------------------------------------------------------------------

    def _start(self, jobs: Sequence[tuple[Job, bool]]) -> None:
        parts = [_Part(job, self._crew.hire(), is_principal) for job, is_principal in jobs]
        for part in parts:
            part.worker.prepare(part.job)
        for part in parts:
            part.worker.wait_ready()
        for part in parts:
            part.worker.go()
        self._parts += parts

    def _race(self) -> None:
        lease_s = self._parts[0].job.lease_s
        nemesis = Nemesis.drawn(self._stage.draw, self._campaign.span_s, lease_s)
        self._began = time.monotonic()
        left = REPLACEMENTS
        while self._at_work(principals=True) and self._spent < ROUND_S:
            before = (nemesis.kills, nemesis.stops)
            killed = nemesis.strike(self._spent, [p.worker for p in self._at_work()])
            if before != (nemesis.kills, nemesis.stops):
                self._say(f"kills {nemesis.kills}, stops {nemesis.stops}")
            for part in [part for part in self._parts if part.worker in killed]:
                self._bury(part, is_replaced=left > 0)
                left -= 1
            self._hear()
            time.sleep(0.01)
        nemesis.wake()
        self._outcome.kills, self._outcome.stops = nemesis.kills, nemesis.stops

    def _bury(self, part: _Part, *, is_replaced: bool) -> None:
        self._say(f"{part.job.name} was killed")
        part.is_over = True
        self._crew.replace()
        if is_replaced:
            name = f"{part.job.name}.{next(self._names)}"
            acks = str(self._stage.folder / f"{name}.acks")
            job = replace(part.job, name=name, acks=acks)
            self._parts.append(_Part(job, self._crew.hire(), part.is_principal))
            self._parts[-1].worker.prepare(job)
            self._parts[-1].worker.go()

    def _at_work(self, *, principals: bool = False) -> list[_Part]:
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
            text = f"{part.job.name}: {error}: {said['message']}"
            self._outcome.findings.append(Finding(Kind.ERROR, text))

    # --- end -----------------------------------------------------------------------------------

    def _end_writers(self) -> None:
        (self._stage.folder / "stop").touch()
        end = self._spent + ROUND_S / 2
        while self._at_work() and self._spent < end:
            self._hear(0.01)
        for part in self._at_work():
            part.worker.kill()
            part.is_over = True
            self._crew.replace()
            text = f"{part.job.name} did not end within {self._spent:.0f} s"
            self._outcome.findings.append(Finding(Kind.STUCK, text))

    def _complete(self) -> None:
        job = self._campaign.completion(self._stage)
        worker = self._crew.hire()
        worker.prepare(job)
        worker.go()
        said = worker.outcome(COMPLETE_S)
        self._say(f"{job.name}: {said}")
        if said is None:
            worker.kill()
            self._crew.replace()
        else:
            self._crew.release(worker)
        if said is None or "error" in said:
            text = "the clean run at the end " + (
                f"failed: {said['error']}: {said['message']}" if said else "did not end"
            )
            self._outcome.findings.append(Finding(Kind.STUCK, text))

    def _checked(self) -> Iterator[Finding]:
        try:
            yield from self._campaign.check(self._stage)
        except QualityError as error:
            yield Finding(Kind.WRONG_SCHEMA, f"it cannot be read: {error}")

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
