"""What the ledger says after a restore: versions that no longer stand, and that stand again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dq_databricks.lifecycle.migrations.ledger import Ledger, new_entry_id
from dq_databricks.lifecycle.migrations.recording import tool_version
from dq_databricks.lifecycle.site import Site
from dq_databricks.model.migration import STANDING, AppliedMigration, MigrationState

APPLIED = MigrationState.APPLIED
ROLLED_BACK = MigrationState.ROLLED_BACK


@dataclass(frozen=True, slots=True)
class LedgerChange:
    """The `state` a version comes to, after `last`; `text` is the entry it was applied with."""

    state: MigrationState
    last: AppliedMigration
    text: AppliedMigration

    @property
    def version(self) -> int:
        """The version it is about."""
        return self.last.version


def ledger_changes(site: Site, schema_version: int) -> tuple[LedgerChange, ...]:
    """What is to be recorded for the schema to stand at `schema_version`, newest version first.

    A version that never stood is left alone.
    """
    entries = _ledger(site).table.select(order_by=("version", "sequence"))
    last = {entry.version: entry for entry in entries}
    text = {entry.version: entry for entry in entries if entry.state in STANDING}
    changes = (_change(last[version], text[version], schema_version) for version in text)
    return tuple(sorted(filter(None, changes), key=lambda change: -change.version))


def versions_in(changes: Iterable[LedgerChange], state: MigrationState) -> tuple[int, ...]:
    """The versions that come to `state`."""
    return tuple(change.version for change in changes if change.state is state)


def record_change(site: Site, change: LedgerChange) -> AppliedMigration:
    """Add the entry of one change. Raises LeaseLostError when another runner recorded otherwise."""
    sequence = change.last.sequence + 1
    return _ledger(site).record(
        change.text.model_copy(
            update={
                "entry_id": new_entry_id(change.version, sequence),
                "sequence": sequence,
                "state": change.state,
                "applied_at": site.context.now(),
                "applied_by": site.user,
                "tool_version": tool_version(),
                "duration_ms": 0,
            }
        )
    )


def _change(
    last: AppliedMigration, text: AppliedMigration, schema_version: int
) -> LedgerChange | None:
    stands, should = last.state in STANDING, last.version <= schema_version
    if stands == should:
        return None
    return LedgerChange(APPLIED if should else ROLLED_BACK, last, text)


def _ledger(site: Site) -> Ledger:
    return Ledger(site.engine, site.catalog, site.schema, site.context)
