"""The life of the metadata schema: its migrations, where it stands, and the way back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dq_databricks.engine.protocol import Engine
from dq_databricks.lifecycle.migrations import repair
from dq_databricks.lifecycle.migrations.ledger import Allowances
from dq_databricks.lifecycle.migrations.plan import MigrationPlan, plan_down, plan_up
from dq_databricks.lifecycle.migrations.repair import BaselineReport, RepairReport
from dq_databricks.lifecycle.migrations.rollback import RollbackReport, rollback
from dq_databricks.lifecycle.migrations.runner import MigrateOptions, MigrationReport, numbered
from dq_databricks.lifecycle.migrations.scripts import shipped_scripts
from dq_databricks.lifecycle.migrations.status import StatusReport, status
from dq_databricks.lifecycle.provision import provision
from dq_databricks.lifecycle.site import Site
from dq_databricks.model.ids import Context
from dq_databricks.model.progress import Progress, silent
from dq_databricks.settings import Settings

__all__ = ["SchemaFace", "StatusReport"]


@dataclass(frozen=True, slots=True)
class SchemaFace:
    """Migrates a schema and tells where it stands; nothing but `migrate` provisions it."""

    engine: Engine
    settings: Settings
    context: Context
    before_data: Callable[[], object]

    def migrate(
        self,
        to: int | None = None,
        *,
        allow_missing: bool = False,
        allow_out_of_order: bool = False,
        backup: bool = True,
        progress: Progress = silent,
    ) -> MigrationReport:
        """Create the schema and apply what is pending, up to version `to`; harmless to repeat.

        A restore point is made before the first migration that touches rows, unless `backup` is
        off. Raises as `lifecycle.migrations.runner.migrate` does.
        """
        options = MigrateOptions(
            to=to,
            allowed=Allowances(missing=allow_missing, out_of_order=allow_out_of_order),
            before_data=self.before_data if backup else None,
            progress=progress,
        )
        return provision(self.engine, self.settings, self.context, options)

    def status(self) -> StatusReport:
        """Where every migration stands, who holds the lock, what is being done to the schema."""
        return status(self._site, numbered(shipped_scripts()))

    def plan(
        self,
        to: int | None = None,
        *,
        allow_missing: bool = False,
        allow_out_of_order: bool = False,
    ) -> MigrationPlan:
        """The exact SQL that `migrate` would send to this engine."""
        allowed = Allowances(missing=allow_missing, out_of_order=allow_out_of_order)
        return plan_up(self._site, numbered(shipped_scripts()), to, allowed)

    def plan_rollback(self, to: int | None = None) -> MigrationPlan:
        """The exact SQL that `rollback` would send, and the data that would be lost."""
        return plan_down(self._site, numbered(shipped_scripts()), to)

    def rollback(self, to: int | None = None) -> RollbackReport:
        """Undo the versions above `to`, by default the last one. Raises IrreversibleError."""
        return rollback(self._site, to)

    def repair(self) -> RepairReport:
        """Accept edited migration files and store the version that the ledger says."""
        return repair.repair(self._site)

    def baseline(self, version: int) -> BaselineReport:
        """Take over tables that other hands made: versions up to `version` count as applied."""
        return repair.baseline(self._site, version)

    @property
    def _site(self) -> Site:
        return Site.of(self.engine, self.settings, self.context)
