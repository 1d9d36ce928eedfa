"""The ledger and the journal of migrations: rows are only ever added."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from dq_databricks.model.base import EventRecord, SmallCount


class MigrationState(StrEnum):
    """What one entry of the ledger says about its version."""

    APPLIED = "applied"
    BASELINE = "baseline"
    FAILED = "failed"
    ROLLED_BACK = "rolled back"


STANDING = frozenset({MigrationState.APPLIED, MigrationState.BASELINE})
"""The states in which the objects of a version are in the schema."""


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


class Direction(StrEnum):
    """Whether a step applies a migration or undoes it."""

    UP = "up"
    DOWN = "down"


class Outcome(StrEnum):
    """What became of one statement of a migration.

    `adopted`: its effect was there already, from a runner that was killed or from elsewhere.
    """

    DONE = "done"
    ADOPTED = "adopted"
    SKIPPED = "skipped"
    FAILED = "failed"


class MigrationStep(EventRecord):
    """One statement (or one batch of it) that a runner saw through."""

    TABLE: ClassVar[str] = "dq_migration_steps"
    KEY: ClassVar[tuple[str, ...]] = ("step_id",)

    step_id: str
    version: SmallCount
    direction: Direction
    statement: SmallCount
    line: SmallCount
    outcome: Outcome
    reason: str | None = None
    batch: SmallCount | None = None
    batch_key: str | None = None
    affected_rows: int | None = None
    started_at: datetime
    duration_ms: int
    owner: str
    fence: int
