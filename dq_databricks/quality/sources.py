"""What the engine shows of a connection: whether it answers, its schemas, tables and columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dq_databricks.engine.protocol import Capability, ColumnInfo, Engine
from dq_databricks.errors import (
    EngineError,
    MissingExtraError,
    ParameterError,
    SecretStoreError,
    TableNotFoundError,
    UnsupportedError,
)
from dq_databricks.federation.catalog import find_source_type, source_types
from dq_databricks.federation.entry import SourceType
from dq_databricks.federation.plan import FederationPlan, federation_plan
from dq_databricks.model.catalog import Connection
from dq_databricks.model.ids import Context
from dq_databricks.model.secret_reference import SecretKind, SecretReference
from dq_databricks.model.vocabulary import ConnectionStatus
from dq_databricks.quality.looking import SeenTable, schemas_in, tables_in
from dq_databricks.quality.masks import lets_through
from dq_databricks.quality.reach import Reach
from dq_databricks.secrets import Secrets
from dq_databricks.sql.identifiers import TableName
from dq_databricks.sql.relation import TableRelation
from dq_databricks.sql.statement import Statement
from dq_databricks.store.store import Store

__all__ = ["Discovery", "FederationPlan", "SourceFace", "SourceType"]
MOST_NAMES = 1_000
MOST_ERROR_CHARS = 500


@dataclass(frozen=True, slots=True)
class Discovery:
    """What stands below a connection. `total` counts all names, of which at most 1,000 are given.

    Without a schema the names are schemas, without a table tables, with their `types` where the
    engine says them; else there are columns.
    """

    catalog: str
    schema_name: str | None
    table_name: str | None
    names: tuple[str, ...]
    total: int
    columns: tuple[ColumnInfo, ...] = ()
    types: tuple[str | None, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceFace:
    """Looks at connections through the one engine of this process."""

    store: Store
    engine: Engine
    context: Context
    reach: Reach
    writable: Callable[[], Store]
    secrets: Secrets

    def test(self, connection: Connection) -> Connection:
        """Try a connection and keep how it fared: healthy, unhealthy or error, with the reason.

        ``unhealthy``: the engine answers, but shows no table there. ``error``: it does not answer.
        """
        status, problem = self._without_credentials(connection) or self._tried(connection)
        told = None if problem is None else self.context.redaction(problem)[:MOST_ERROR_CHARS]
        values = {
            "status": status,
            "last_tested_at": self.context.now(),
            "last_error": told,
        }
        store = self.writable()
        store.catalog.connections.change([connection.connection_id], values)
        return store.written(connection.model_copy(update=values))

    def discover(
        self, connection: Connection, *, schema: str | None = None, table: str | None = None
    ) -> Discovery:
        """Schemas of the catalog, tables of `schema`, or columns of `table`.

        Raises ParameterError for a connection without a catalog, and EngineError children.
        """
        if connection.catalog is None:
            raise ParameterError(f"connection {connection.name!r} names no catalog to look into")
        schema = schema if schema is not None else connection.schema_name
        if schema is None:
            if table is not None:
                raise ParameterError(f"table {table!r}: say in which schema it is")
            names = self._schemas(connection.catalog)
            return Discovery(connection.catalog, None, None, names[:MOST_NAMES], len(names))
        if table is not None:
            name = TableName(connection.catalog, schema, table)
            return self._columns(name, is_foreign=not connection.supports_history)
        return self._listed(connection.catalog, schema, self._tables(connection.catalog, schema))

    def preview(
        self, connection: Connection, include: str | None, exclude: str | None
    ) -> Discovery:
        """The tables that masks would let through, by name (and schema, where it names none)."""
        catalog, schema = connection.catalog, connection.schema_name
        seen = () if catalog is None else self._tables(catalog, schema)
        found = [one for one in seen if lets_through(one.name.table, include, exclude)]
        return self._listed(catalog or "", schema, found)

    def types(self, name: str | None = None) -> tuple[SourceType, ...]:
        """The types of connections, or the one of this name. Raises UnknownNameError."""
        return tuple(source_types().values()) if name is None else (find_source_type(name),)

    def plan(self, connection: Connection, *, grant_to: Sequence[str] = ()) -> FederationPlan:
        """The SQL that makes the source of a federated connection readable; runs nothing.

        Raises ParameterError for one that is read directly or names no credentials.
        """
        return federation_plan(connection, grant_to=grant_to)

    def apply(self, connection: Connection, *, grant_to: Sequence[str] = ()) -> FederationPlan:
        """Carry out the plan; what is there stays. Raises UnsupportedError outside Databricks."""
        plan = self.plan(connection, grant_to=grant_to)
        if not self.engine.facts.has(Capability.GRANTS):
            raise UnsupportedError(
                f"engine {self.engine.facts.name} has no Unity Catalog: print the plan and run it "
                "on Databricks, or use DQ_ENGINE=warehouse"
            )
        for step in plan.steps:
            self.engine.execute(Statement(step.statement))
        return plan

    def _without_credentials(
        self, connection: Connection
    ) -> tuple[ConnectionStatus, str | None] | None:
        """Why the credentials a connection names cannot be read; None where nothing is wrong.

        Variables and files are those of whichever process uses them, so they are not looked for
        here, and a source behind the catalog is signed in to by the catalog.
        """
        text = connection.managed_credentials_ref
        if not text or connection.connection_type != "databricks":
            return None
        try:
            reference = SecretReference.parse(text)
            if reference.kind in (SecretKind.SECRET_SCOPE, SecretKind.VAULT):
                self.secrets.resolve(reference)
        except (ParameterError, SecretStoreError, MissingExtraError) as error:
            return ConnectionStatus.ERROR, f"{type(error).__name__}: {error}"
        return None

    def _tried(self, connection: Connection) -> tuple[ConnectionStatus, str | None]:
        if connection.catalog is None:
            return ConnectionStatus.UNHEALTHY, "it names no catalog to look into"
        catalog, schema = connection.catalog, connection.schema_name
        try:
            found = self._schemas(catalog) if schema is None else self._tables(catalog, schema)
        except TableNotFoundError as error:
            return ConnectionStatus.UNHEALTHY, str(error)
        except EngineError as error:
            return ConnectionStatus.ERROR, f"{type(error).__name__}: {error}"
        if not found:
            what = f"{catalog} does not exist or shows no schema"
            if schema is not None:
                what = f"{catalog}.{schema} does not exist or shows no table"
            return ConnectionStatus.UNHEALTHY, what
        return ConnectionStatus.HEALTHY, None

    def _schemas(self, catalog: str) -> tuple[str, ...]:
        return tuple(filter(self.reach.lists, schemas_in(self.engine, catalog)))

    def _tables(self, catalog: str, schema: str | None) -> tuple[SeenTable, ...]:
        self.reach.check_schema(schema)
        return tables_in(self.engine, catalog, schema, self.reach.lists)

    def _listed(self, catalog: str, schema: str | None, seen: Sequence[SeenTable]) -> Discovery:
        shown = seen[:MOST_NAMES]
        names = tuple(
            one.name.table if schema is not None else f"{one.name.schema}.{one.name.table}"
            for one in shown
        )
        types = tuple(one.table_type for one in shown)
        return Discovery(catalog, schema, None, names, len(seen), types=types)

    def _columns(self, name: TableName, *, is_foreign: bool) -> Discovery:
        self.reach.check_name(name)
        columns = self.engine.inspect(TableRelation(name, is_foreign=is_foreign)).columns
        shown = tuple(column.name for column in columns[:MOST_NAMES])
        return Discovery(
            name.catalog, name.schema, name.table, shown, len(columns), columns[:MOST_NAMES]
        )
