"""The lock of the schema and its restore points."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from dq_databricks.model.base import Record, SmallCount


class Lease(Record):
    """Who may change the schema now. `fence` counts holders, `beat` the renewals of the holder,
    each of which lasts `lease_s` seconds.

    `owner` is null when nobody holds it.
    """

    TABLE: ClassVar[str] = "dq_leases"
    KEY: ClassVar[tuple[str, ...]] = ("name",)

    name: str
    owner: str | None = None
    holder: str | None = None
    purpose: str | None = None
    fence: int
    beat: int
    lease_s: float
    acquired_at: datetime
    expires_at: datetime


class PointReason(StrEnum):
    """Why a restore point was made."""

    MANUAL = "manual"
    DAILY = "daily"
    BEFORE_MIGRATION = "before migration"
    BEFORE_RESTORE = "before restore"
    AFTER_RENAME = "after rename"


class RestorePoint(Record):
    """The Delta version of every table at one moment; `tables` is JSON: table name → version.

    `table_ids` is JSON: table name → id; a table that was dropped and made anew has another id.
    `is_consistent` is false when writers kept moving the tables while the versions were read.
    """

    TABLE: ClassVar[str] = "dq_restore_points"
    KEY: ClassVar[tuple[str, ...]] = ("point_id",)

    point_id: str
    name: str
    reason: PointReason
    created_at: datetime
    created_by: str
    expires_at: datetime | None = None
    removed_at: datetime | None = None
    schema_version: SmallCount
    tables: str
    table_ids: str | None = None
    table_count: SmallCount
    row_count: int | None = None
    is_consistent: bool
    tool_version: str
