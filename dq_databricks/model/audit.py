"""The audit log: every change, in a chain that shows what was altered."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from dq_databricks.model.base import EventRecord


class AuditEvent(EventRecord):
    """One change. `entry_hash` covers all other fields and `previous_hash`; `changes` is JSON."""

    TABLE: ClassVar[str] = "dq_audit_log"
    KEY: ClassVar[tuple[str, ...]] = ("workspace_id", "sequence")

    workspace_id: str
    sequence: int
    action: str
    entity_type: str
    entity_id: str
    changes: str = "{}"
    actor: str
    actor_type: str
    api_key_id: str | None = None
    request_id: str | None = None
    source_address: str | None = None
    created_at: datetime
    previous_hash: str
    entry_hash: str
