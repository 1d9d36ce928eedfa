"""One metadata schema and what it takes to change it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar

from dq_databricks.engine.protocol import Engine
from dq_databricks.lifecycle.lease import LockOptions, SchemaLock
from dq_databricks.model.base import Record
from dq_databricks.model.ids import Context
from dq_databricks.settings import Settings
from dq_databricks.sql.identifiers import TableName
from dq_databricks.store.access import Table

M = TypeVar("M", bound=Record)


@dataclass(frozen=True, slots=True)
class Site:
    """A metadata schema, the engine that reaches it, and who works on it."""

    engine: Engine
    catalog: str
    schema: str
    context: Context
    user: str
    lock_options: LockOptions = field(default_factory=LockOptions)

    @classmethod
    def of(cls, engine: Engine, settings: Settings, context: Context) -> Site:
        """The schema that `settings` name."""
        options = LockOptions(float(settings.lease_s), float(settings.lock_wait_s))
        catalog, schema = settings.catalog, settings.data_quality_schema
        return cls(engine, catalog, schema, context, settings.user_name, options)

    @property
    def name(self) -> str:
        """``catalog.schema``, for people."""
        return f"{self.catalog}.{self.schema}"

    @property
    def lock(self) -> SchemaLock:
        """The lock of the schema."""
        return SchemaLock(
            self.engine, self.catalog, self.schema, self.context, self.user, self.lock_options
        )

    def table_name(self, table: str) -> TableName:
        """The full name of one of its tables."""
        return TableName(self.catalog, self.schema, table)

    def table(self, model: type[M]) -> Table[M]:
        """Typed access to the rows of one of its tables."""
        return Table(self.engine, self.table_name(model.TABLE), model, self.context)
