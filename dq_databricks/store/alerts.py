"""Alerts: raised once, taken note of once."""

from __future__ import annotations

from collections.abc import Sequence

from dq_databricks.errors import VersionConflictError, WrongUseError
from dq_databricks.model.alert import Alert
from dq_databricks.model.ids import Context
from dq_databricks.store.access import Table
from dq_databricks.store.filters import Condition, eq
from dq_databricks.store.page import Page


class Alerts:
    """The alert stream."""

    def __init__(self, table: Table[Alert], context: Context) -> None:
        self.table = table
        self._now = context.now

    def write(self, alerts: Sequence[Alert]) -> int:
        """Store the alerts that are not stored yet, in one commit; how many were new."""
        return self.table.insert_missing(alerts, is_audited=False)

    def get(self, alert_id: str) -> Alert:
        """The alert of this id; raises NotFoundError."""
        return self.table.require(alert_id)

    def select(
        self, *conditions: Condition, limit: int | None = None, cursor: str | None = None
    ) -> Page[Alert]:
        """Alerts that meet `conditions`, newest first."""
        return self.table.select(*conditions, order_by=("-created_at",), limit=limit, cursor=cursor)

    def acknowledge(self, alert_id: str, by: str) -> Alert:
        """Take note of an alert as `by`; of two at once, one wins.

        Raises NotFoundError, and VersionConflictError naming who was first.
        """
        if not by.strip():
            raise WrongUseError(f"alert {alert_id!r}: say who acknowledges it")
        now = self._now()
        values = {
            "acknowledged": True,
            "acknowledged_by": by,
            "acknowledged_at": now,
            "updated_at": now,
        }
        stored = self.get(alert_id)
        changes = {**values, "version": stored.version + 1}
        if not stored.acknowledged and self.table.change(
            [alert_id], changes, eq("acknowledged", value=False), eq("version", stored.version)
        ):
            return stored.model_copy(update=changes)
        raise _taken(self.get(alert_id))


def _taken(alert: Alert) -> VersionConflictError:
    return VersionConflictError(
        f"alert {alert.alert_id!r} was already acknowledged by {alert.acknowledged_by} at "
        f"{alert.acknowledged_at}"
    )
