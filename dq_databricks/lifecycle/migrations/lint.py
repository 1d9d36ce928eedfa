"""Look through migration files before they are merged: what they say, and what must stand beside.

Nothing is run and no engine is needed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from dq_databricks.errors import SealError, SqlError
from dq_databricks.lifecycle.migrations.lint_statements import CATALOG, SCHEMA, File, problems
from dq_databricks.lifecycle.migrations.lint_words import Step, step_of
from dq_databricks.lifecycle.migrations.scripts import (
    FILE_NAME,
    IRREVERSIBLE,
    LEDGER_VERSION,
    statements_of,
)
from dq_databricks.lifecycle.migrations.seal import (
    ROLLBACK,
    SUM,
    checksums,
    differences,
    file_order,
    read_seal,
    require_folder,
)

_LINE = re.compile(r"^line (?P<line>\d+): (?P<message>.*)$", re.DOTALL)
_PLACE = re.compile(r"^ddl/[^:]*:(?P<line>\d+): (?P<message>.*)$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: `file` is relative to the folder, `line` counts from 1."""

    file: str
    line: int
    rule: str
    message: str


def lint(folder: Path) -> tuple[Finding, ...]:
    """Everything that is wrong with the migrations of `folder`; empty when all is well.

    Raises WrongUseError when there is no such folder.
    """
    require_folder(folder)
    files = _Files(folder)
    found = [*files.names(), *files.pairs(), *files.contents(), *_seal(folder)]
    return tuple(sorted(found, key=lambda one: (file_order(one.file), one.line)))


class _Files:
    """The migration files of one folder, read once."""

    def __init__(self, folder: Path) -> None:
        self._bad: list[Finding] = []
        self._up = self._read(folder, "")
        self._down = self._read(folder / ROLLBACK, f"{ROLLBACK}/")

    def names(self) -> Iterator[Finding]:
        """Names that are wrong, and numbers that are missing or stand twice."""
        yield from self._bad
        expected = 0
        for name in self._up:
            if (match := FILE_NAME.match(name)) is None:
                yield Finding(name, 1, "bad-name", "name it NNNN_verb_subject.sql, in lower case")
                continue
            number = int(match["version"])
            if number < expected:
                message = f"number {number:04d} stands twice; renumber the younger file"
                yield Finding(name, 1, "number-twice", message)
            elif number > expected:
                missing = f"{expected:04d}" + (
                    f" to {number - 1:04d}" if number > expected + 1 else ""
                )
                yield Finding(name, 1, "number-gap", f"number {missing} is missing before it")
            expected = max(expected, number + 1)

    def pairs(self) -> Iterator[Finding]:
        """Migrations without a rollback file, and rollback files without a migration."""
        for name in self._up:
            is_ledger = name.startswith(f"{LEDGER_VERSION:04d}_")
            if not is_ledger and name not in self._down:
                yield Finding(
                    name, 1, "no-rollback",
                    f"{ROLLBACK}/{name} is missing; write it, or let it say why there is none: "
                    f"'{IRREVERSIBLE} why'",
                )  # fmt: skip
        for name in self._down:
            if name not in self._up:
                message = "there is no migration of this name; rename it or take it away"
                yield Finding(f"{ROLLBACK}/{name}", 1, "stray-rollback", message)

    def contents(self) -> Iterator[Finding]:
        """What is wrong with the statements."""
        for name, text in self._up.items():
            undo = _steps(self._down.get(name, ""))
            undone = undo if isinstance(undo, tuple) else ()
            restored = frozenset(s.target for s in undone if s.brings_rows and s.target)
            yield from _content(name, text, is_rollback=False, restored=restored)
        for name, text in self._down.items():
            yield from _content(f"{ROLLBACK}/{name}", text, is_rollback=True)

    def _read(self, folder: Path, prefix: str) -> Mapping[str, str]:
        texts = {}
        for path in sorted(folder.glob("*.sql")):
            try:
                texts[path.name] = path.read_bytes().decode("utf-8")
            except UnicodeDecodeError as error:
                message = f"it is not UTF-8: byte {error.start}; save it as UTF-8"
                self._bad.append(Finding(prefix + path.name, 1, "unparsable", message))
        return texts


def _content(
    name: str, text: str, *, is_rollback: bool, restored: frozenset[str] = frozenset()
) -> Iterator[Finding]:
    steps = _steps(text)
    if isinstance(steps, SqlError):
        yield _located(name, "unparsable", steps, _LINE)
        return
    if is_rollback and text.lstrip().startswith(IRREVERSIBLE):
        yield from _irreversible(name, text, steps)
    elif not steps:
        message = "it has no statement"
        if is_rollback:
            message += f"; write them, or say on its first line: '{IRREVERSIBLE} why'"
        yield Finding(name, 1, "empty", message)
    for line, rule, message in problems(File(steps, is_rollback, restored)):
        yield Finding(name, line, rule, message)


def _irreversible(name: str, text: str, steps: tuple[Step, ...]) -> Iterator[Finding]:
    first = text.lstrip().splitlines()[0]
    if not first.removeprefix(IRREVERSIBLE).strip():
        yield Finding(name, 1, "no-reason", f"say why it cannot be undone: '{IRREVERSIBLE} why'")
    if steps:
        message = "it calls itself irreversible and has statements, which never run; take one away"
        yield Finding(name, steps[0].statement.line, "irreversible", message)


def _steps(text: str) -> tuple[Step, ...] | SqlError:
    try:
        return tuple(map(step_of, statements_of(text, CATALOG, SCHEMA)))
    except SqlError as error:
        return error


def _seal(folder: Path) -> Iterator[Finding]:
    try:
        sealed = read_seal(folder)
    except SealError as error:
        yield _located(SUM, "seal", error, _PLACE)
        return
    readable = {name: c for name, c in _checksums(folder).items() if c}
    for name, message in differences(sealed, readable).items():
        yield Finding(name, 1, "seal", message)


def _checksums(folder: Path) -> Mapping[str, str]:
    try:
        return checksums(folder)
    except UnicodeDecodeError:  # said elsewhere
        return {}


def _located(name: str, rule: str, error: Exception, pattern: re.Pattern[str]) -> Finding:
    match = pattern.match(str(error))
    if match is None:
        return Finding(name, 1, rule, str(error))
    return Finding(name, int(match["line"]), rule, match["message"])
