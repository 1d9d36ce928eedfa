"""Processes migrate, rename and restore at once, are killed and stopped: nothing is lost.

The short form of ``python -m benchmarks.campaigns``, and the proof that it would find a fault:
each scene meets one bad interleaving on purpose; sound code passes it, a seeded bug does not.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.campaigns.crew import Crew
from benchmarks.campaigns.findings import Kind
from benchmarks.campaigns.migrating import Migrating
from benchmarks.campaigns.play import play
from benchmarks.campaigns.renaming import Renaming
from benchmarks.campaigns.restoring import Restoring
from benchmarks.campaigns.rounds import Outcome
from benchmarks.campaigns.scenes import SCENES, play_scene
from benchmarks.campaigns.stage import Campaign
from dq_databricks.engine.local.database import Database

# One process has the crew.
pytestmark = [pytest.mark.xdist_group("campaign"), pytest.mark.timeout(900)]

ROUNDS = [(Migrating(), 8), (Renaming(), 1), (Restoring(), 16)]


@pytest.mark.parametrize(("campaign", "rounds"), ROUNDS, ids=lambda one: getattr(one, "name", ""))
def test_nothing_breaks_when_workers_are_killed_and_stopped(
    campaign: Campaign, rounds: int, crew: Crew, tmp_path: Path
) -> None:
    broken: list[str] = []

    def hear(outcome: Outcome) -> None:
        broken.extend(f"seed {outcome.seed}: {finding}" for finding in outcome.findings)

    figures = play(campaign, range(1, rounds + 1), tmp_path, crew, listener=hear)
    assert broken == []
    assert figures.rounds == rounds
    assert figures.kills > 0
    assert figures.acknowledged > 0


@pytest.mark.parametrize("scene", list(SCENES))
def test_sound_code_passes_every_scene(
    scene: str, crew: Crew, database: Database, tmp_path: Path
) -> None:
    assert play_scene(scene, crew, tmp_path, database=database) == ()


@pytest.mark.parametrize(
    ("bug", "scene", "kind"),
    [
        ("no-lock", "two runners meet", Kind.LOCK),
        ("no-look-first", "killed after its step", Kind.STUCK),
        ("no-verify", "written after the copy", Kind.LOST_ROW),
    ],
)
def test_a_seeded_bug_is_found(
    bug: str, scene: str, kind: Kind, crew: Crew, database: Database, tmp_path: Path
) -> None:
    found = play_scene(scene, crew, tmp_path, database=database, bug=bug)
    assert kind in {finding.kind for finding in found}
