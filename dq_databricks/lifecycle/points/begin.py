"""The beginning of a restore: what to do is found and checked, then the schema is marked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from dq_databricks.errors import RestoreError, SchemaBusyError
from dq_databricks.lifecycle.lease import Held
from dq_databricks.lifecycle.migrations.recording import tool_version
from dq_databricks.lifecycle.points.backup import free_name, safety_id
from dq_databricks.lifecycle.points.plan import TableStep, steps_to
from dq_databricks.lifecycle.points.reach import Reach
from dq_databricks.lifecycle.points.target import find_target
from dq_databricks.lifecycle.points.versions import (
    Versions,
    current_versions,
    read_versions,
    settings_at,
    versions_of,
)
from dq_databricks.lifecycle.site import Site
from dq_databricks.lifecycle.state import (
    Operation,
    Phase,
    change_operation,
    count_restore,
    read_state,
)
from dq_databricks.model.life import PointReason, RestorePoint
from dq_databricks.model.setting import Setting
from dq_databricks.settings import Settings
from dq_databricks.store.filters import is_not_null

_MOST_REASONS = 5


@dataclass(frozen=True, slots=True)
class Begun:
    """A restore that has begun: the job that marked the schema, and what it is to do."""

    point: RestorePoint
    safety_point: RestorePoint
    operation: Operation
    steps: tuple[TableStep, ...]
    is_resumed: bool


def begin(
    site: Site,
    held: Held,
    settings: Settings,
    *,
    point: str | None,
    at: datetime | None,
    resume: bool,
) -> Begun:
    """Find the target, open all it needs, mark the schema, make the safety point.

    Raises RestoreError before anything changed; see `restore`.
    """
    state = read_state(site.engine, site.catalog, site.schema)
    before, reach = state.operation, Reach(site)
    if resume:
        target = _half_done(site, before)
    else:
        target = find_target(reach, point=point, at=at, keep_days=settings.restore_days)
    is_resumed = _is_same_job(site, before, target)
    steps = steps_to(reach, target, current_versions(site))
    _refuse_unreachable(site, target, steps)
    held.keep()
    if at is not None or target.removed_at is not None:
        _keep_target(site, target)
    operation = before if is_resumed else _mark(site, before, target)
    safety = _safety_point(site, held, operation, settings.restore_days)
    return Begun(target, safety, operation, steps, is_resumed)


def _half_done(site: Site, operation: Operation) -> RestorePoint:
    if operation.phase is not Phase.RESTORING:
        raise RestoreError(f"no restore of {site.name} is half done: it is {operation.phase}")
    return site.table(RestorePoint).require(operation.other)


def _is_same_job(site: Site, operation: Operation, target: RestorePoint) -> bool:
    """Whether this goes on with the job that marked the schema; raises for another one.

    Only the safety point of a half-done restore may be asked for instead: that gives it up.
    """
    if operation.phase is Phase.OPEN:
        return False
    if operation.phase is not Phase.RESTORING:
        raise SchemaBusyError(
            f"{site.name} is {operation.phase} ({operation.other}) since {operation.since}, by "
            f"{operation.by}: it cannot be restored now"
        )
    if target.point_id == operation.other:
        return True
    if target.point_id == safety_id(operation.job):
        return False
    half = site.table(RestorePoint).get(operation.other)
    raise RestoreError(
        f"{site.name}: the restore to {half.name if half else operation.other}, begun at "
        f"{operation.since} by {operation.by}, is half done; finish it first with "
        "`dq restore --resume`"
    )


def _refuse_unreachable(site: Site, target: RestorePoint, steps: tuple[TableStep, ...]) -> None:
    gone = [step.why_not for step in steps if step.why_not is not None]
    if Setting.TABLE not in versions_of(target):
        gone.append(f"the point says nothing of {Setting.TABLE}")
    if gone:
        more = f"; and {len(gone) - _MOST_REASONS} more" if len(gone) > _MOST_REASONS else ""
        raise RestoreError(
            f"{site.name} cannot be restored to {target.name}, nothing was changed: "
            f"{'; '.join(gone[:_MOST_REASONS])}{more}. `dq backup list` shows other points"
        )


def _keep_target(site: Site, target: RestorePoint) -> None:
    """Store the point that stands for a moment, or one that was removed, to resume this by."""
    points = site.table(RestorePoint)
    if not points.insert_missing([target]):
        back = {"removed_at": None, "expires_at": target.expires_at}
        points.change([target.point_id], back, is_not_null("removed_at"))


def _mark(site: Site, before: Operation, target: RestorePoint) -> Operation:
    """Put the schema into restoring, so that no write is acknowledged from now on."""
    now = site.context.now()
    operation = Operation(
        Phase.RESTORING,
        job=site.context.new_id(),
        other=target.point_id,
        since=f"{now:%Y-%m-%d %H:%M:%S} UTC",
        by=site.user,
    )
    # Before the flag: whoever came in earlier is refused, however far this job gets.
    count_restore(site.engine, site.catalog, site.schema, at=now)
    if not change_operation(site.engine, site.catalog, site.schema, before, operation, at=now):
        raise SchemaBusyError(
            f"{site.name} was just marked by somebody else, so it cannot be restored now: try again"
        )
    return operation


def _safety_point(site: Site, held: Held, operation: Operation, keep_days: int) -> RestorePoint:
    """The point that undoes this job; made once, before the job changed any table."""
    points, identity = site.table(RestorePoint), safety_id(operation.job)
    if (stored := points.get(identity)) is not None:
        return stored
    versions = read_versions(site)
    settings_version = _open_version(site, versions.tables[Setting.TABLE])
    then = settings_at(site, settings_version)
    tables = {**versions.tables, Setting.TABLE: settings_version}
    now = site.context.now()
    point = RestorePoint(
        point_id=identity,
        name=free_name(points, f"{now:%Y-%m-%dT%H:%MZ}-before-restore"),
        reason=PointReason.BEFORE_RESTORE,
        created_at=now,
        created_by=site.user,
        expires_at=now + timedelta(days=keep_days),
        schema_version=then.schema_version or 0,
        tables=Versions(tables).tables_json,
        table_ids=versions.ids_json,
        table_count=len(tables),
        row_count=versions.row_count,
        is_consistent=versions.is_consistent,
        tool_version=tool_version(),
    )
    held.keep()
    points.insert_missing([point])
    return points.require(identity)


def _open_version(site: Site, latest: int) -> int:
    """The last version of the settings before the schema was marked."""
    for version in range(latest, -1, -1):
        if settings_at(site, version).is_open:
            return version
    raise RestoreError(f"{site.name}: no version of {Setting.TABLE} says that it was open")
