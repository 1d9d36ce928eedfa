"""Whether the metadata schema is what its migrations made of it."""

from __future__ import annotations

from dataclasses import dataclass

from dq_databricks.engine.protocol import Engine
from dq_databricks.lifecycle.shape import verify
from dq_databricks.lifecycle.shape.verify import DriftReport
from dq_databricks.lifecycle.site import Site
from dq_databricks.model.ids import Context
from dq_databricks.settings import Settings


@dataclass(frozen=True, slots=True)
class DriftFace:
    """Compares the live schema with the state at its applied version; never mends a table."""

    engine: Engine
    settings: Settings
    context: Context

    def verify(self) -> DriftReport:
        """Columns, types, nullability, comments, properties and constraints, object by object.

        Raises SchemaBehindError for a schema that was never migrated, SchemaNewerError,
        EditedMigrationError and MigrationError when files and ledger disagree.
        """
        return verify.verify(self._site)

    def adopt(self) -> DriftReport:
        """Accept exactly the drift there is now; `verify` subtracts it from then on.

        Raises as `verify` does, and SchemaLockedError.
        """
        return verify.adopt(self._site)

    @property
    def _site(self) -> Site:
        return Site.of(self.engine, self.settings, self.context)
