"""The outbox: events for whoever delivers notifications, written once."""

from __future__ import annotations

from collections.abc import Sequence

from dq_databricks.model.incident import OutboxEvent
from dq_databricks.store.access import Table
from dq_databricks.store.filters import Condition
from dq_databricks.store.page import Page


class Outbox:
    """Events in the order in which they happened. Their ids derive from what happened."""

    def __init__(self, table: Table[OutboxEvent]) -> None:
        self.table = table

    def write(self, events: Sequence[OutboxEvent]) -> int:
        """Store the events that are not stored yet, in one commit; how many were new."""
        return self.table.insert_missing(events, is_audited=False)

    def select(
        self, *conditions: Condition, limit: int | None = None, cursor: str | None = None
    ) -> Page[OutboxEvent]:
        """Events that meet `conditions`, oldest first."""
        return self.table.select(*conditions, order_by=("created_at",), limit=limit, cursor=cursor)
