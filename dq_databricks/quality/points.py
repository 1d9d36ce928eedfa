"""Restore points of the metadata schema, and the way back to one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from dq_databricks.engine.protocol import Engine
from dq_databricks.lifecycle.points import backup, listing, plan, restore
from dq_databricks.lifecycle.points.listing import PointStatus
from dq_databricks.lifecycle.points.plan import RestorePlan, TableStep
from dq_databricks.lifecycle.points.restore import RestoredTable, RestoreReport
from dq_databricks.model.ids import Context
from dq_databricks.model.life import RestorePoint
from dq_databricks.model.progress import Progress, silent
from dq_databricks.settings import Settings
from dq_databricks.store.page import Page

__all__ = [
    "PointFace",
    "PointStatus",
    "RestorePlan",
    "RestoreReport",
    "RestoredTable",
    "TableStep",
]


@dataclass(frozen=True, slots=True)
class PointFace:
    """Restore points: make, list, show, remove, plan a restore, restore.

    POINT is a name or an id.
    """

    engine: Engine
    settings: Settings
    context: Context

    def backup(self, name: str | None = None, *, keep_days: int | None = None) -> RestorePoint:
        """Record the version of every table under one name; kept until removed by default.

        Raises ParameterError (name), AlreadyExistsError, SchemaBusyError.
        """
        return backup.make_point(
            self.engine, self.settings, self.context, name=name, expires_in_days=keep_days
        )

    def points(self, *, limit: int = 50, cursor: str | None = None) -> Page[PointStatus]:
        """The restore points in use, newest first, and whether they can be reached."""
        return listing.list_points(
            self.engine, self.settings, self.context, limit=limit, cursor=cursor
        )

    def show(self, point: str) -> PointStatus:
        """One restore point, all its files opened. Raises NotFoundError."""
        return listing.show_point(self.engine, self.settings, self.context, point)

    def remove(self, point: str) -> RestorePoint:
        """Remove a restore point. Raises NotFoundError, RestoreError while it is needed."""
        return backup.remove_point(self.engine, self.settings, self.context, point)

    def plan_restore(self, point: str | None = None, *, at: datetime | None = None) -> RestorePlan:
        """What `restore` would do and what would be lost; changes nothing.

        Raises NotFoundError, ParameterError, RestoreError (a time that cannot be restored).
        """
        return plan.plan_restore(self.engine, self.settings, self.context, point=point, at=at)

    def restore(
        self,
        point: str | None = None,
        *,
        at: datetime | None = None,
        resume: bool = False,
        progress: Progress = silent,
    ) -> RestoreReport:
        """Bring the whole schema back to a point, a time (UTC), or what was begun (`resume`).

        The report names the safety point that undoes it. Raises RestoreError when something
        needed is gone (then nothing was changed) or another restore is half done.
        """
        return restore.restore(
            self.engine,
            self.settings,
            self.context,
            point=point,
            at=at,
            resume=resume,
            progress=progress,
        )
