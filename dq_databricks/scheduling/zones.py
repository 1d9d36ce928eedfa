"""Time zones by their IANA name, and instants of local times around their shifts."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, available_timezones

from dq_databricks.errors import CronError
from dq_databricks.model.words import did_you_mean

_SECOND = timedelta(seconds=1)


@lru_cache(maxsize=1024)
def zone_named(name: str) -> ZoneInfo:
    """The zone of an IANA name; raises CronError with near names."""
    if name not in _names():
        near = did_you_mean(name, _names()) or _same_city(name)
        raise CronError(
            f"time zone {name[:80]!r} is unknown{near or '; give an IANA name such as Europe/Rome'}"
        )
    return ZoneInfo(name)


def first_instant(local: datetime, zone: ZoneInfo) -> datetime:
    """When the clocks of `zone` first show `local` (without zone), UTC.

    A local time that a shift leaves out gives the instant of that shift.
    """
    instant = local.replace(tzinfo=zone).astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == local:
        return instant
    # In a gap the two readings use the offsets on both sides of it, so the shift lies between.
    return shift_between(local.replace(tzinfo=zone, fold=1).astimezone(UTC), instant, zone)


def start_of(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of `day` in `zone`, UTC."""
    return first_instant(datetime.combine(day, time()), zone)


def advanced(instant: datetime, by: timedelta, zone: ZoneInfo) -> datetime:
    """`instant` moved on `by`, or to the next shift of `zone` where that comes first."""
    later = instant + by
    if offset(instant, zone) == offset(later, zone):
        return later
    return shift_between(instant, later, zone)


def offset(instant: datetime, zone: ZoneInfo) -> timedelta | None:
    """How far the clocks of `zone` are ahead of UTC."""
    return instant.astimezone(zone).utcoffset()


def shift_between(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The first whole minute with the offset of `after`; `before` has another one."""
    old = offset(before, zone)
    while after - before > _SECOND:
        middle = before + (after - before) // 2
        middle = middle.replace(microsecond=0)
        if middle <= before:
            break
        before, after = (middle, after) if offset(middle, zone) == old else (before, middle)
    late = timedelta(seconds=after.second, microseconds=after.microsecond)
    return after if not late else after - late + timedelta(minutes=1)


@cache
def _names() -> frozenset[str]:
    return frozenset(available_timezones())


def _same_city(name: str) -> str:
    wanted = name.rpartition("/")[2].replace(" ", "_").lower()
    found = sorted(known for known in _names() if known.rpartition("/")[2].lower() == wanted)
    return did_you_mean(found[0], found) if wanted and found else ""
