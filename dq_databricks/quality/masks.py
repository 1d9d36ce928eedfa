"""Masks of table groups: comma-separated names with `%` (or `*`) for any characters."""

from __future__ import annotations

import re
from fnmatch import translate
from functools import cache


def lets_through(name: str, include: str | None, exclude: str | None) -> bool:
    """Whether `name` matches one of `include` (all when empty) and none of `exclude`."""
    included = not _masks(include) or any(mask.match(name) for mask in _masks(include))
    return included and not any(mask.match(name) for mask in _masks(exclude))


@cache
def _masks(text: str | None) -> tuple[re.Pattern[str], ...]:
    parts = (part.strip() for part in (text or "").split(","))
    return tuple(re.compile(_translated(part), re.IGNORECASE) for part in parts if part)


def _translated(mask: str) -> str:
    return translate(mask.replace("[", "[[]").replace("%", "*"))
