"""Restore points with what became of them: can they be reached, and for how long."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from dq_databricks.engine.protocol import Engine
from dq_databricks.lifecycle.points.backup import find_point
from dq_databricks.lifecycle.points.reach import Reach
from dq_databricks.lifecycle.points.versions import ids_of, versions_of
from dq_databricks.lifecycle.site import Site
from dq_databricks.model.ids import Context
from dq_databricks.model.life import RestorePoint
from dq_databricks.settings import Settings
from dq_databricks.store.filters import is_null
from dq_databricks.store.page import Page


class PointStatus(RestorePoint):
    """A restore point, whether it can be reached, why not, and what endangers it.

    `why_not` and `warnings` hold sentences, separated by semicolons.
    """

    is_reachable: bool
    why_not: str | None = None
    warnings: str | None = None


def list_points(
    engine: Engine,
    settings: Settings,
    context: Context,
    *,
    limit: int | None = 50,
    cursor: str | None = None,
) -> Page[PointStatus]:
    """The restore points in use, newest first; limit None means all.

    The logs tell what can be reached; files are opened only where a VACUUM may have taken some.
    """
    site = Site.of(engine, settings, context)
    points = site.table(RestorePoint)
    page = points.select(
        is_null("removed_at"), order_by=("-created_at",), limit=limit, cursor=cursor
    )
    reach = Reach(site)
    items = tuple(_status(point, reach) for point in page)
    return Page(PointStatus, items, page.next_cursor)


def show_point(engine: Engine, settings: Settings, context: Context, point: str) -> PointStatus:
    """One restore point by name or id, every file of it opened. Raises NotFoundError."""
    site = Site.of(engine, settings, context)
    reach, found = Reach(site), find_point(site, point)
    status = _status(found, reach)
    if not status.is_reachable:
        return status
    read = [reach.rows(table, version) for table, version in versions_of(found).items()]
    gone = [why for why in read if isinstance(why, str)]
    return status.model_copy(update={"is_reachable": not gone, "why_not": _joined(gone)})


def _status(point: RestorePoint, reach: Reach) -> PointStatus:
    gone = reach.unreachable(versions_of(point), ids_of(point))
    warnings = [] if gone else list(_warnings(point, reach))
    return PointStatus(
        **dict(point),
        is_reachable=not gone,
        why_not=_joined(gone),
        warnings=_joined(warnings),
    )


def _warnings(point: RestorePoint, reach: Reach) -> Iterator[str]:
    if not point.is_consistent:
        yield "writers kept moving the tables while it was made, so tables may not fit together"
    endangered = _endangered(point, reach)
    if endangered:
        first, table = min(endangered)
        others = f" and of {len(endangered) - 1} more" if len(endangered) > 1 else ""
        until = "is kept" if point.expires_at is None else f"expires {point.expires_at:%Y-%m-%d}"
        yield (
            f"it {until}, but from {first:%Y-%m-%d %H:%M} UTC on VACUUM or the clean-up of the log "
            f"may take versions of {table}{others}: raise delta.deletedFileRetentionDuration and "
            "delta.logRetentionDuration of these tables"
        )


def _endangered(point: RestorePoint, reach: Reach) -> list[tuple[datetime, str]]:
    """Since when which tables may lose the version that is needed, before the point expires."""
    found = [(reach.lost_from(table, v), table) for table, v in versions_of(point).items()]
    return [
        (at, table)
        for at, table in found
        if at is not None and (point.expires_at is None or at < point.expires_at)
    ]


def _joined(sentences: tuple[str, ...] | list[str]) -> str | None:
    return "; ".join(sentences) or None
