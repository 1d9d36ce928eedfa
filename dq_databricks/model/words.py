"""Small help with words in messages: near names, figures, agreement."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal

_SINGULAR = {"are": "is", "have": "has", "do": "does", "share": "shares", "lie": "lies"}


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """``; did you mean 'x'?`` for the nearest of `known`, or nothing."""
    folded: dict[str, str] = {}
    for entry in known:
        folded.setdefault(entry.lower(), entry)
    near = difflib.get_close_matches(name.lower(), folded, n=3, cutoff=0.6)
    if not near:
        return ""
    return f"; did you mean {' or '.join(repr(folded[entry]) for entry in near)}?"


def figure(value: object) -> str:
    """A value for people: ``336,776``, ``0.0009``, ``2026-01-31 12:00:00``.

    Floats have at most 6 digits behind the point, decimals all of theirs.
    """
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float | Decimal):
        return _fraction(value)
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    return value.isoformat() if isinstance(value, date) else str(value)


def plain(value: object) -> str:
    """A value for programs: as `figure`, without separators between thousands."""
    is_number = isinstance(value, int | float | Decimal)
    return figure(value).replace(",", "") if is_number else figure(value)


def is_nan(value: int | float | Decimal) -> bool:
    """Whether `value` is NaN, a signalling one included."""
    return value.is_nan() if isinstance(value, Decimal) else value != value


def _fraction(value: float | Decimal) -> str:
    if is_nan(value):
        return "NaN"
    if math.isinf(value):
        return "infinity" if value > 0 else "-infinity"
    if isinstance(value, Decimal):
        text = f"{value:,f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    if abs(value) >= 1e15 or 0 < abs(value) < 1e-4:
        return f"{value:.6g}"
    return f"{value:,.6f}".rstrip("0").rstrip(".")


def range_in_words(low: object, high: object) -> str:
    """``between 1 and 10``, ``at least 1`` or ``at most 10``."""
    if low is None:
        return f"at most {figure(high)}"
    return (
        f"at least {figure(low)}" if high is None else f"between {figure(low)} and {figure(high)}"
    )


def agree(count: int, predicate: str) -> str:
    """`predicate` (plural: ``are null``) with its verb agreeing with `count`."""
    verb, _, rest = predicate.partition(" ")
    return f"{_SINGULAR.get(verb, verb)} {rest}" if count == 1 else predicate
