"""Several processes at one queue."""

from __future__ import annotations

from multiprocessing import get_context
from pathlib import Path

from dq_databricks import open_quality
from dq_databricks.settings import Settings
from tests.support.jobs import a_job, lake


def _claims(home: Path, number: int) -> int:
    """How many of the jobs one process got."""
    with open_quality(Settings.load({}, home=home, durable=False)) as quality:
        queue = quality.jobs.keeper.queue
        return sum(queue.claim(job, f"w{number}", "local") is not None for job in queue.open())


def test_several_processes_claim_each_job_once(tmp_path: Path) -> None:
    with lake(tmp_path) as quality:
        queue = quality.jobs.keeper.queue
        for number in range(6):
            queue.add(a_job(f"j{number}"))
        with get_context("spawn").Pool(2) as pool:
            got = pool.starmap(_claims, [(tmp_path / "home", number) for number in range(2)])
        assert sum(got) == 6
        assert {job.attempt for job in queue.select()} == {1}
