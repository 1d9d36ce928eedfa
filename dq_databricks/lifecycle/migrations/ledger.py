"""The ledger of migrations: what was applied to a schema, when, by whom and with which text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dq_databricks.engine.protocol import Engine
from dq_databricks.errors import (
    EditedMigrationError,
    LeaseLostError,
    MigrationError,
    SchemaNewerError,
    TableNotFoundError,
)
from dq_databricks.lifecycle.migrations.scripts import Script
from dq_databricks.model.ids import Context
from dq_databricks.model.migration import STANDING, AppliedMigration, MigrationState
from dq_databricks.sql.identifiers import TableName
from dq_databricks.store.access import Table

FAILED = MigrationState.FAILED
History = Mapping[int, AppliedMigration]


class Ledger:
    """The entries of one schema; entries are only ever added."""

    def __init__(self, engine: Engine, catalog: str, schema: str, context: Context) -> None:
        name = TableName(catalog, schema, AppliedMigration.TABLE)
        self.table = Table(engine, name, AppliedMigration, context)

    def latest(self) -> History | None:
        """The last entry of each version; None when there is no ledger yet."""
        try:
            entries = self.table.select(order_by=("version", "sequence"))
        except TableNotFoundError:
            return None
        return {entry.version: entry for entry in entries}

    def record(self, entry: AppliedMigration) -> AppliedMigration:
        """Add `entry`, or find that another runner added the same; the stored entry.

        The entry id counts the entries of a version, so of two runners one writes it. Raises
        LeaseLostError when the other one recorded something else: then it has the lock.
        """
        if self.table.insert_missing([entry]):
            return entry
        last = (self.latest() or {})[entry.version]
        if last.state == entry.state or (entry.state is FAILED and last.state in STANDING):
            return last
        raise LeaseLostError(
            f"migration {entry.name}: recorded as {last.state} by {last.applied_by} while this "
            f"runner came to {entry.state}; it has lost the lock: try again"
        )


def new_entry_id(version: int, sequence: int) -> str:
    """The id of the entry `sequence` of `version`."""
    return f"{version:04d}/{sequence:04d}"


@dataclass(frozen=True, slots=True)
class Allowances:
    """What is let pass though files and ledger disagree."""

    missing: bool = False
    out_of_order: bool = False


STRICT = Allowances()


def stands(history: History, version: int) -> bool:
    """Whether the objects of `version` are in the schema, as the ledger says."""
    entry = history.get(version)
    return entry is not None and entry.state in STANDING


def standing_version(history: History) -> int:
    """The highest version that stands; 0 when none does."""
    return max((version for version in history if stands(history, version)), default=0)


def pending_scripts(
    scripts: Sequence[Script], history: History, allowed: Allowances = STRICT
) -> tuple[Script, ...]:
    """The scripts still to be applied, in order, after `check` found nothing wrong."""
    check(scripts, history, allowed)
    return tuple(script for script in scripts if not stands(history, script.version))


def check(scripts: Sequence[Script], history: History, allowed: Allowances = STRICT) -> None:
    """Compare files with the ledger.

    Raises EditedMigrationError for an applied file with another checksum, SchemaNewerError for a
    schema newer than the files, MigrationError for a number nobody used, and unless `allowed` for
    an applied file that is missing or a new file below the applied version.
    """
    known = {script.version: script for script in scripts}
    _refuse_gaps(known, history)
    done = {version for version in history if stands(history, version)}
    for version in sorted(done):
        if version in known:
            _check_text(known[version], history[version])
        elif version > max(known) or not allowed.missing:
            raise _unknown(history[version], max(known))
    late = out_of_order(scripts, history)
    if late and not allowed.out_of_order:
        raise _late(late[0], max(done), max(known))


def _refuse_gaps(known: Mapping[int, Script], history: History) -> None:
    """A number that was never used: its file was forgotten. An applied one is another matter."""
    for number in range(1, max(known, default=0)):
        if number not in known and number not in history:
            after = min(version for version in known if version > number)
            raise MigrationError(
                f"ddl/{known[after].name}.sql: number {number:04d} is missing before it; "
                "restore that file or renumber this one"
            )


def out_of_order(scripts: Sequence[Script], history: History) -> tuple[Script, ...]:
    """The scripts below the applied version that were never applied.

    One that failed or was rolled back is none: it is simply to be applied again.
    """
    last = standing_version(history)
    return tuple(s for s in scripts if s.version < last and s.version not in history)


def _late(script: Script, last: int, newest: int) -> MigrationError:
    return MigrationError(
        f"ddl/{script.name}.sql is out of order: version {last} is already applied; give the file "
        f"a number above {newest}, or apply it where it stands with "
        "`dq migrate --allow-out-of-order`"
    )


def _unknown(entry: AppliedMigration, newest: int) -> MigrationError:
    if entry.version > newest:
        return SchemaNewerError(
            f"the schema is at version {entry.version} ({entry.name}); this version of the "
            f"software knows {newest}: upgrade dq-databricks"
        )
    return MigrationError(
        f"ddl/{entry.name}.sql is missing: it was applied at {entry.applied_at:%Y-%m-%d %H:%M} "
        f"UTC by {entry.applied_by}; restore the file, or go on without it with "
        "`dq migrate --allow-missing`"
    )


def _check_text(script: Script, entry: AppliedMigration) -> None:
    if script.checksum != entry.checksum:
        raise EditedMigrationError(
            f"ddl/{script.name}.sql was edited after it was applied: applied with checksum "
            f"{entry.checksum}, the file now has {script.checksum}; restore the file and put the "
            "change into a new migration with the next number, or accept the edit with "
            "`dq migrate repair`"
        )
