"""Scripts (DDL files) cut into statements, each with its line and its marks."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dq_databricks.errors import SqlError
from dq_databricks.sql.marks import (
    BatchMark,
    Mark,
    belongs_to_header,
    marks_of,
    read_mark,
    refuse_lonely,
)

_TOKEN = re.compile(
    r"(?P<blank>\s+)"
    r"|(?P<line>--[^\n]*)"
    r"|(?P<block>/\*)"
    r"|(?P<raw>\b[rR](?:'[^']*'|\"[^\"]*\"))"
    r"|(?P<string>'(?:[^'\\]|\\.|'')*'|\"(?:[^\"\\]|\\.|\"\")*\")"
    r"|(?P<name>`(?:[^`]|``)*`)"
    r"|(?P<word>\w+)"
    r"|(?P<end>;)"
    r"|(?P<open>['\"`])"
    r"|(?P<other>.)",
    re.DOTALL,
)
_OUTSIDE = {"blank": "blank", "line": "comment", "block": "comment"}
_OPENERS = {"BEGIN", "IF", "LOOP", "WHILE", "FOR", "REPEAT"}
_BEFORE_STATEMENT = {"BEGIN", ";", ":", "THEN", "ELSE", "DO"} | {
    f"{word} opened" for word in _OPENERS
}


@dataclass(frozen=True, slots=True)
class ScriptStatement:
    """One statement of a script.

    `text` has no closing ``;`` and no comments before it; `line` counts from 1. `only` holds the
    names of its ``-- only:`` mark (``databricks`` or capabilities); empty means every engine.
    `batch` is what its ``-- batch:`` mark says; `destructive` and `repeatable` hold the reasons
    that were given.
    """

    text: str
    line: int
    only: frozenset[str] = frozenset()
    batch: BatchMark | None = None
    destructive: str | None = None
    repeatable: str | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """A slice of a script: `kind` is ``statement``, ``comment``, ``blank`` or ``end`` (a ``;``)."""

    kind: str
    text: str
    start: int


def split_statements(text: str) -> list[ScriptStatement]:
    """Cut a script at its top-level ``;``.

    Knows strings, quoted names, line comments, nested block comments and BEGIN … END blocks.
    Comment lines directly above a statement may mark it (see `marks`); ``-- destructive:`` and
    ``-- repeatable:`` at the head of the script, with a blank line below, mark every statement.
    Line ends may be LF or CRLF. Raises SqlError for a string, name, comment or block that is not
    closed, and for a mark that cannot be read or stands directly above no statement.
    """
    script = text.replace("\r\n", "\n")
    reader = _Reader(script)
    for piece in pieces(script):
        reader.take(piece)
    reader.end_of_comments()
    return reader.statements


class _Reader:
    """Gathers statements and the marks above each."""

    def __init__(self, script: str) -> None:
        self.statements: list[ScriptStatement] = []
        self._script = script
        self._header: list[Mark] = []
        self._marks: list[Mark] = []

    def take(self, piece: Piece) -> None:
        """Take the next piece of the script."""
        line = _line(self._script, piece.start)
        if piece.kind == "statement":
            self._statement(piece.text.rstrip(), line)
        elif piece.kind == "comment":
            mark = read_mark(piece.text, line)
            self._marks += [mark] if mark else []
        elif piece.kind == "end" or piece.text.count("\n") > 1:
            self.end_of_comments()

    def end_of_comments(self) -> None:
        """The lines of comments end without a statement below them."""
        if not self.statements:
            self._header += [mark for mark in self._marks if belongs_to_header(mark)]
            self._marks = [mark for mark in self._marks if not belongs_to_header(mark)]
        refuse_lonely(self._marks)

    def _statement(self, text: str, line: int) -> None:
        marks = marks_of(self._marks, self._header)
        self._marks = []
        self.statements.append(
            ScriptStatement(
                text, line, marks.only, marks.batch, marks.destructive, marks.repeatable
            )
        )


def pieces(script: str) -> list[Piece]:
    """All of `script` as pieces; joined they are the script again. Raises SqlError."""
    found: list[Piece] = []
    start: int | None = None
    blocks = _Blocks()
    for kind, position, after in _tokens(script):
        if kind == "end" and not blocks.open:
            found += _whole(script, start, position)
            found.append(Piece("end", ";", position))
            start, blocks = None, _Blocks()
        elif start is None and kind in _OUTSIDE:
            found.append(Piece(_OUTSIDE[kind], script[position:after], position))
        else:
            start = position if start is None else start
            blocks.see(kind, script[position:after])
    if blocks.open:
        raise SqlError(f"line {_line(script, start or 0)}: BEGIN without END; close it with END")
    return found + _whole(script, start, len(script))


def _whole(script: str, start: int | None, end: int) -> list[Piece]:
    return [] if start is None else [Piece("statement", script[start:end], start)]


class _Blocks:
    """How many BEGIN … END blocks of one statement are open."""

    def __init__(self) -> None:
        self.open = 0
        self._before = ""

    def see(self, kind: str, text: str) -> None:
        """Take the next token."""
        if kind in _OUTSIDE:
            return
        word = text.upper()
        if kind == "word" and word == "END" and self.open:
            self.open -= 1
        elif kind == "word" and self._opens(word):
            self.open += 1
            word = f"{word} opened"
        elif word == "(" and self._before == "IF opened":  # the function if(…)
            self.open -= 1
        self._before = word

    def _opens(self, word: str) -> bool:
        if not self.open:
            return word == "BEGIN" and not self._before
        at_start = self._before in _BEFORE_STATEMENT
        return (word == "CASE" and self._before != "END") or (at_start and word in _OPENERS)


def _tokens(script: str) -> list[tuple[str, int, int]]:
    tokens, position = [], 0
    while position < len(script):
        match = _TOKEN.match(script, position)
        kind, after = (str(match.lastgroup), match.end()) if match else ("other", position + 1)
        if kind == "open":
            raise SqlError(
                f"line {_line(script, position)}: {script[position]} is opened and never closed; "
                f"add the closing {script[position]}"
            )
        after = _block_end(script, position) if kind == "block" else after
        tokens.append((kind, position, after))
        position = after
    return tokens


def _block_end(script: str, start: int) -> int:
    depth = 0
    for match in re.compile(r"/\*|\*/").finditer(script, start):
        depth += 1 if match.group() == "/*" else -1
        if depth == 0:
            return match.end()
    raise SqlError(f"line {_line(script, start)}: comment /* is never closed; add */")


def _line(script: str, position: int) -> int:
    return script.count("\n", 0, position) + 1
