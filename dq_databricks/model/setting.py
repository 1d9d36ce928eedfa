"""A stored setting, and the settings of the metadata schema itself."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from dq_databricks.model.base import Record


class Setting(Record):
    """One row of `dq_settings`, such as `schema_version`."""

    TABLE: ClassVar[str] = "dq_settings"
    KEY: ClassVar[tuple[str, ...]] = ("key",)
    ENTITY: ClassVar[str] = "setting"

    key: str
    value: str | None = None
    updated_at: datetime
    version: int = 1


class WarehouseSettings(BaseModel):
    """Where and how metadata is stored; validated when it is saved."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data_quality_schema: str = "dq_metadata"
    data_quality_storage_format: Literal["delta", "hudi"] = "delta"
    data_quality_auto_manage_tables: bool = True
