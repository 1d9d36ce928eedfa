"""Where rounds and scenes take place, what a campaign must say of itself, and how they end."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from benchmarks.campaigns.crew import Crew
from benchmarks.campaigns.findings import Finding, Kind
from benchmarks.campaigns.jobs import CATALOG, Job
from benchmarks.campaigns.rows import Ack, Content, acks_of
from dq_databricks.engine.local import LocalEngine
from dq_databricks.engine.local.database import Database
from dq_databricks.errors import QualityError

COMPLETE_S = 120.0


@dataclass(slots=True)
class Stage:
    """A fresh folder, its randomness, an engine on it.

    `bug` is planted into every worker; `before` are rows that must all be there in the end, `later`
    keys that must not.
    """

    folder: Path
    seed: int
    draw: random.Random
    engine: LocalEngine
    bug: str = ""
    before: Content = field(default_factory=dict)
    later: Sequence[str] = ()

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


@contextmanager
def opened_stage(
    campaign: str, seed: int, out: Path, database: Database, bug: str = ""
) -> Iterator[Stage]:
    """A stage in a folder named after campaign and seed; what lay there before is removed."""
    folder = out / f"{campaign}-{seed}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with LocalEngine(folder, catalog=CATALOG, durable=False, database=database) as engine:
        yield Stage(folder, seed, random.Random(f"{campaign} {seed}"), engine, bug)


@dataclass(frozen=True, slots=True)
class Cast:
    """Who takes part: those that change the schema, and those that write meanwhile.

    `span_s` is how long the work takes when nobody is hit, so that blows fall within it.
    """

    principals: Sequence[Job]
    writers: Sequence[Job]
    span_s: float


class Campaign(Protocol):
    """What is tried: who takes part, what completes it, what must hold then."""

    name: str

    def cast(self, stage: Stage) -> Cast:
        """Make the start state; who takes part."""

    def completion(self, stage: Stage) -> Job:
        """The clean run that brings to an end what was left half done."""

    def check(self, stage: Stage) -> Iterator[Finding]:
        """What does not hold at the end."""


def completed(campaign: Campaign, stage: Stage, crew: Crew) -> Iterator[Finding]:
    """Run the completion, undisturbed; it must succeed."""
    worker = crew.hire()
    worker.prepare(campaign.completion(stage))
    worker.go()
    said = worker.outcome(COMPLETE_S)
    if said is None:
        crew.bury(worker)
        yield Finding(Kind.STUCK, "the clean run at the end did not end")
        return
    crew.release(worker)
    if "error" in said:
        text = f"the clean run at the end failed: {said['error']}: {said['message']}"
        yield Finding(Kind.STUCK, text)


def checked(campaign: Campaign, stage: Stage) -> Iterator[Finding]:
    """What the checker finds; a schema it cannot read is wrong."""
    try:
        yield from campaign.check(stage)
    except QualityError as error:
        yield Finding(Kind.WRONG_SCHEMA, f"it cannot be read: {error}")
