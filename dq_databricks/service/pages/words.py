"""How values read on pages: numbers, shares, durations, sizes and times."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

NOTHING = "–"
_SIZES = ("B", "kB", "MB", "GB", "TB", "PB")
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_RECENT_DAYS = 30


def number(value: float | None, digits: int = 4) -> str:
    """``12,345`` or ``0.1235``: whole numbers in full, others with `digits` that count."""
    if value is None:
        return NOTHING
    if math.isnan(value) or math.isinf(value):
        return {"nan": "NaN", "inf": "∞", "-inf": "−∞"}[str(float(value))]
    if float(value).is_integer() and abs(value) < 1e15:
        return f"{int(value):,}".replace("-", "−")
    if abs(value) >= 10 ** (digits - 1) and abs(value) < 1e15:
        return f"{value:,.1f}".replace("-", "−")
    return f"{value:.{digits}g}".replace("-", "−")


def compact(value: float | None) -> str:
    """``337 k``: a count short enough for a tile."""
    if value is None:
        return NOTHING
    for size, mark in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= size:
            scale = size / 10 if mark == "k" else size
            return f"{value / scale:.3g} {mark}"
    return number(value)


def share(value: float | None, digits: int = 1) -> str:
    """A share from 0 to 1 as a percentage that shows neither 0 nor 100 % unless it is."""
    if value is None:
        return NOTHING
    if value in (0, 1):
        return f"{value * 100:.0f} %"
    least = 10**-digits
    percent = value * 100
    if percent < least:
        return f"< {least:g} %"
    if percent > 100 - least:
        return f"> {100 - least:g} %"
    return f"{percent:.{digits}f} %"


def duration(milliseconds: int | None) -> str:
    """``340 ms``, ``2.4 s``, ``3 min 5 s``, ``2 h 10 min``."""
    if milliseconds is None:
        return NOTHING
    seconds = milliseconds / 1000
    if seconds < 1:
        return f"{milliseconds} ms"
    if seconds < _MINUTE:
        return f"{seconds:.1f} s"
    if seconds < _HOUR:
        return f"{int(seconds // _MINUTE)} min {int(seconds % _MINUTE)} s"
    return f"{int(seconds // _HOUR)} h {int(seconds % _HOUR // _MINUTE)} min"


def size(count: int | None) -> str:
    """Bytes in decimal units, ``12.3 MB``."""
    if count is None:
        return NOTHING
    value, unit = float(count), 0
    while value >= 1000 and unit < len(_SIZES) - 1:
        value, unit = value / 1000, unit + 1
    return f"{value:.3g} {_SIZES[unit]}"


def zone(name: str) -> ZoneInfo:
    """The zone of this IANA name; UTC where there is none of it."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def moment(value: datetime, zone_name: str) -> str:
    """``21 Nov 2026, 09:50 CET``."""
    there = value.astimezone(zone(zone_name))
    return f"{there.day} {there:%b %Y, %H:%M %Z}"


def exact(value: datetime) -> str:
    """``2026-11-21 08:50:07.123456 UTC``."""
    return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f} UTC"


def ago(value: datetime, now: datetime) -> str:
    """``3 min ago``, ``in 2 h``; the date once it is a month away."""
    seconds = (now - value).total_seconds()
    away = abs(seconds)
    if away < _MINUTE:
        return "just now" if seconds >= 0 else "in a moment"
    if away >= _RECENT_DAYS * _DAY:
        return f"{value.day} {value:%b %Y}"
    if away < _HOUR:
        text = f"{int(away // _MINUTE)} min"
    elif away < _DAY:
        text = f"{int(away // _HOUR)} h"
    else:
        text = f"{int(away // _DAY)} d"
    return f"{text} ago" if seconds >= 0 else f"in {text}"


def short_table(name: str) -> str:
    """The last part of a three-level name."""
    return name.rsplit(".", 1)[-1]


def schema_of(name: str) -> str:
    """What stands before the last part of a three-level name."""
    return name.rpartition(".")[0]
