"""Quartz cron: seconds, minutes, hours, day of month, month, day of week, and perhaps a year."""

from __future__ import annotations

import re

_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
_FIELDS: tuple[tuple[str, int, int, list[str]], ...] = (
    ("seconds", 0, 59, []),
    ("minutes", 0, 59, []),
    ("hours", 0, 23, []),
    ("day of month", 1, 31, []),
    ("month", 1, 12, _MONTHS),
    ("day of week", 1, 7, _DAYS),
    ("year", 1970, 2099, []),
)
_DAY_OF_MONTH, _DAY_OF_WEEK = 3, 5
_SPECIAL = {
    _DAY_OF_MONTH: re.compile(r"L(-\d{1,2})?|LW|\d{1,2}W"),
    _DAY_OF_WEEK: re.compile(r"L|([1-7]|[A-Z]{3})(L|#[1-5])"),
}


def fault(text: str) -> str | None:
    """What is wrong with a Quartz expression; None when nothing is."""
    words = text.upper().split()
    if len(words) not in (6, 7):
        return (
            f"{text!r} has {len(words)} fields; Quartz has 6 or 7, the seconds first, such as "
            "0 0/5 * * * ?"
        )
    if (words[_DAY_OF_MONTH] == "?") == (words[_DAY_OF_WEEK] == "?"):
        return f"{text!r}: exactly one of day of month and day of week must be ?"
    for number, word in enumerate(words):
        if not _is_field(number, word):
            name, low, high, _ = _FIELDS[number]
            return f"{text!r}: {word!r} is no {name}, {low} to {high}"
    return None


def _is_field(number: int, word: str) -> bool:
    if word == "?":
        return number in _SPECIAL
    return all(_is_part(number, part) for part in word.split(","))


def _is_part(number: int, part: str) -> bool:
    special = _SPECIAL.get(number)
    if special is not None and special.fullmatch(part):
        return True
    span, has_step, step = part.partition("/")
    if has_step and not (step.isdecimal() and int(step) >= 1):
        return False
    if span == "*":
        return True
    ends = [_number(number, end) for end in span.split("-")]
    return len(ends) <= 2 and all(end is not None for end in ends)


def _number(number: int, text: str) -> int | None:
    _, low, high, names = _FIELDS[number]
    if text in names:
        return names.index(text) + low
    value = int(text) if text.isdecimal() else low - 1
    return value if low <= value <= high else None
