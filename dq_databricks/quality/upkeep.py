"""Upkeep of the metadata schema: sizes, daily care, grants."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from dq_databricks.engine.protocol import Engine
from dq_databricks.lifecycle.site import Site
from dq_databricks.lifecycle.upkeep.grants import (
    GrantPlan,
    GrantReport,
    apply_grants,
    plan_grants,
)
from dq_databricks.lifecycle.upkeep.maintain import MaintainReport, maintain
from dq_databricks.lifecycle.upkeep.sizes import LONG_RUN, SizeReport, report
from dq_databricks.model.ids import Context
from dq_databricks.model.progress import Progress, silent
from dq_databricks.settings import Settings

__all__ = ["GrantPlan", "GrantReport", "MaintainReport", "SizeReport", "UpkeepFace"]


@dataclass(frozen=True, slots=True)
class UpkeepFace:
    """Keeps the metadata small, safe and open to those it is for."""

    engine: Engine
    settings: Settings
    context: Context

    def report(self, *, long_run: timedelta = LONG_RUN, progress: Progress = silent) -> SizeReport:
        """Sizes and history of every table, and what runs now; changes nothing.

        A run that is open for more than `long_run` is marked.
        """
        site = Site.of(self.engine, self.settings, self.context)
        return report(site, long_run=long_run, progress=progress)

    def maintain(self, *, dry_run: bool = False, progress: Progress = silent) -> MaintainReport:
        """Expire and make restore points, purge by retention, compact and vacuum where due.

        Safe beside running writers. Raises SchemaBusyError while the schema is renamed or
        restored; what else fails is in the report, and the rest is done.
        """
        return maintain(
            self.engine, self.settings, self.context, dry_run=dry_run, progress=progress
        )

    def plan_grants(self) -> GrantPlan:
        """The grants that settings declare, with their statements and what is there."""
        return plan_grants(self.engine, self.settings)

    def apply_grants(self) -> GrantReport:
        """Carry out the grants that are missing; nothing where the engine has no grants."""
        return apply_grants(self.engine, self.settings)
