"""What stops when a connection is no longer in use."""

from __future__ import annotations

from dq_databricks.model.catalog import Connection
from dq_databricks.model.ids import Context
from dq_databricks.model.vocabulary import TargetType
from dq_databricks.model.work import Schedule
from dq_databricks.store.filters import eq, is_in
from dq_databricks.store.store import Store


def stop_schedules(store: Store, context: Context, connection: Connection) -> tuple[Schedule, ...]:
    """Switch off every enabled schedule of the groups and tables of `connection`.

    A schedule of a suite goes on: its tests may be on tables of other connections too.
    """
    targets = _targets(store, connection)
    return tuple(
        schedule
        for schedule in store.schedules.enabled()
        if schedule.target_ref in targets
        and schedule.target_type is not TargetType.SUITE
        and _switched_off(store, context, schedule)
    )


def _targets(store: Store, connection: Connection) -> frozenset[str]:
    groups = store.catalog.groups.select(eq("connection_id", connection.connection_id))
    ids = [group.table_group_id for group in groups]
    tables = store.catalog.tables.select(is_in("table_group_id", ids)) if ids else ()
    return frozenset((*ids, *(table.table_id for table in tables)))


def _switched_off(store: Store, context: Context, schedule: Schedule) -> bool:
    changes = {
        "is_enabled": False,
        "next_run_at": None,
        "version": schedule.version + 1,
        "updated_at": context.now(),
    }
    return store.schedules.table.change(
        [schedule.schedule_id], changes, eq("is_enabled", value=True)
    )
