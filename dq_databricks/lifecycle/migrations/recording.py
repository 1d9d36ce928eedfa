"""Entries of the ledger, made from what a runner did."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from importlib import metadata

from dq_databricks.lifecycle.migrations.ledger import History, Ledger, new_entry_id
from dq_databricks.lifecycle.migrations.steps import Tally
from dq_databricks.lifecycle.site import Site
from dq_databricks.model.migration import AppliedMigration, MigrationState


@dataclass(frozen=True, slots=True)
class Subject:
    """The migration an entry is about: its file, as it is or as the ledger last had it."""

    version: int
    name: str
    checksum: str
    rollback: str | None


class Recorder:
    """Adds entries to the ledger of one schema; knows what it added."""

    def __init__(self, site: Site, history: History) -> None:
        self.history = dict(history)
        self._site = site
        self._ledger = Ledger(site.engine, site.catalog, site.schema, site.context)

    def record(
        self,
        subject: Subject,
        state: MigrationState,
        tally: Tally,
        started_at: datetime,
        *,
        message: str | None = None,
    ) -> AppliedMigration:
        """Add the next entry of a version. Raises LeaseLostError."""
        now = self._site.context.now()
        before = self.history.get(subject.version)
        sequence = 1 if before is None else before.sequence + 1
        entry = AppliedMigration(
            entry_id=new_entry_id(subject.version, sequence),
            version=subject.version,
            sequence=sequence,
            name=subject.name,
            checksum=subject.checksum,
            state=state,
            applied_at=now,
            applied_by=self._site.user,
            rollback_sql=subject.rollback,
            tool_version=tool_version(),
            statement_count=tally.done,
            skipped_statements=json.dumps(tally.skipped) if tally.skipped else None,
            duration_ms=max(0, round((now - started_at).total_seconds() * 1000)),
            error_message=None if message is None else self._site.context.redaction(message),
        )
        self.history[subject.version] = self._ledger.record(entry)
        return self.history[subject.version]


def tool_version() -> str:
    """The version of this software."""
    try:
        return metadata.version("dq-databricks")
    except metadata.PackageNotFoundError:  # run from a checkout that was never installed
        return "unknown"
