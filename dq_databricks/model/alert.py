"""Alerts: what somebody should look at."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from dq_databricks.model.base import Record
from dq_databricks.model.vocabulary import AlertSource, Severity


class Alert(Record):
    """One alert. `source_ref` is the run, `source_id` the result or anomaly it came from."""

    TABLE: ClassVar[str] = "dq_alerts"
    KEY: ClassVar[tuple[str, ...]] = ("alert_id",)
    ENTITY: ClassVar[str] = "alert"

    alert_id: str
    source_type: AlertSource
    source_ref: str
    severity: Severity
    title: str
    details: str | None = None
    acknowledged: bool = False
    acknowledged_by: str | None = None
    acknowledged_at: datetime | None = None
    created_at: datetime
    version: int = 1
    updated_at: datetime
    source_id: str | None = None
    project_key: str | None = None
    table_name: str | None = None
    column_name: str | None = None
