"""When a cron expression fires, found by looking at every minute: the reference of the tests.

Shares nothing with the package: it reads fields by asking of each value whether some term lets it
through, and it knows shifts of the clock only by what the clock shows from minute to minute.
"""

from __future__ import annotations

import calendar
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
_NAMES = {
    **{name.upper(): str(n) for n, name in enumerate(calendar.month_abbr) if name},
    **{name.upper(): str(n + 1) for n, name in enumerate(calendar.day_abbr)},
}
WEEKDAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
_HIGHEST = (59, 23, 31, 12, 7)


def allowed(text: str, highest: int) -> set[int]:
    """The values of 0 to `highest` that some term of a field lets through."""
    return {v for v in range(highest + 1) if any(_lets(t, v, highest) for t in text.split(","))}


def _lets(term: str, value: int, highest: int) -> bool:
    head, _, step = term.partition("/")
    low, _, high = head.partition("-")
    first = (1 if highest in (31, 12) else 0) if low == "*" else int(_NAMES.get(low, low))
    last = int(_NAMES.get(high, high)) if high else (highest if step or low == "*" else first)
    return first <= value <= last and (value - first) % int(step or 1) == 0


class Scan:
    """One expression over the minutes of one stretch of one zone."""

    def __init__(self, expression: str) -> None:
        texts = expression.split()
        self._minute, self._hour, self._day, self._month, weekdays = (
            allowed(text, highest)
            for text, highest in zip(
                [*texts[:2], texts[2].replace("L", "99"), *texts[3:]],
                _HIGHEST,
                strict=True,
            )
        )
        self._weekday = {day % 7 for day in weekdays}
        self._last = "L" in texts[2].split(",")
        self._any_day = len(self._day) == 31
        self._any_weekday = len(self._weekday) == 7
        self._is_interval = any(sign in texts[0] + texts[1] for sign in "*/")

    def fires(self, walls: Sequence[tuple[datetime, datetime]]) -> list[datetime]:
        """Of the minutes (instant, what the clock shows), those at which it fires."""
        if self._is_interval:
            return [instant for instant, wall in walls if self._matches(wall)]
        return list(self._fixed(walls))

    def _fixed(self, walls: Sequence[tuple[datetime, datetime]]) -> Iterator[datetime]:
        # A clock that jumps back shows what it has shown; one that jumps ahead shows all at once.
        shown = walls[0][1] - MINUTE
        for instant, wall in walls:
            fresh = [shown + n * MINUTE for n in range(1, (wall - shown) // MINUTE + 1)]
            shown = max(shown, wall)
            if any(self._matches(one) for one in fresh):
                yield instant

    def _matches(self, wall: datetime) -> bool:
        return (
            wall.minute in self._minute
            and wall.hour in self._hour
            and wall.month in self._month
            and self._is_day(wall)
        )

    def _is_day(self, wall: datetime) -> bool:
        last = calendar.monthrange(wall.year, wall.month)[1]
        day = wall.day in self._day or (self._last and wall.day == last)
        weekday = (wall.weekday() + 1) % 7 in self._weekday
        if self._any_day or self._any_weekday:
            return (self._any_day or day) and (self._any_weekday or weekday)
        return day or weekday


def clock(zone: str, start: datetime, days: int) -> list[tuple[datetime, datetime]]:
    """Every minute of `days` from `start` (UTC), with what the clocks of `zone` show."""
    info = ZoneInfo(zone)
    instants = (start.astimezone(UTC) + n * MINUTE for n in range(days * 24 * 60))
    return [(instant, instant.astimezone(info).replace(tzinfo=None)) for instant in instants]


def an_expression(rolls: random.Random, *, days: bool = False) -> str:
    """A valid expression that fires within days, mostly around the hours of shifts."""
    minute = rolls.choice(["0", "30", "*", "*/15", "*/7", "0,30", "10-50/20", "45", "5-5", "59"])
    hour = rolls.choice(
        ["0", "1", "2", "3", "23", "*", "*/2", "0-3", "1,2,3", "2-2", "0-23", "22/1"]
    )
    day = rolls.choice(["*"] * 6 + ["1-31", "*/2", "L", f"{rolls.randint(1, 28)}"])
    month = rolls.choice(["*"] * 6 + ["1-6", "JAN-DEC"]) if days else "*"
    weekday = rolls.choice(
        ["*"] * 5 + ["0-7", "SAT-SUN", "1-5", rolls.choice(WEEKDAYS), "7", "6-6"]
    )
    return f"{minute} {hour} {day} {month} {weekday}"
