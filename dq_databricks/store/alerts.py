"""Alerts: raised once, taken note of once."""

from __future__ import annotations

from collections.abc import Sequence

from dq_databricks.errors import NotFoundError, VersionConflictError, WrongUseError
from dq_databricks.model.alert import Alert
from dq_databricks.model.ids import Context
from dq_databricks.store.access import Table
from dq_databricks.store.filters import Condition, eq, is_in
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
        stored = self.table.about_to_change(alert_id)
        changes = {**values, "version": stored.version + 1}
        if not stored.acknowledged and self.table.change(
            [alert_id], changes, eq("version", stored.version), old=stored
        ):
            return stored.model_copy(update=changes)
        raise _taken(self.get(alert_id))

    def acknowledge_many(self, alert_ids: Sequence[str], by: str) -> tuple[Alert, ...]:
        """Take note of many alerts as `by`, in one commit; those that were open until now.

        Raises NotFoundError naming those that are not there; then none is taken note of.
        """
        stored = {alert.alert_id: alert for alert in self._of(alert_ids)}
        if missing := [one for one in dict.fromkeys(alert_ids) if one not in stored]:
            raise NotFoundError(f"dq_alerts has no row {', '.join(map(repr, missing[:5]))}")
        now = self._now()
        changes = {
            "acknowledged": True,
            "acknowledged_by": by,
            "acknowledged_at": now,
            "updated_at": now,
        }
        still = [alert for alert in stored.values() if not alert.acknowledged]
        taken = [
            alert.model_copy(update={**changes, "version": alert.version + 1}) for alert in still
        ]
        # Somebody else acknowledged those that were missed: that is what was asked for.
        missed = self.table.upsert_expected(taken, olds=still)
        return tuple(alert for alert in taken if alert not in missed)

    def _of(self, alert_ids: Sequence[str]) -> tuple[Alert, ...]:
        return self.table.select(is_in("alert_id", alert_ids)).items


def _taken(alert: Alert) -> VersionConflictError:
    return VersionConflictError(
        f"alert {alert.alert_id!r} was already acknowledged by {alert.acknowledged_by} at "
        f"{alert.acknowledged_at}"
    )
