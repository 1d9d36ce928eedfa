"""Marks: comment lines of a script that say something about the statement below them.

``-- only: databricks`` (who understands it), ``-- batch: key=id size=1000`` (work through it in
batches), ``-- destructive: why`` and ``-- repeatable: why`` (what a reviewer agreed to).
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from dq_databricks.errors import SqlError

_WORD = re.compile(r"^\s*--\s*(?P<word>[A-Za-z]+)\s*:(?P<rest>.*)$", re.DOTALL)
_NAME = r"(?:`(?:[^`]|``)+`|[A-Za-z_]\w*)"
_BATCH = re.compile(
    rf"^key\s*=\s*(?P<keys>{_NAME}(?:\s*,\s*{_NAME})*)\s+size\s*=\s*(?P<size>[0-9]{{1,9}})$"
)
_IN_HEADER = frozenset({"destructive", "repeatable"})
# `irreversible` is said once, at the head of a rollback file, and concerns no statement.
_HEADER_ONLY = "irreversible"
_HINTS = {
    "only": "name who understands it: -- only: databricks",
    "batch": "write it as -- batch: key=<column>[,<column>] size=<rows>, with a size from 1",
    "destructive": "say why it may be lost: -- destructive: why",
    "repeatable": "say why it may run twice: -- repeatable: why",
}


@dataclass(frozen=True, slots=True)
class BatchMark:
    """The statement works in batches of about `size` rows, in the order of the columns `key`."""

    key: tuple[str, ...]
    size: int


@dataclass(frozen=True, slots=True)
class Mark:
    """One mark: its word, what it says, and the line of the script it stands on."""

    word: str
    value: str
    line: int


@dataclass(frozen=True, slots=True)
class Marks:
    """What the marks of one statement say together."""

    only: frozenset[str] = frozenset()
    batch: BatchMark | None = None
    destructive: str | None = None
    repeatable: str | None = None


def read_mark(comment: str, line: int) -> Mark | None:
    """The mark that a comment is; None for an ordinary one.

    Raises SqlError for a word that is nearly one of the marks, and for a mark that is malformed.
    """
    match = _WORD.match(comment)
    if match is None:
        return None
    word, value = match["word"], match["rest"].strip()
    if word in _HINTS:
        _refuse_malformed(word, value, line)
        return Mark(word, value, line)
    near = difflib.get_close_matches(word.lower(), [*_HINTS, _HEADER_ONLY], n=1, cutoff=0.75)
    if near and word != _HEADER_ONLY:
        raise SqlError(
            f"line {line}: no mark is named {word!r}; did you mean '-- {near[0]}:'? "
            "Reword the comment when it is none"
        )
    return None


def marks_of(marks: Sequence[Mark], header: Sequence[Mark]) -> Marks:
    """The marks of one statement; those of the file's `header` hold where it has none of its own.

    Raises SqlError for a mark that stands twice.
    """
    said: dict[str, Mark] = {}
    for mark in marks:
        if mark.word in said:
            raise SqlError(
                f"line {mark.line}: mark '-- {mark.word}:' stands twice above one statement; "
                "keep one"
            )
        said[mark.word] = mark
    values = {mark.word: mark.value for mark in (*header, *said.values())}
    return Marks(
        only=frozenset(_names(values.get("only", ""))),
        batch=_batch(values["batch"]) if "batch" in values else None,
        destructive=values.get("destructive"),
        repeatable=values.get("repeatable"),
    )


def refuse_lonely(marks: Sequence[Mark]) -> None:
    """Raise SqlError for the first of `marks`: nothing stands below it."""
    for mark in marks:
        raise SqlError(
            f"line {mark.line}: mark '-- {mark.word}: {mark.value}' is above no statement; "
            "put it on the line directly above one"
        )


def belongs_to_header(mark: Mark) -> bool:
    """Whether the mark may stand at the head of a file, where it holds for every statement."""
    return mark.word in _IN_HEADER


def _refuse_malformed(word: str, value: str, line: int) -> None:
    is_right = {
        "only": bool(_names(value)),
        "batch": (batch := _batch(value)) is not None and batch.size > 0,
    }
    if not is_right.get(word, bool(value)):
        raise SqlError(f"line {line}: mark '-- {word}: {value}' cannot be read; {_HINTS[word]}")


def _batch(value: str) -> BatchMark | None:
    match = _BATCH.match(value)
    if match is None:
        return None
    return BatchMark(tuple(map(_plain, re.findall(_NAME, match["keys"]))), int(match["size"]))


def _names(value: str) -> list[str]:
    return [name.strip().lower() for name in value.split(",") if name.strip()]


def _plain(name: str) -> str:
    return name[1:-1].replace("``", "`") if name.startswith("`") else name
