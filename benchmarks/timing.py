"""Wall and CPU seconds of this process and everything it started (the JVM)."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median

import psutil


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds on the clock and seconds of processor time."""

    wall: float
    cpu: float


def spent(work: Callable[[], object]) -> Spent:
    """What `work` takes."""
    wall, cpu = time.perf_counter(), _cpu()
    work()
    return Spent(time.perf_counter() - wall, _cpu() - cpu)


def interleaved(
    contenders: Mapping[str, Callable[[], object]], *, repeat: int
) -> dict[str, list[Spent]]:
    """Each contender `repeat` times, taking turns, after one unmeasured round."""
    for work in contenders.values():
        work()
    taken: dict[str, list[Spent]] = {name: [] for name in contenders}
    for turn in range(repeat):
        # Who goes first changes, so that nobody always finds the other's warm caches.
        names = list(contenders) if turn % 2 == 0 else list(reversed(contenders))
        for name in names:
            taken[name].append(spent(contenders[name]))
    return taken


def typical(times: list[Spent]) -> Spent:
    """The median of each."""
    return Spent(median(one.wall for one in times), median(one.cpu for one in times))


def _cpu() -> float:
    process = psutil.Process()
    seconds = sum(process.cpu_times()[:2])
    for child in process.children(recursive=True):
        try:
            seconds += sum(child.cpu_times()[:2])
        except psutil.NoSuchProcess:
            continue
    return seconds
