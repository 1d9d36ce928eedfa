"""Cron expressions over every IANA zone, compared with a look at every minute.

``python -m benchmarks.campaigns.cron --seconds 600`` goes on from seed to seed: each takes one zone
and one shift of its clocks between 2024 and 2040 (or any stretch, where there is none), and some
expressions. The first that differ are printed, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from zoneinfo import ZoneInfo, available_timezones

from dq_databricks.scheduling.cron import Cron
from tests.support.cron_scan import Scan, an_expression, clock

FIRST, LAST = datetime(2024, 1, 1, tzinfo=UTC), datetime(2041, 1, 1, tzinfo=UTC)
EXPRESSIONS, DAYS = 20, 5


@dataclass(frozen=True, slots=True)
class Played:
    """What one seed compared; `differ` describes what differs."""

    fires: int
    differ: tuple[str, ...]


def play(seed: int) -> Played:
    """Compare expressions around one shift of one zone."""
    rolls = random.Random(seed)
    zone = rolls.choice(sorted(available_timezones()))
    middle = rolls.choice(shifts(zone) or [FIRST + rolls.random() * (LAST - FIRST)])
    first = middle.replace(second=0, microsecond=0) - timedelta(days=2)
    walls = clock(zone, first, DAYS)
    fires, differ = 0, []
    for _ in range(EXPRESSIONS):
        expression = an_expression(rolls)
        # What a shift right before the first minute left out, the scan has not seen.
        after, until = first + timedelta(days=1), walls[-1][0]
        expected = [slot for slot in Scan(expression).fires(walls) if slot > after]
        found = list(Cron.parse(expression, zone).within(after, until, DAYS * 24 * 60))
        fires += len(expected)
        if found != expected:
            differ.append(f"seed {seed}: {expression} {zone} from {after}")
    return Played(fires, tuple(differ))


@cache
def shifts(zone: str) -> list[datetime]:
    """About when the clocks of `zone` shift, to the day."""
    info, day = ZoneInfo(zone), timedelta(days=1)
    days = [FIRST + n * day for n in range((LAST - FIRST) // day)]
    offsets = [one.astimezone(info).utcoffset() for one in days]
    return [one for n, one in enumerate(days[1:], 1) if offsets[n] != offsets[n - 1]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Play seeds for a while; 1 when an expression differed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    end, fires, seeds, differ = time.monotonic() + options.seconds, 0, 0, []
    for seed in count(options.seed):
        if time.monotonic() > end or len(differ) > 10:
            break
        played = play(seed)
        fires, seeds = fires + played.fires, seeds + 1
        differ += played.differ
    tried = f"{seeds} seeds, {seeds * EXPRESSIONS:,} expressions, {fires:,} fire times"
    print(f"{tried}: {len(differ)} differ")
    print("\n".join(differ))
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
