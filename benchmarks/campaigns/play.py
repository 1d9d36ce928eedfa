"""Many rounds of a campaign, some side by side, and the sum of what they found."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Empty, SimpleQueue

from benchmarks.campaigns.crew import Crew
from benchmarks.campaigns.findings import Figures
from benchmarks.campaigns.rounds import Outcome, Round
from benchmarks.campaigns.stage import Campaign, opened_stage
from dq_databricks.engine.local.database import Database

Listener = Callable[[Outcome], None]


def play(
    campaign: Campaign,
    seeds: Iterable[int],
    out: Path,
    crew: Crew,
    *,
    lanes: int = 2,
    bug: str = "",
    listener: Listener = lambda _: None,
) -> Figures:
    """Play a round for each of `seeds`; `listener` hears of each round as it ends.

    `lanes` rounds run side by side, since a round mostly waits for leases to run out.
    """
    due: SimpleQueue[int] = SimpleQueue()
    for seed in seeds:
        due.put(seed)
    figures = Figures(campaign.name)
    began = time.monotonic()

    def lane(_: int) -> list[Outcome]:
        return _lane(campaign, due, out, crew, bug, listener)

    with ThreadPoolExecutor(lanes) as pool:
        for outcome in [found for lane in pool.map(lane, range(lanes)) for found in lane]:
            figures.rounds += 1
            figures.kills += outcome.kills
            figures.stops += outcome.stops
            figures.acknowledged += outcome.acknowledged
            figures.count(outcome.findings)
    figures.seconds = time.monotonic() - began
    return figures


def _lane(
    campaign: Campaign, due: SimpleQueue[int], out: Path, crew: Crew, bug: str, listener: Listener
) -> list[Outcome]:
    database = Database(threads=1, memory_limit="")
    outcomes: list[Outcome] = []
    try:
        while True:
            try:
                seed = due.get_nowait()
            except Empty:
                return outcomes
            with opened_stage(campaign.name, seed, out, database, bug) as stage:
                outcomes.append(Round(campaign, crew, stage).play())
            listener(outcomes[-1])
    finally:
        database.close()
