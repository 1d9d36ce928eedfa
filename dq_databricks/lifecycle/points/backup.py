"""Restore points made, found, removed and expired. A point copies nothing: it names versions."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from dq_databricks.engine.protocol import Engine
from dq_databricks.errors import (
    AlreadyExistsError,
    NotFoundError,
    ParameterError,
    RestoreError,
    SchemaBehindError,
    SchemaBusyError,
)
from dq_databricks.lifecycle.migrations.recording import tool_version
from dq_databricks.lifecycle.points.versions import (
    SettingsThen,
    Versions,
    read_versions,
    settings_at,
)
from dq_databricks.lifecycle.site import Site
from dq_databricks.lifecycle.state import Phase, read_state
from dq_databricks.model.ids import Context, derived_id
from dq_databricks.model.life import PointReason, RestorePoint
from dq_databricks.model.setting import Setting
from dq_databricks.model.words import did_you_mean
from dq_databricks.settings import Settings
from dq_databricks.store.access import Table
from dq_databricks.store.filters import eq, is_null, le

MAX_NAME_CHARS = 120
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]*")
_MOST_SAME_NAMES = 1000


def make_point(
    engine: Engine,
    settings: Settings,
    context: Context,
    *,
    name: str | None = None,
    reason: PointReason = PointReason.MANUAL,
    expires_in_days: int | None = None,
) -> RestorePoint:
    """Record the version of every table as one restore point.

    Without `expires_in_days` a manual point is kept until it is removed, others for
    `restore_days`. Raises ParameterError (name), AlreadyExistsError, SchemaBehindError (no tables
    yet), SchemaBusyError while the schema is renamed or restored.
    """
    site = Site.of(engine, settings, context)
    if name is not None:
        check_name(name)
    days = settings.restore_days if reason is not PointReason.MANUAL else None
    days = days if expires_in_days is None else expires_in_days
    versions, then = _open_versions(site)
    now = context.now()
    point = RestorePoint(
        point_id="",
        name=name or f"{now:%Y-%m-%dT%H:%MZ}-{reason.replace(' ', '-')}",
        reason=reason,
        created_at=now,
        created_by=site.user,
        expires_at=None if days is None else now + timedelta(days=days),
        schema_version=then.schema_version or 0,
        tables=versions.tables_json,
        table_ids=versions.ids_json,
        table_count=len(versions.tables),
        row_count=versions.row_count,
        is_consistent=versions.is_consistent,
        tool_version=tool_version(),
    )
    return _insert(site.table(RestorePoint), point, is_named=name is not None)


def before_migration(engine: Engine, settings: Settings, context: Context) -> RestorePoint:
    """The point to come back to when a migration that touches data went wrong."""
    return make_point(engine, settings, context, reason=PointReason.BEFORE_MIGRATION)


def daily_point(engine: Engine, settings: Settings, context: Context) -> RestorePoint | None:
    """The point of today (UTC); None when there was one, even if it was removed since.

    Two callers at once make one. Raises as `make_point` does.
    """
    name = f"{context.now():%Y-%m-%d}-daily"
    points = Site.of(engine, settings, context).table(RestorePoint)
    if len(points.select(eq("name", name), limit=1)):
        return None
    try:
        return make_point(engine, settings, context, name=name, reason=PointReason.DAILY)
    except AlreadyExistsError:  # somebody else was faster
        return None


def remove_point(engine: Engine, settings: Settings, context: Context, point: str) -> RestorePoint:
    """Remove a restore point by name or id; the tables keep their versions.

    Raises NotFoundError, and RestoreError for a point that a half-done restore needs.
    """
    site = Site.of(engine, settings, context)
    found = find_point(site, point)
    _refuse_needed(site, found)
    now = context.now()
    if not site.table(RestorePoint).change(
        [found.point_id], {"removed_at": now}, is_null("removed_at")
    ):
        raise NotFoundError(f"restore point {found.name}: somebody else just removed it")
    return found.model_copy(update={"removed_at": now})


def expire_points(engine: Engine, settings: Settings, context: Context) -> tuple[RestorePoint, ...]:
    """Remove the points whose time is over, except one that a half-done restore needs."""
    site = Site.of(engine, settings, context)
    points, now = site.table(RestorePoint), context.now()
    needed = needed_points(site)
    due = points.select(is_null("removed_at"), le("expires_at", now), order_by=("expires_at",))
    return tuple(
        point.model_copy(update={"removed_at": now})
        for point in due
        if point.point_id not in needed
        and points.change([point.point_id], {"removed_at": now}, is_null("removed_at"))
    )


def find_point(site: Site, text: str) -> RestorePoint:
    """The point with this name or id. Raises NotFoundError, with near names."""
    points = site.table(RestorePoint)
    live = points.select(is_null("removed_at"), order_by=("-created_at",)).items
    for point in live:
        if text in (point.name, point.point_id):
            return point
    removed = [*points.select(eq("name", text), order_by=("-created_at",)), points.get(text)]
    for point in filter(None, removed):
        raise NotFoundError(
            f"restore point {text!r} was removed at {point.removed_at:%Y-%m-%d %H:%M:%S} UTC; "
            "`dq backup list` shows those there are, `dq restore --at TIMESTAMP` needs none"
        )
    hint = did_you_mean(text, (point.name for point in live)) or "; see `dq backup list`"
    older = read_state(site.engine, site.catalog, site.schema).renamed_from
    if older:
        old = f"{site.catalog}.{older[0]}"
        hint += f" (points of before the renaming are in {old}, whose tables they name)"
    raise NotFoundError(f"no restore point of {site.name} is named {text!r}{hint}")


def safety_id(job: str) -> str:
    """The id of the point that undoes the restore `job`."""
    return derived_id("safety point", job)


def needed_points(site: Site) -> frozenset[str]:
    """The points that a restore which is half done needs to be finished or undone."""
    operation = read_state(site.engine, site.catalog, site.schema).operation
    if operation.phase is not Phase.RESTORING:
        return frozenset()
    return frozenset({operation.other, safety_id(operation.job)})


def check_name(name: str) -> str:
    """Give `name` back; raises ParameterError for one that a point may not have."""
    if not _NAME.fullmatch(name) or len(name) > MAX_NAME_CHARS:
        raise ParameterError(
            f"restore point {name[:MAX_NAME_CHARS]!r}: a name begins with a letter or a digit and "
            f"holds letters, digits and . _ : - only, at most {MAX_NAME_CHARS} of them"
        )
    return name


def free_name(points: Table[RestorePoint], wanted: str) -> str:
    """`wanted`, with a number when a point in use has that name."""
    used = {point.name for point in points.select(is_null("removed_at"))}
    numbered = (f"{wanted}-{number}" for number in range(2, _MOST_SAME_NAMES))
    return wanted if wanted not in used else next(name for name in numbered if name not in used)


def _open_versions(site: Site) -> tuple[Versions, SettingsThen]:
    """The versions now, of a schema that is open; the settings among them said so."""
    state = read_state(site.engine, site.catalog, site.schema)
    if state.version is None:
        raise SchemaBehindError(
            f"{site.name} has no metadata tables to make a restore point of: run `dq migrate`"
        )
    versions = read_versions(site)
    then = settings_at(site, versions.tables[Setting.TABLE])
    if not then.is_open:
        raise SchemaBusyError(
            f"{site.name} is {then.operation.phase} ({then.operation.other}) since "
            f"{then.operation.since}, by {then.operation.by}: no restore point can be made of it "
            "now; try again when that has ended"
        )
    return versions, then


def _insert(points: Table[RestorePoint], point: RestorePoint, *, is_named: bool) -> RestorePoint:
    """Store `point` under a name that no point in use has, by one conditional insert."""
    for _ in range(_MOST_SAME_NAMES):
        name = point.name if is_named else free_name(points, point.name)
        same = points.select(eq("name", name)).items
        if any(other.removed_at is None for other in same):
            raise _taken(name, max(same, key=_made_at).created_at)
        # The id is made of the name, so of two callers at once one gets it.
        identity = derived_id("restore point", name, str(len(same)))
        wanted = point.model_copy(update={"point_id": identity, "name": name})
        try:
            return points.insert(wanted)
        except AlreadyExistsError:
            if is_named:
                raise _taken(name, point.created_at) from None
    raise RestoreError(f"restore point {point.name}: no free name found; give it one with --name")


def _made_at(point: RestorePoint) -> datetime:
    return point.created_at


def _taken(name: str, at: datetime) -> AlreadyExistsError:
    return AlreadyExistsError(
        f"restore point {name!r} exists since {at:%Y-%m-%d %H:%M:%S} UTC; choose another name, "
        f"or remove it first with `dq backup remove {name}`"
    )


def _refuse_needed(site: Site, point: RestorePoint) -> None:
    if point.point_id in needed_points(site):
        raise RestoreError(
            f"restore point {point.name} is needed by a restore of {site.name} that is half done: "
            "finish it first with `dq restore --resume`"
        )
