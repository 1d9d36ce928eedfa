"""The embedded engine: real Delta tables in a folder, no service, no JVM, no account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

import pyarrow as pa
from sqlglot import exp

from dq_databricks.engine.local.altering import unsupported
from dq_databricks.engine.local.database import Database
from dq_databricks.engine.local.ddl import Definitions
from dq_databricks.engine.local.describe import Describer
from dq_databricks.engine.local.dml import RowStatements
from dq_databricks.engine.local.information import InformationSchema
from dq_databricks.engine.local.lake import Lake
from dq_databricks.engine.local.merging import MergeStatement
from dq_databricks.engine.local.reading import Reader
from dq_databricks.engine.local.relations import Relations
from dq_databricks.engine.local.snapshot import Inspector
from dq_databricks.engine.local.tables import DeltaTables
from dq_databricks.engine.local.upkeep import Upkeep
from dq_databricks.engine.local.writing import Writer
from dq_databricks.engine.protocol import Capability, EngineFacts, MergeCounts, Snapshot
from dq_databricks.errors import SqlError
from dq_databricks.sql.identifiers import TableName
from dq_databricks.sql.parse import excerpt, parse_statement, shared_tree
from dq_databricks.sql.relation import Relation
from dq_databricks.sql.statement import Parameter, Statement

_FACTS = EngineFacts(
    name="local",
    capabilities=frozenset(
        {
            Capability.HISTORY,
            Capability.TIME_TRAVEL,
            Capability.FILE_STATISTICS,
            Capability.FILE_RELATIONS,
            Capability.CHECK_CONSTRAINTS,
            Capability.CANCEL,
        }
    ),
    max_aggregates=None,
    max_statement_chars=4_000_000,
    max_parameters=10_000,
    parallel_statements=2,
    min_bytes_to_split=64 * 1024 * 1024,
)


class LocalEngine:
    """Delta tables below `home/lake`, written by delta-rs, read by DuckDB.

    `catalog` completes names of two parts; `threads` 0 means one per core; an empty
    `memory_limit` leaves DuckDB its default; `durable` flushes each commit before it counts.
    A `database` that is given is shared with other engines and stays open when this one closes;
    `threads` and `memory_limit` are then its own.
    """

    def __init__(
        self,
        home: Path,
        *,
        catalog: str = "main",
        threads: int = 0,
        memory_limit: str = "",
        durable: bool = True,
        database: Database | None = None,
    ) -> None:
        self._owns_database = database is None
        self._database = database or Database(threads=threads, memory_limit=memory_limit)
        self._relations = Relations(
            Lake(home.absolute() / "lake"), catalog, DeltaTables(), self._database
        )
        self._reader = Reader(self._relations, self._database, self._listing)
        self._inspector = Inspector(self._relations, self._reader)
        self._describer = Describer(self._relations, self._inspector)
        self._information = InformationSchema(self._relations, self._inspector)
        self._writer = Writer(self._relations, durable=durable)
        self._definitions = Definitions(self._relations, self._reader, self._writer)
        self._upkeep = Upkeep(self._relations, self._writer)
        self._changes = RowStatements(self._relations, self._reader, self._writer)
        self._merge = MergeStatement(self._relations, self._reader, self._writer)

    @property
    def facts(self) -> EngineFacts:
        """What this engine can do and how it wants its work cut."""
        return _FACTS

    def query(self, statement: Statement) -> pa.Table:
        """Rows of a statement that reads; see `Engine.query`."""
        described = self._described(statement.text)
        if described is not None:
            return described
        if not isinstance(shared_tree(statement.text), exp.Query):
            raise SqlError(f"{excerpt(statement.text)!r} is no query; use execute for it")
        return self._reader.query(statement.text, statement.parameters)

    def execute(self, statement: Statement) -> int | None:
        """Carry out DDL or DML; see `Engine.execute`."""
        if self._upkeep.carry_out(statement.text, statement.parameters):
            return None
        node = parse_statement(statement.text)
        if isinstance(node, exp.Query) or self._describer.answer(statement.text) is not None:
            self.query(statement)
            return None
        return self._carry_out(node, statement.parameters)

    def _carry_out(self, node: exp.Expression, bound: Mapping[str, Parameter]) -> int | None:
        if isinstance(node, exp.Insert):
            return self._changes.insert(node, bound)
        if isinstance(node, exp.Update):
            return self._changes.update(node, bound)
        if isinstance(node, exp.Delete):
            return self._changes.delete(node, bound)
        if isinstance(node, exp.Merge):
            return self._merge.merge(node, bound)
        self._define(node, bound)
        return None

    def _define(self, node: exp.Expression, bound: Mapping[str, Parameter]) -> None:
        if isinstance(node, exp.Create):
            self._definitions.create(node, bound)
        elif isinstance(node, exp.Drop):
            self._definitions.drop(node)
        elif isinstance(node, exp.Alter):
            self._definitions.alter(node)
        elif isinstance(node, exp.Comment):
            self._definitions.comment(node)
        elif isinstance(node, exp.TruncateTable):
            self._changes.truncate(node)
        else:
            raise unsupported(node, "this statement is not carried out by the local engine")

    def append(self, table: TableName, rows: pa.Table) -> None:
        """Add `rows` in one commit; see `Engine.append`."""
        self._writer.append(table, rows)

    def merge(
        self,
        table: TableName,
        rows: pa.Table,
        *,
        on: Sequence[str],
        update: bool = True,
        counter: str | None = None,
    ) -> MergeCounts:
        """Insert or replace rows by key in one conditional commit; see `Engine.merge`."""
        return self._writer.merge(table, rows, on, update=update, counter=counter)

    def inspect(self, relation: Relation) -> Snapshot:
        """Describe `relation` without reading its data; see `Engine.inspect`."""
        return self._inspector.inspect(relation)

    def restore(self, table: TableName, version: int, *, expected_version: int) -> None:
        """Bring a table back to an older version in one commit; see `Engine.restore`."""
        self._upkeep.restore(table, version, expected_version=expected_version)

    def tables(self, catalog: str, schema: str) -> Sequence[TableName]:
        """Tables and views of a schema, by name; empty when it does not exist."""
        lake = self._relations.lake
        return sorted({*lake.tables(catalog, schema), *lake.views(catalog, schema)})

    def views(self, catalog: str, schema: str) -> Mapping[TableName, str | None]:
        """Views of a schema and the SELECT of each."""
        return self._relations.lake.view_texts(catalog, schema)

    def cancel(self) -> None:
        """Interrupt the queries in flight."""
        self._database.cancel()

    def close(self) -> None:
        """Give back memory, threads and links; closing twice is harmless."""
        if self._owns_database:
            self._database.close()
        self._relations.paths.close()

    def _described(self, text: str) -> pa.Table | None:
        """The answer to a statement that only lists or describes; None for any other."""
        described = self._describer.answer(text)
        return described if described is not None else self._upkeep.dry_run(text)

    def _listing(self, catalog: str, listing: str) -> pa.Table:
        return self._information.listing(catalog, listing)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
