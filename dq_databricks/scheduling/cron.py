"""When a schedule fires: a cron expression read in a time zone, on every kind of day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, takewhile
from typing import Self

from dq_databricks.scheduling.cron_fields import CronFields, read_fields
from dq_databricks.scheduling.zones import advanced, first_instant, start_of, zone_named

_DAY, _MINUTE = timedelta(days=1), timedelta(minutes=1)
# The fifth weekday of a February comes once in 28 years, or once in 40 around a 2100.
_HORIZON = timedelta(days=366 * 45)
_STRETCH = timedelta(hours=1)
_MINUTES_A_DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class Cron:
    """A valid cron expression and the IANA zone it is read in. Make one with `parse`.

    An expression with ``*`` or a step in minute or hour (an interval) fires at every real instant
    whose local time it allows. Any other (a fixed time) fires once for each local time it allows:
    at the shift where clocks leave that time out, and the first time where they repeat it.
    """

    expression: str
    timezone: str = "UTC"

    @classmethod
    def parse(cls, expression: str, timezone: str = "UTC") -> Self:
        """A cron expression of five fields; raises CronError saying what to write instead."""
        zone_named(timezone)
        read_fields(expression)
        return cls(" ".join(expression.split()), timezone)

    def __str__(self) -> str:
        return f"{self.expression} {self.timezone}"

    def after(self, instant: datetime) -> datetime | None:
        """The first time it fires after `instant`, UTC; None when the calendar ends before."""
        fields = read_fields(self.expression)
        walk = _interval_after if fields.is_interval else _fixed_after
        try:
            return walk(fields, self.timezone, instant.astimezone(UTC))
        except OverflowError:
            return None

    def following(self, instant: datetime) -> Iterator[datetime]:
        """Every time it fires after `instant`, in order, UTC."""
        slot = self.after(instant)
        while slot is not None:
            yield slot
            slot = self.after(slot)

    def upcoming(self, instant: datetime, count: int) -> tuple[datetime, ...]:
        """The next `count` times it fires after `instant`, UTC."""
        return tuple(islice(self.following(instant), count))

    def within(self, after: datetime, until: datetime, most: int) -> tuple[datetime, ...]:
        """The first `most` times it fires after `after` and not after `until`, UTC."""
        due = takewhile(lambda slot: slot <= until, self.following(after))
        return tuple(islice(due, most))

    def latest(self, after: datetime, until: datetime) -> datetime | None:
        """The last time it fires after `after` and not after `until`, UTC; None: it does not."""
        first = self.after(after)
        if first is None or first > until:
            return None
        low, high = after, until
        while high - low > _STRETCH:
            middle = low + (high - low) / 2
            slot = self.after(middle)
            low, high = (low, middle) if slot is None or slot > until else (middle, high)
        return self.within(low, until, _MINUTES_A_DAY)[-1]


def _fixed_after(fields: CronFields, timezone: str, instant: datetime) -> datetime | None:
    zone = zone_named(timezone)
    # A local time of yesterday that a shift left out may fire today.
    for day in _days(fields, instant.astimezone(zone).date() - _DAY, instant):
        for hour in fields.hours:
            for minute in fields.minutes:
                slot = first_instant(datetime.combine(day, time(hour, minute)), zone)
                if slot > instant:
                    return slot
    return None


def _interval_after(fields: CronFields, timezone: str, instant: datetime) -> datetime | None:
    """Walk real time, in strides that end at the next hour, day or shift of the clocks."""
    zone = zone_named(timezone)
    minutes, hours = frozenset(fields.minutes), frozenset(fields.hours)
    at = instant.replace(second=0, microsecond=0) + _MINUTE
    end = at + _HORIZON
    while at < end:
        local = at.astimezone(zone)
        if not fields.allows(local.date()):
            at = _next_day(fields, timezone, at)
        elif local.hour in hours and local.minute in minutes:
            return at
        elif local.hour in hours:
            later = [m for m in fields.minutes if m > local.minute] or [60]
            at = advanced(at, timedelta(minutes=later[0] - local.minute), zone)
        else:
            at = advanced(at, timedelta(minutes=60 - local.minute), zone)
    return None


def _next_day(fields: CronFields, timezone: str, at: datetime) -> datetime:
    """An instant after `at` and not after the first one on a day that is allowed."""
    zone = zone_named(timezone)
    local = at.astimezone(zone)
    day = next(_days(fields, local.date() + _DAY, at), None)
    if day is None:
        return at + _HORIZON
    if day - local.date() > _DAY:
        # A shift around midnight may show tomorrow's date today, never the day after.
        return max(at + _MINUTE, start_of(day, zone))
    left = timedelta(minutes=_MINUTES_A_DAY - (local.hour * 60 + local.minute))
    return advanced(at, left, zone)


def _days(fields: CronFields, first: date, instant: datetime) -> Iterator[date]:
    """The days from `first` on that are allowed."""
    day, last = first, (instant + _HORIZON).date()
    while day <= last:
        if day.month not in fields.months:
            day = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
            continue
        if fields.allows(day):
            yield day
        day += _DAY
