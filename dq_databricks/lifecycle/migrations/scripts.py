"""Migration files: numbered, checksummed, read from the installed package or the checkout."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from itertools import pairwise
from pathlib import Path

from dq_databricks.errors import MigrationError
from dq_databricks.sql.identifiers import quote
from dq_databricks.sql.split import ScriptStatement, split_statements

PLACEHOLDER = "`{schema}`"
LEDGER_VERSION = 0
FILE_NAME = re.compile(r"^(?P<version>\d{4})_(?P<subject>[a-z0-9_]+)\.sql$")
IRREVERSIBLE = "-- irreversible:"
_BREAKS_READERS = "-- breaks readers:"
_ROWS = re.compile(r"(UPDATE|DELETE|MERGE|TRUNCATE|DROP\s+TABLE)\b|.*\bDROP\s+COLUMN", re.I | re.S)


@dataclass(frozen=True, slots=True)
class Script:
    """One migration. `rollback` is the text of its rollback file; None: it cannot be undone.

    `irreversible` says why it cannot.
    """

    version: int
    name: str
    text: str
    rollback: str | None = None
    irreversible: str = "it has no rollback file"

    @property
    def checksum(self) -> str:
        """SHA-256 of the text; line ends and trailing blanks do not count."""
        return checksum_of(self.text)

    @property
    def breaks_readers(self) -> bool:
        """Whether older software can no longer read the schema: a header line says so and why."""
        return any(line.startswith(_BREAKS_READERS) for line in self.text.splitlines())

    @property
    def touches_rows(self) -> bool:
        """Whether it changes or removes rows, not only adds tables, columns and properties."""
        return any(_ROWS.match(s.text) for s in split_statements(self.text))

    def statements(self, catalog: str, schema: str) -> list[ScriptStatement]:
        """Its statements for one schema; their `line` is that of the file."""
        return statements_of(self.text, catalog, schema)


def checksum_of(text: str) -> str:
    """SHA-256 of the text of a file; line ends and trailing blanks do not count."""
    lines = [line.rstrip() for line in text.splitlines()]
    return hashlib.sha256("\n".join(lines).rstrip("\n").encode()).hexdigest()


def statements_of(text: str, catalog: str, schema: str) -> list[ScriptStatement]:
    """The statements of a script for one schema."""
    return split_statements(text.replace(PLACEHOLDER, quote(catalog, schema)))


@cache
def shipped_scripts() -> tuple[Script, ...]:
    """The migrations that came with this software, the ledger's own file (version 0) first."""
    return read_scripts(shipped_folder())


def latest_version() -> int:
    """The schema version this software works with."""
    return shipped_scripts()[-1].version


def read_scripts(folder: Traversable | Path) -> tuple[Script, ...]:
    """The migrations of `folder`, by number.

    Raises MigrationError for a file that is not named ``NNNN_verb_subject.sql`` and a number that
    stands twice. Whether a missing number matters, the ledger tells.
    """
    files = {entry.name: entry for entry in folder.iterdir() if entry.name.endswith(".sql")}
    rollbacks = folder / "rollback"
    scripts = [_read(name, files[name], rollbacks) for name in sorted(files)]
    _refuse_doubles(scripts)
    return tuple(scripts)


def shipped_folder() -> Traversable | Path:
    """The folder ``ddl`` of the installed package, or of the checkout."""
    installed = resources.files("dq_databricks") / "ddl"
    return installed if installed.is_dir() else Path(__file__).parents[3] / "ddl"


def _read(name: str, entry: Traversable | Path, rollbacks: Traversable | Path) -> Script:
    match = FILE_NAME.match(name)
    if match is None:
        raise MigrationError(f"ddl/{name}: name it NNNN_verb_subject.sql, in lower case")
    undo = rollbacks / name
    rollback = undo.read_text(encoding="utf-8") if undo.is_file() else None
    script = Script(int(match["version"]), name[:-4], entry.read_text(encoding="utf-8"), rollback)
    if rollback is not None and rollback.lstrip().startswith(IRREVERSIBLE):
        why = " ".join(line.removeprefix("--").strip() for line in rollback.splitlines())
        return replace(script, rollback=None, irreversible=why.removeprefix("irreversible: "))
    return script


def _refuse_doubles(scripts: Sequence[Script]) -> None:
    for before, script in pairwise(scripts):
        if script.version == before.version:
            raise MigrationError(
                f"ddl/{script.name}.sql: number {script.version:04d} stands twice; renumber one"
            )
