"""Another name for the metadata schema, and what becomes of the old one."""

from __future__ import annotations

from dataclasses import dataclass

from dq_databricks.engine.protocol import Engine
from dq_databricks.lifecycle.moving import dropping, rename, standing
from dq_databricks.lifecycle.moving.dropping import DroppedSchema, DropReport, LateRows
from dq_databricks.lifecycle.moving.job import CopiedTable
from dq_databricks.lifecycle.moving.rename import AbandonReport, RenameReport
from dq_databricks.lifecycle.moving.standing import RenameStatus
from dq_databricks.lifecycle.shape.compare import Difference
from dq_databricks.model.ids import Context
from dq_databricks.model.progress import Progress, silent
from dq_databricks.settings import Settings

__all__ = [
    "AbandonReport",
    "CopiedTable",
    "Difference",
    "DropReport",
    "DroppedSchema",
    "LateRows",
    "RenameFace",
    "RenameReport",
    "RenameStatus",
]


@dataclass(frozen=True, slots=True)
class RenameFace:
    """Renames the schema that `settings` name. It never provisions, and waits for nothing but
    the lock, so it also finishes or gives up what keeps everybody else out.
    """

    engine: Engine
    settings: Settings
    context: Context

    def rename(self, target: str | None = None, *, progress: Progress = silent) -> RenameReport:
        """Copy the schema under the name `target`, compare, and switch over; keeps the old one.

        Without `target` it finishes what was begun. Killed at any point, the same call completes
        it. Raises IdentifierError, RenameError, SchemaBehindError, SchemaNewerError,
        SchemaBusyError, SchemaLockedError.

        Restore points stay with the old tables, so the new ones begin with one.
        """
        return rename.rename(self.engine, self.settings, self.context, target, progress=progress)

    def abandon(self) -> AbandonReport:
        """Give up a renaming that was begun: the old name is open again. Raises RenameError."""
        return rename.abandon(self.engine, self.settings, self.context)

    def kept(self) -> tuple[str, ...]:
        """The old schemas that `drop_old` would drop."""
        return dropping.kept_schemas(self.engine, self.settings, self.context)

    def drop_old(self, *, progress: Progress = silent) -> DropReport:
        """Drop what renamings left behind, after rows that came late were brought over.

        Raises RenameError when it holds what was not copied, SchemaLockedError.
        """
        return dropping.drop_old(self.engine, self.settings, self.context, progress=progress)

    def status(self) -> RenameStatus:
        """Where a renaming of the schema stands."""
        return standing.status(self.engine, self.settings, self.context)
