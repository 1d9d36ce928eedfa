"""The shape of a text: which kinds of characters it is made of, in order."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

MOST_RUNS = 40
"""Runs of equal characters kept of a pattern; what follows is cut, so long text stays small."""

LONG_RUN = 4
"""From this length a run is written as one character and an ellipsis."""

_FOLD = "…"
_CUT = "⋯"
_CLASSES = {"A": "[A-Z]", "a": "[a-z]", "9": "[0-9]"}


def pattern_of(text: str) -> str:
    """The pattern of `text`: A upper case, a lower case, 9 digit, all others as they stand.

    Letters beyond ASCII are X and x. Runs of four and more are folded: ``N14228`` is ``A9…``,
    ``AB-12`` is ``AA-99``.
    """
    shape: list[str] = []
    position = 0
    while position < len(text) and len(shape) < MOST_RUNS:
        kind, end = _kind(text[position]), position + 1
        while end < len(text) and _kind(text[end]) == kind:
            end += 1
        length = end - position
        shape.append(kind * length if length < LONG_RUN else kind + _FOLD)
        position = end
    return "".join(shape) + (_CUT if position < len(text) else "")


def count_patterns(values: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    """Patterns of (value, rows) with their rows, the most frequent first."""
    counts: Counter[str] = Counter()
    for text, rows in values:
        counts[pattern_of(text)] += rows
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def pattern_regex(pattern: str) -> str | None:
    """A portable regular expression for texts of `pattern`; None where it would not be exact.

    Classes are ASCII and runs keep their length: ``AA-99`` is ``^[A-Z]{2}-[0-9]{2}$``.
    """
    if not pattern or _CUT in pattern or not pattern.isprintable() or set("Xx") & set(pattern):
        return None
    runs = re.findall(rf"(.)(\1*)({_FOLD}?)", pattern)
    return "^" + "".join(_run_regex(*run) for run in runs) + "$"


def _run_regex(kind: str, more: str, fold: str) -> str:
    one = _CLASSES.get(kind, kind if kind.isalnum() or kind == " " else f"[{_escaped(kind)}]")
    if fold:
        return f"{one}{{{LONG_RUN},}}"
    return one + (f"{{{len(more) + 1}}}" if more else "")


def _escaped(character: str) -> str:
    return "\\" + character if character in "\\[]^-&" else character


def _kind(character: str) -> str:
    if character in "0123456789":
        return "9"
    if not character.isalpha():
        return "x" if character in (_FOLD, _CUT) else character
    if character.isascii():
        return "A" if character.isupper() else "a"
    return "X" if character.isupper() else "x"
