"""The ledger of migrations: rows are only ever added."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from dq_databricks.model.base import EventRecord, SmallCount


class MigrationState(StrEnum):
    """What one entry of the ledger says about its version."""

    APPLIED = "applied"
    FAILED = "failed"
    ROLLED_BACK = "rolled back"


class AppliedMigration(EventRecord):
    """One entry of the ledger. The state of a version is that of its highest `sequence`.

    `skipped_statements` is JSON: line and reason of each statement the engine skipped.
    """

    TABLE: ClassVar[str] = "dq_schema_migrations"
    KEY: ClassVar[tuple[str, ...]] = ("entry_id",)

    entry_id: str
    version: SmallCount
    sequence: SmallCount
    name: str
    checksum: str
    state: MigrationState
    applied_at: datetime
    applied_by: str
    rollback_sql: str | None = None
    tool_version: str
    statement_count: SmallCount
    skipped_statements: str | None = None
    duration_ms: int
    error_message: str | None = None
