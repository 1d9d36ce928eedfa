"""Scenes: the interleavings that hurt, met on purpose by gates instead of by chance.

Each is played with sound code and with a seeded bug: sound code passes all of them, each bug is
found by its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from signal import SIGCONT, SIGSTOP
from typing import Any

from benchmarks.campaigns.crew import Crew, Worker
from benchmarks.campaigns.findings import Finding, Kind
from benchmarks.campaigns.jobs import SCHEMA, TARGET, Gate, Job
from benchmarks.campaigns.migrating import Migrating
from benchmarks.campaigns.renaming import Renaming
from benchmarks.campaigns.restoring import POINT, Restoring
from benchmarks.campaigns.rounds import RIGHT_ERRORS
from benchmarks.campaigns.rows import keys_of, unkept
from benchmarks.campaigns.stage import Campaign, Stage, checked, completed, opened_stage
from dq_databricks.engine.local.database import Database
from dq_databricks.model.catalog import Connection

_LONGEST_S = 120.0


@dataclass(slots=True)
class Play:
    """A scene under way: who enters, who stands at which gate, who has ended."""

    stage: Stage
    crew: Crew
    findings: list[Finding]

    def gate(self, name: str, kind: str, text: str, **more: Any) -> Gate:
        """A gate of this stage."""
        return Gate(str(self.stage.folder / name), kind, text, **more)

    def enter(self, job: Job, *gates: Gate) -> Worker:
        """Start a worker."""
        worker = self.crew.hire()
        worker.prepare(replace(job, gates=gates))
        worker.go()
        return worker

    def reached(self, *gates: Gate) -> Gate:
        """Wait until a worker stands at one of `gates`; which one."""
        end = time.monotonic() + _LONGEST_S
        while time.monotonic() < end:
            for gate in gates:
                if gate.reached.exists():
                    return gate
            time.sleep(0.005)
        raise TimeoutError(f"nobody came to {', '.join(gate.path for gate in gates)}")

    def end(self, worker: Worker, *, may_fail: bool = True) -> dict[str, Any]:
        """Wait for what a worker says; an error that nothing here excuses is a finding."""
        said = worker.outcome(_LONGEST_S) or {"error": "Stuck", "message": "it did not end"}
        self.crew.release(worker)
        error = said.get("error")
        if error is not None and not (may_fail and error in RIGHT_ERRORS):
            self.findings.append(Finding(Kind.ERROR, f"{error}: {said['message']}"))
        return said


Scene = Callable[[Play], None]


def play_scene(
    name: str, crew: Crew, out: Path, *, database: Database, bug: str = ""
) -> tuple[Finding, ...]:
    """Play one scene to its end and check what it left; what was found broken."""
    campaign, scene = SCENES[name]
    with opened_stage(f"{name}-{bug or 'sound'}", 0, out, database, bug) as stage:
        campaign.cast(stage)
        play = Play(stage, crew, [])
        scene(play)
        return tuple(_ended(play, campaign))


def _ended(play: Play, campaign: Campaign) -> Iterator[Finding]:
    yield from play.findings
    yield from completed(campaign, play.stage, play.crew)
    yield from checked(campaign, play.stage)


# --- migrations ----------------------------------------------------------------------------------


def two_runners_meet(play: Play) -> None:
    """One runner stands still within its work while another one comes."""
    inside = play.gate("first-inside", "execute", ".dq_tests SET TBLPROPERTIES")
    beside = play.gate("second-inside", "execute", ".dq_tests SET TBLPROPERTIES", waits=False)
    waiting = play.gate("second-waits", "query", "dq_leases", number=3, waits=False)
    first = play.enter(play.stage.job("migrate", "first"), inside)
    play.reached(inside)
    second = play.enter(play.stage.job("migrate", "second"), beside, waiting)
    if play.reached(beside, waiting) is beside:
        play.end(second)
        inside.open.touch()
        play.end(first)
    else:
        inside.open.touch()
        play.end(first, may_fail=False)
        play.end(second, may_fail=False)


def killed_after_its_step(play: Play) -> None:
    """A runner is killed after a statement was carried out, before that was journaled."""
    done = play.gate("first-done", "execute", ".dq_projects ADD COLUMNS", when="after")
    first = play.enter(play.stage.job("migrate", "first"), done)
    play.reached(done)
    play.crew.bury(first)
    play.end(play.enter(play.stage.job("migrate", "second")))


def stopped_past_its_lease(play: Play) -> None:
    """A runner is stopped within a step, another one finishes the work, then the first wakes."""
    inside = play.gate("first-inside", "execute", ".dq_projects ADD COLUMNS")
    first = play.enter(play.stage.job("migrate", "first"), inside)
    play.reached(inside)
    first.signal(SIGSTOP)
    play.end(play.enter(play.stage.job("migrate", "second")), may_fail=False)
    inside.open.touch()
    first.signal(SIGCONT)
    play.end(first)


# --- renaming and restoring ----------------------------------------------------------------------


def written_after_the_copy(play: Play) -> None:
    """A row is written to a table that was copied already, before the switch."""
    copied = play.gate("copied", "execute", f"MERGE INTO `main`.`{TARGET}`.`dq_tests`")
    runner = play.enter(play.stage.job("rename", "runner", target=TARGET), copied)
    play.reached(copied)
    write = play.gate("written", "merge", f"{SCHEMA}.dq_connections", when="after", waits=False)
    asks = play.gate("asks", "query", "dq_settings", number=4, waits=False)
    (play.stage.folder / "stop").touch()
    writer = play.enter(play.stage.job("write", "writer"), write, asks)
    if play.reached(write, asks) is write:
        play.end(writer)
        copied.open.touch()
        play.end(runner)
    else:
        copied.open.touch()
        play.end(runner, may_fail=False)
        play.end(writer)


def restored_before_the_ack(play: Play) -> None:
    """A row is written, the schema is restored, only then the writer asks whether it counts."""
    writer, written = _written(play)
    play.end(play.enter(play.stage.job("restore", "runner", point=POINT)), may_fail=False)
    _acknowledged(play, writer, written)


def killed_before_its_stamp(play: Play) -> None:
    """The same, and the restore is killed when it has just opened the schema again."""
    writer, written = _written(play)
    opened = play.gate("opened", "restore", "dq_settings", when="after")
    runner = play.enter(play.stage.job("restore", "runner", point=POINT), opened)
    play.reached(opened)
    play.crew.bury(runner)
    _acknowledged(play, writer, written)


def _written(play: Play) -> tuple[Worker, Gate]:
    """A writer whose row is stored, and who has not asked yet whether it counts."""
    (play.stage.folder / "stop").touch()
    written = play.gate("written", "merge", "dq_connections", when="after")
    writer = play.enter(play.stage.job("write", "writer"), written)
    play.reached(written)
    return writer, written


def _acknowledged(play: Play, writer: Worker, written: Gate) -> None:
    written.open.touch()
    play.end(writer)
    # All of them were acknowledged after the restore, whenever they were written.
    keys = keys_of(play.stage.engine, SCHEMA, Connection.TABLE)
    play.findings += unkept(keys, play.stage.acks, SCHEMA)


SCENES: Mapping[str, tuple[Campaign, Scene]] = {
    "two runners meet": (Migrating(["v5"]), two_runners_meet),
    "killed after its step": (Migrating(["v1"]), killed_after_its_step),
    "stopped past its lease": (Migrating(["v1"]), stopped_past_its_lease),
    "written after the copy": (Renaming(), written_after_the_copy),
    "restored before the ack": (Restoring(), restored_before_the_ack),
    "killed before its stamp": (Restoring(), killed_before_its_stamp),
}
