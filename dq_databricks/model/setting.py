"""A stored setting."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from dq_databricks.model.base import Record


class Setting(Record):
    """One row of `dq_settings`, such as `schema_version`."""

    TABLE: ClassVar[str] = "dq_settings"
    KEY: ClassVar[tuple[str, ...]] = ("key",)

    key: str
    value: str | None = None
    updated_at: datetime
    version: int = 1
