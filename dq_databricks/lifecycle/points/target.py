"""What to go back to: a restore point that was made, or the versions of a moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from dq_databricks.errors import ParameterError, RestoreError
from dq_databricks.lifecycle.migrations.recording import tool_version
from dq_databricks.lifecycle.points.backup import find_point
from dq_databricks.lifecycle.points.reach import Reach
from dq_databricks.lifecycle.points.versions import Versions, current_versions, settings_at
from dq_databricks.model.ids import derived_id
from dq_databricks.model.life import PointReason, RestorePoint
from dq_databricks.model.setting import Setting


def find_target(
    reach: Reach, *, point: str | None, at: datetime | None, keep_days: int
) -> RestorePoint:
    """The point of this name or id, or one that is made of the versions `at` a moment.

    The latter is not stored; it is the same each time and is kept `keep_days` days once it is.
    Raises ParameterError (both or neither), NotFoundError, RestoreError.
    """
    if (point is None) == (at is None):
        raise ParameterError("restore: name a restore point, or a time, and not both")
    if at is None:
        return find_point(reach.site, str(point))
    return point_at(reach, _utc(at), keep_days)


def point_at(reach: Reach, moment: datetime, keep_days: int) -> RestorePoint:
    """The versions of every table at `moment`. Raises RestoreError naming what is available."""
    site = reach.site
    now = site.context.now()
    if moment > now:
        raise RestoreError(
            f"{site.name} cannot be restored to {_text(moment)}: that is in the future; "
            f"it is {_text(now)}"
        )
    versions = _versions_at(reach, moment)
    then = settings_at(site, versions.tables[Setting.TABLE])
    if not then.is_open:
        raise RestoreError(
            f"{site.name} cannot be restored to {_text(moment)}: it was {then.operation.phase} "
            f"({then.operation.other}) from {then.operation.since} on; choose a time before"
        )
    if then.schema_version is None:
        raise RestoreError(
            f"{site.name} cannot be restored to {_text(moment)}: it was just being made then; "
            "choose a later time"
        )
    return RestorePoint(
        point_id=derived_id("moment", _text(moment), versions.tables_json, versions.ids_json),
        name=f"at-{_text(moment)}",
        reason=PointReason.MANUAL,
        created_at=now,
        created_by=site.user,
        expires_at=now + timedelta(days=keep_days),
        schema_version=then.schema_version,
        tables=versions.tables_json,
        table_ids=versions.ids_json,
        table_count=len(versions.tables),
        is_consistent=True,
        tool_version=tool_version(),
    )


def _versions_at(reach: Reach, moment: datetime) -> Versions:
    logs = [reach.log(table) for table in sorted(current_versions(reach.site))]
    tables: dict[str, int] = {}
    ids: dict[str, str] = {}
    for log in filter(None, logs):
        if (version := log.version_at(moment)) is not None:
            tables[log.table] = version
            if log.table_id is not None:
                ids[log.table] = log.table_id
    if Setting.TABLE not in tables:
        raise _before_all(reach, moment)
    return Versions(tables, ids)


def _before_all(reach: Reach, moment: datetime) -> RestoreError:
    log = reach.log(Setting.TABLE)
    if log is None:
        return RestoreError(
            f"{reach.site.name} has no {Setting.TABLE}, so there is nothing to restore"
        )
    return RestoreError(
        f"{reach.site.name} cannot be restored to {_text(moment)}: it was made at "
        f"{_text(log.first.at)}; choose a time after that"
    )


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _text(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
