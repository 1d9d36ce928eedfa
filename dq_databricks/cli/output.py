"""Where words go: one JSON document or tables on stdout, everything else on stderr."""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime

from rich.cells import cell_len
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from dq_databricks.model.jsonable import jsonable

_WORD = 16  # longer words, such as paths, may be broken
_FRAME = 3  # what a column takes beside its text
_CONTROL = {code: f"\\x{code:02x}" for code in (*range(32), 127) if code not in (9, 10)}


def stdout_console() -> Console:
    """The console for answers; wide in a pipe (unless COLUMNS says so), so little is folded."""
    is_told = sys.stdout.isatty() or "COLUMNS" in os.environ
    return Console(width=None if is_told else 160, highlight=False, soft_wrap=False)


def stderr_console() -> Console:
    """The console for progress, hints and errors."""
    return Console(stderr=True, highlight=False)


def safe(text: object) -> str:
    """`text` for a terminal: markup and control characters (ANSI, newline tricks) neutralised."""
    return escape(str(text).translate(_CONTROL).replace("\n", "⏎"))


def write_json(document: object) -> None:
    """Print `document` as the one JSON document on stdout; NaN and infinities become text."""
    text = json.dumps(jsonable(document), ensure_ascii=False, indent=2, allow_nan=False)
    sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace") + b"\n")
    sys.stdout.flush()


def write_table(
    title: str, headers: Sequence[str], rows: Iterable[Sequence[object]], *, numeric: str = ""
) -> None:
    """Print rows as a table; the headers named in `numeric` (blank-separated) align right.

    Where the terminal is too narrow to leave words whole, each row is a block of lines instead.
    """
    console = stdout_console()
    right, cells = set(numeric.split()), [[_cell(value) for value in row] for row in rows]
    fits = _least_width(headers, cells) <= console.width
    drawn = _table(headers, cells, right) if fits else _records(headers, cells)
    drawn.title, drawn.title_justify, drawn.title_style = title, "left", "bold"
    console.print(drawn)


def _table(headers: Sequence[str], cells: Sequence[Sequence[str]], right: set[str]) -> Table:
    table = Table(header_style="bold")
    for header in headers:
        table.add_column(
            header,
            justify="right" if header in right else "left",
            overflow="fold",
            no_wrap=_is_id(header),
        )
    for row in cells:
        table.add_row(*row)
    return table


def _records(headers: Sequence[str], cells: Sequence[Sequence[str]]) -> Table:
    """Each row as a block of lines, one a value: what a narrow terminal can show unbroken."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for row in cells:
        for header, cell in zip(headers, row, strict=True):
            table.add_row(header, cell)
        table.add_row("", "")
    return table


def _least_width(headers: Sequence[str], cells: Sequence[Sequence[str]]) -> int:
    """The columns that a table needs to break no word up to `_WORD`, nor an id."""
    widths = []
    for at, header in enumerate(headers):
        words = [word for row in cells for word in Text.from_markup(row[at]).plain.split()]
        longest = max(map(cell_len, (*header.split(), *words)), default=0)
        widths.append(longest if _is_id(header) else min(longest, _WORD))
    return sum(width + _FRAME for width in widths) + 1


def _is_id(header: str) -> bool:
    return header.endswith("_id")  # it is there to be copied


def _cell(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, Marked):
        return value.markup
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return number(value)
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}Z"
    return safe(value)


def number(value: float) -> str:
    """A float as a person reads it: six significant digits, thousands grouped."""
    if not math.isfinite(value):
        return str(value)
    return f"{value:,.6g}" if abs(value) < 1e6 else f"{value:,.0f}"


class Marked:
    """Text that already carries rich markup."""

    def __init__(self, markup: str) -> None:
        self.markup = markup


_MARKS = {
    "pass": ("green", "✓"),
    "warn": ("yellow", "!"),
    "fail": ("red", "✗"),
    "error": ("magenta", "E"),
    "no_data": ("blue", "○"),
    "skipped": ("dim", "–"),
    "warning": ("yellow", "!"),
    "fatal": ("bold red", "✗"),
    "completed": ("green", "✓"),
    "failed": ("red", "✗"),
    "running": ("blue", "…"),
    "applied": ("green", "✓"),
    "baseline": ("green", "="),
    "pending": ("yellow", "…"),
    "rolled back": ("yellow", "↩"),
    "healthy": ("green", "✓"),
    "unhealthy": ("red", "✗"),
    "missing": ("red", "?"),
    "edited": ("red", "≠"),
    "out of order": ("red", "↕"),
    "confirmed": ("green", "✓"),
    "refuted": ("red", "✗"),
    "not tried": ("dim", "–"),
}


def marked(word: str) -> Marked:
    """A verdict, severity or status with its colour and its sign, so colour is never alone."""
    style, sign = _MARKS.get(word, ("", "·"))
    return Marked(f"[{style}]{sign} {word}[/]" if style else f"{sign} {word}")
