"""Start a migration: the next number, a name, and two files that say what to write."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from dq_databricks.errors import AlreadyExistsError, WrongUseError
from dq_databricks.lifecycle.migrations.scripts import LEDGER_VERSION, read_scripts
from dq_databricks.lifecycle.migrations.seal import ROLLBACK, require_folder

MOST_NAME_CHARS = 60
_LAST_NUMBER = 9999
_TITLE = re.compile(r"[A-Za-z][A-Za-z0-9]*([ _-]+[A-Za-z0-9]+)+")

_UP = """\
-- {title}: say why in a sentence or two, for whoever reads this in a year.

-- One statement per semicolon; names are written `{{schema}}`.dq_table. A runner may be killed at
-- any point and start again, so each statement must be able to run twice:
--   CREATE TABLE IF NOT EXISTS …; ALTER TABLE … ADD COLUMNS (…);
--   UPDATE … SET owner = '' WHERE owner IS NULL; MERGE instead of INSERT.
-- Comment lines directly above a statement say more about it:
--   "only: databricks"               others skip it: keys, CLUSTER BY, GRANT, tags
--   "batch: key=test_id size=10000"  an UPDATE or DELETE of a large table, in batches
--   "destructive: why"               it loses something, and that is meant
--   "repeatable: why"                it may run twice though it does not look so
-- A line "breaks readers: why" above all says that older software cannot read the result.
-- Take these instructions away, then: dq ddl lint, dq ddl seal.
"""
_DOWN = """\
-- Undoes {title}: say what is lost when it is run, and what stays.

-- Undo the statements of {name}.sql
-- in reverse order; each must be able to run twice.
-- What loses rows or values needs a line "destructive: why" above it.
-- When it cannot be undone, the first line of this file is "irreversible: why", and nothing else.
"""


@dataclass(frozen=True, slots=True)
class NewMigration:
    """The two files that were made; nothing runs before statements stand in them."""

    version: int
    name: str
    up: Path
    rollback: Path


def new_migration(folder: Path, title: str) -> NewMigration:
    """Make the next migration of `folder` and its rollback file, named after `title`.

    Raises WrongUseError for a folder that is none and a title that makes no name,
    AlreadyExistsError for a name that is taken, MigrationError for files that are misnumbered.
    """
    require_folder(folder)
    subject = _subject(title)
    scripts = read_scripts(folder)
    if taken := [script.name for script in scripts if script.name[5:] == subject]:
        raise AlreadyExistsError(f"{taken[0]}.sql has this name already; say what is new")
    version = scripts[-1].version + 1 if scripts else LEDGER_VERSION
    if version > _LAST_NUMBER:
        raise WrongUseError(f"{folder}: number {_LAST_NUMBER} is taken, there is no next one")
    name = f"{version:04d}_{subject}"
    made = NewMigration(version, name, folder / f"{name}.sql", folder / ROLLBACK / f"{name}.sql")
    words = " ".join(title.split())
    made.rollback.parent.mkdir(exist_ok=True)
    _write(made.up, _UP.format(title=words.capitalize()))
    _write(made.rollback, _DOWN.format(title=words, name=name))
    return made


def _subject(title: str) -> str:
    words = title.strip()
    if not _TITLE.fullmatch(words):
        raise WrongUseError(
            f"name {title[:80]!r}: say in two words or more what the migration does, in letters "
            'and digits, a verb first: dq ddl new "add owner to tests"'
        )
    subject = re.sub(r"[ _-]+", "_", words.lower())
    if len(subject) > MOST_NAME_CHARS:
        raise WrongUseError(
            f"name {subject[:20]!r}…: {len(subject)} characters; at most {MOST_NAME_CHARS} fit"
        )
    return subject


def _write(path: Path, text: str) -> None:
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError as error:
        raise AlreadyExistsError(f"{path} exists already; it was left as it is") from error
