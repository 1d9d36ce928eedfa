"""What the engine shows of a connection: whether it answers, its schemas, tables and columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dq_databricks.engine.protocol import ColumnInfo, Engine
from dq_databricks.errors import (
    EngineError,
    MissingExtraError,
    ParameterError,
    SecretStoreError,
    TableNotFoundError,
)
from dq_databricks.model.catalog import Connection
from dq_databricks.model.ids import Context
from dq_databricks.model.secret_reference import SecretKind, SecretReference
from dq_databricks.model.vocabulary import ConnectionStatus
from dq_databricks.quality.masks import lets_through
from dq_databricks.quality.reach import Reach
from dq_databricks.secrets import Secrets
from dq_databricks.sql.identifiers import TableName
from dq_databricks.sql.relation import TableRelation
from dq_databricks.sql.statement import Statement
from dq_databricks.store.store import Store

MOST_NAMES = 1_000
MOST_ERROR_CHARS = 500


@dataclass(frozen=True, slots=True)
class Discovery:
    """What stands below a connection. `total` counts all names, of which at most 1,000 are given.

    Without a schema the names are schemas, without a table tables; else there are columns.
    """

    catalog: str
    schema_name: str | None
    table_name: str | None
    names: tuple[str, ...]
    total: int
    columns: tuple[ColumnInfo, ...] = ()


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
        if table is not None and schema is not None:
            return self._columns(TableName(connection.catalog, schema, table))
        names = (
            self._schemas(connection.catalog)
            if schema is None
            else self._tables(connection.catalog, schema)
        )
        shown = tuple(names[:MOST_NAMES])
        return Discovery(connection.catalog, schema, None, shown, len(names))

    def preview(
        self, connection: Connection, include: str | None, exclude: str | None
    ) -> Discovery:
        """The tables that masks would let through, by name."""
        if connection.catalog is None or connection.schema_name is None:
            return Discovery(connection.catalog or "", connection.schema_name, None, (), 0)
        found = [
            name
            for name in self._tables(connection.catalog, connection.schema_name)
            if lets_through(name, include, exclude)
        ]
        shown = tuple(found[:MOST_NAMES])
        return Discovery(connection.catalog, connection.schema_name, None, shown, len(found))

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
        if connection.catalog is None or connection.schema_name is None:
            return ConnectionStatus.UNHEALTHY, "it names no catalog and schema to look into"
        try:
            tables = self._tables(connection.catalog, connection.schema_name)
        except TableNotFoundError as error:
            return ConnectionStatus.UNHEALTHY, str(error)
        except EngineError as error:
            return ConnectionStatus.ERROR, f"{type(error).__name__}: {error}"
        if not tables:
            name = f"{connection.catalog}.{connection.schema_name}"
            return ConnectionStatus.UNHEALTHY, f"{name} does not exist or shows no table"
        return ConnectionStatus.HEALTHY, None

    def _schemas(self, catalog: str) -> Sequence[str]:
        listing = TableName(catalog, "information_schema", "schemata").sql
        rows = self.engine.query(Statement(f"SELECT `schema_name` FROM {listing}")).to_pylist()
        names = sorted(str(row["schema_name"]) for row in rows)
        return [name for name in names if self.reach.shows(name)]

    def _tables(self, catalog: str, schema: str) -> Sequence[str]:
        self.reach.check_schema(schema)
        return [name.table for name in self.engine.tables(catalog, schema)]

    def _columns(self, name: TableName) -> Discovery:
        self.reach.check_name(name)
        columns = self.engine.inspect(TableRelation(name)).columns
        shown = tuple(column.name for column in columns[:MOST_NAMES])
        return Discovery(
            name.catalog, name.schema, name.table, shown, len(columns), columns[:MOST_NAMES]
        )
