"""The ledger of migrations: what was applied to a schema, when, by whom and with which text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dq_databricks.engine.protocol import Engine
from dq_databricks.errors import (
    EditedMigrationError,
    MigrationError,
    TableNotFoundError,
)
from dq_databricks.lifecycle.migrations.scripts import Script
from dq_databricks.model.ids import Context
from dq_databricks.model.migration import AppliedMigration, MigrationState
from dq_databricks.sql.identifiers import TableName
from dq_databricks.store.access import Table

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
        """Add `entry`, or find that another runner got as far or further; the stored entry.

        The entry id counts the entries of a version, so of two runners one writes it.
        """
        while True:
            if self.table.insert_missing([entry]):
                return entry
            last = (self.latest() or {})[entry.version]
            if last.state in (entry.state, MigrationState.APPLIED):
                return last
            entry = _numbered(entry, last.sequence + 1)


def new_entry_id(version: int, sequence: int) -> str:
    """The id of the entry `sequence` of `version`."""
    return f"{version:04d}/{sequence:04d}"


def applied(history: History, script: Script) -> bool:
    """Whether `script` stands applied."""
    entry = history.get(script.version)
    return entry is not None and entry.state is MigrationState.APPLIED


def pending_scripts(scripts: Sequence[Script], history: History) -> tuple[Script, ...]:
    """The scripts still to be applied, in order, after `check` found nothing wrong."""
    check(scripts, history)
    return tuple(script for script in scripts if not applied(history, script))


def check(scripts: Sequence[Script], history: History) -> None:
    """Compare files with the ledger.

    Raises EditedMigrationError for an applied file with another checksum, MigrationError for an
    applied file that is missing or a new file below the applied version, or a
    schema newer than the files.
    """
    known = {script.version: script for script in scripts}
    done = {version for version, entry in history.items() if entry.state is MigrationState.APPLIED}
    for version in sorted(done):
        if version not in known:
            raise _unknown(history[version], max(known))
        _check_text(known[version], history[version])
    last = max(done, default=0)
    if late := [version for version in known if version < last and version not in done]:
        raise MigrationError(
            f"ddl/{known[late[0]].name}.sql is out of order: version {last} is already "
            f"applied; give the file a number above {max(known)}"
        )


def _unknown(entry: AppliedMigration, newest: int) -> MigrationError:
    if entry.version > newest:
        return MigrationError(
            f"the schema is at version {entry.version} ({entry.name}); this version of the "
            f"software knows {newest}: upgrade dq-databricks"
        )
    return MigrationError(
        f"ddl/{entry.name}.sql is missing: it was applied at {entry.applied_at:%Y-%m-%d %H:%M} "
        f"UTC by {entry.applied_by}; restore the file"
    )


def _check_text(script: Script, entry: AppliedMigration) -> None:
    if script.checksum != entry.checksum:
        raise EditedMigrationError(
            f"ddl/{script.name}.sql was edited after it was applied: applied with checksum "
            f"{entry.checksum}, the file now has {script.checksum}; restore the file "
            "and put the change into a new migration with the next number"
        )


def _numbered(entry: AppliedMigration, sequence: int) -> AppliedMigration:
    return entry.model_copy(
        update={"sequence": sequence, "entry_id": new_entry_id(entry.version, sequence)}
    )
