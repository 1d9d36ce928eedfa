"""Where the migrations of the metadata schema stand."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel

from dq_databricks.service.asking import Administering

router = APIRouter(prefix="/migrations", tags=["settings"])


class MigrationStatus(BaseModel):
    """One migration; nulls where it was never applied."""

    version: int
    name: str
    state: str
    applied_at: datetime | None
    applied_by: str | None
    tool_version: str | None
    can_be_undone: bool
    error_message: str | None


class SchemaStatus(BaseModel):
    """The metadata schema: its version, the newest there is, and every migration."""

    catalog: str
    schema_name: str
    version: int | None
    newest_version: int
    is_locked: bool
    migrations: list[MigrationStatus]


@router.get("")
def show_migrations(asked: Administering) -> SchemaStatus:
    """Where every migration stands."""
    report = asked.quality.schema.status()
    return SchemaStatus(
        catalog=report.catalog,
        schema_name=report.schema,
        version=report.version,
        newest_version=report.newest_version,
        is_locked=report.lock is not None,
        migrations=[
            MigrationStatus.model_validate(one, from_attributes=True) for one in report.migrations
        ],
    )
