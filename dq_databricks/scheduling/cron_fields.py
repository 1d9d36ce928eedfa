"""The five fields of a cron expression: what may stand in them, and what they allow.

Only what has one meaning everywhere is let through, rewritten so that croniter, which expands it,
cannot read it otherwise (to croniter ``4-4`` is the whole field).
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from dq_databricks.errors import CronError

MOST_CHARACTERS = 200
_HOW = "write minute, hour, day of month, month and day of week, such as '30 6 * * MON-FRI'"
_MONTHS = {name.upper(): n for n, name in enumerate(calendar.month_abbr) if name}
_WEEKDAYS = dict(zip(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), range(7), strict=True))
_TERM = re.compile(r"(?:\*|(\w+)(?:-(\w+))?)(?:/(\d+))?", re.ASCII)
_NTH = re.compile(r"(\w+)#(\d+)", re.ASCII)
# Within 28 years every date falls on every day of the week that it can fall on.
_CYCLE = range(2000, 2028)


@dataclass(frozen=True, slots=True)
class _Field:
    """The kind of one field. `highest` is what ``*`` ends at, `most` what may be written."""

    name: str
    lowest: int
    highest: int
    most: int
    names: Mapping[str, int]


_KINDS = (
    _Field("minute", 0, 59, 59, {}),
    _Field("hour", 0, 23, 23, {}),
    _Field("day of month", 1, 31, 31, {}),
    _Field("month", 1, 12, 12, _MONTHS),
    _Field("day of week", 0, 6, 7, _WEEKDAYS),
)


@dataclass(frozen=True)
class CronFields:
    """What a cron expression allows. `days` and `weekdays` None: each does.

    `nth_weekdays` hold which of the weekdays of a month are meant. `is_interval`: minute or hour
    holds ``*`` or a step, so it follows elapsed time and not the clock on the wall.
    """

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int] | None
    is_last_day: bool
    months: frozenset[int]
    weekdays: frozenset[int] | None
    nth_weekdays: frozenset[tuple[int, int]]
    is_interval: bool

    def allows(self, day: date) -> bool:
        """Whether it fires on `day`. Where both kinds of days are restricted, either will do."""
        if day.month not in self.months:
            return False
        if self.days is None:
            return self._allows_weekday(day)
        if self.weekdays is None:
            return self._allows_day(day)
        return self._allows_day(day) or self._allows_weekday(day)

    def _allows_day(self, day: date) -> bool:
        if self.days is None or day.day in self.days:
            return True
        return self.is_last_day and day.day == calendar.monthrange(day.year, day.month)[1]

    def _allows_weekday(self, day: date) -> bool:
        weekday = day.isoweekday() % 7
        if self.nth_weekdays:
            return (weekday, (day.day - 1) // 7 + 1) in self.nth_weekdays
        return self.weekdays is None or weekday in self.weekdays


@lru_cache(maxsize=4096)
def read_fields(expression: str) -> CronFields:
    """What `expression` allows. Raises CronError naming the field and what to write instead."""
    texts = _split(expression)
    written = [
        ",".join(_term(kind, term) for term in text.split(","))
        for kind, text in zip(_KINDS, texts, strict=True)
    ]
    fields = _expanded(expression, written)
    if not any(
        fields.allows(date(year, month, day))
        for year in _CYCLE
        for month in sorted(fields.months)
        for day in range(1, calendar.monthrange(year, month)[1] + 1)
    ):
        raise CronError(
            f"cron {expression!r} never fires: no month it names has a day {texts[2]}; "
            "correct the day of month or the month"
        )
    return fields


def _split(expression: str) -> list[str]:
    if not expression.isascii():
        raise CronError(f"cron {expression!r}: only ASCII characters may stand in it; {_HOW}")
    if len(expression) > MOST_CHARACTERS:
        raise CronError(
            f"cron {expression[:40]!r}…: it has {len(expression)} characters, "
            f"at most {MOST_CHARACTERS} may be given"
        )
    texts = expression.upper().split()
    if len(texts) != len(_KINDS):
        raise CronError(f"cron {expression!r}: it has {len(texts)} fields, not 5; {_HOW}")
    return texts


def _term(kind: _Field, text: str) -> str:
    """One term of a field as croniter reads it rightly."""
    if text == "L" and kind.name == "day of month":
        return text
    if kind.names is _WEEKDAYS and (nth := _NTH.fullmatch(text)):
        return _nth(kind, text, nth)
    found = _TERM.fullmatch(text)
    if found is None:
        raise _refused(kind, text, "it is no value, range or step")
    first, last, step = found.groups()
    if first is None:
        return "*" if step is None else f"*/{_step(kind, text, step)}"
    low = _value(kind, text, first)
    if last is None and step is None:
        return str(low)
    high = kind.highest if last is None else _end(kind, text, last)
    if high < low:
        raise _refused(kind, text, f"the range runs backwards from {low} to {high}")
    every = "" if step is None else f"/{_step(kind, text, step)}"
    return str(low) if low == high else f"{low}-{high}{every}"


def _nth(kind: _Field, text: str, found: re.Match[str]) -> str:
    weekday, number = _value(kind, text, found[1]), found[2]
    if number not in ("1", "2", "3", "4", "5"):
        raise _refused(kind, text, "a month has a first (#1) to fifth (#5) of a weekday")
    return f"{weekday % 7}#{number}"


def _end(kind: _Field, text: str, last: str) -> int:
    # SAT-SUN ends with the week, although Sunday is also its first day.
    return 7 if last == "SUN" else _value(kind, text, last)


def _value(kind: _Field, text: str, value: str) -> int:
    if value in kind.names:
        return kind.names[value]
    if not value.isdecimal() or len(value) > 2:
        known = f" or a name from {', '.join(kind.names)}" if kind.names else ""
        raise _refused(kind, text, f"{value!r} is no number{known}")
    if not kind.lowest <= int(value) <= kind.most:
        raise _refused(kind, text, f"{value} is not in {kind.lowest}-{kind.most}")
    return int(value)


def _step(kind: _Field, text: str, step: str) -> int:
    if len(step) > 2 or not 1 <= int(step) <= kind.highest:
        raise _refused(kind, text, f"the step {step} is not in 1-{kind.highest}")
    return int(step)


def _refused(kind: _Field, text: str, why: str) -> CronError:
    allowed = f"{kind.lowest}-{kind.most}, *, a list a,b, a range a-b or a step */n"
    more = {"day of month": ", or L for the last day", "day of week": ", or MON#1 for the first"}
    return CronError(f"cron {kind.name} {text!r}: {why}; give {allowed}{more.get(kind.name, '')}")


def _expanded(expression: str, written: list[str]) -> CronFields:
    from croniter import CroniterError, croniter  # costs more than any command that needs no cron

    if "#" in written[4] and any("#" not in term for term in written[4].split(",")):
        raise CronError(
            f"cron {expression!r}: its days of the week mix counted ones (MON#1) with plain ones; "
            "make two schedules"
        )
    try:
        (minutes, hours, days, months, weekdays), nth = croniter.expand(" ".join(written))
    except CroniterError as error:
        raise CronError(f"cron {expression!r}: {error}; {_HOW}") from error
    # Whether croniter gives a whole field as "*" depends on how it was written.
    every_day, every_weekday = _numbers(days, 1, 31), _numbers(weekdays, 0, 6)
    return CronFields(
        minutes=_numbers(minutes, 0, 59),
        hours=_numbers(hours, 0, 23),
        days=None if len(every_day) == 31 else frozenset(every_day),
        is_last_day="l" in days,
        months=frozenset(_numbers(months, 1, 12)),
        weekdays=None if len(every_weekday) == 7 and not nth else frozenset(every_weekday),
        nth_weekdays=frozenset((day, number) for day in nth for number in nth[day]),
        is_interval=any(sign in text for text in expression.split()[:2] for sign in "*/"),
    )


def _numbers(values: list[int | str], lowest: int, highest: int) -> tuple[int, ...]:
    if values == ["*"]:
        return tuple(range(lowest, highest + 1))
    return tuple(sorted({value for value in values if isinstance(value, int)}))
