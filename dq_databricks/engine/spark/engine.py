"""SparkEngine: carries out statements over any SparkSession with Delta."""

from __future__ import annotations

import re
import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Self

import pyarrow as pa

from dq_databricks.engine import restoring
from dq_databricks.engine.protocol import (
    Capability,
    ColumnInfo,
    EngineFacts,
    MergeCounts,
    Snapshot,
)
from dq_databricks.engine.rows import check_columns, check_keys
from dq_databricks.engine.spark import describe, writes
from dq_databricks.engine.spark.binding import Binder
from dq_databricks.engine.spark.failures import FAILURES, translated
from dq_databricks.engine.spark.running import Runner
from dq_databricks.engine.spark.types import fitted, plain
from dq_databricks.errors import TableNotFoundError, UnsupportedError
from dq_databricks.sql.identifiers import TableName, quote
from dq_databricks.sql.relation import Relation
from dq_databricks.sql.statement import Statement

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructType

_CSV = re.compile(r"\bcsv\s*\.\s*`", re.IGNORECASE)
_CAPABILITIES = frozenset(
    {
        Capability.HISTORY,
        Capability.TIME_TRAVEL,
        Capability.FILE_RELATIONS,
        Capability.CHECK_CONSTRAINTS,
        Capability.CANCEL,
    }
)
# Set for this engine's session. Where one cannot be set, its fact or the platform's value stands.
_SESSION = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
}
MAX_FIELDS = "spark.sql.codegen.maxFields"


class SparkEngine:
    """An engine over `session`: classic, Databricks or Spark Connect.

    Sets the time zone (UTC) and ANSI mode of the session at its first statement. The session
    belongs to the caller and stays open when the engine is closed.
    """

    def __init__(
        self,
        session: SparkSession,
        *,
        statement_timeout_s: float = 3600,
        parallel_statements: int = 4,
        capabilities: Collection[Capability] = (),
        read_statistics: describe.ReadStatistics | None = None,
    ) -> None:
        self._session = session
        self._capabilities = _CAPABILITIES.union(capabilities)
        self._read_statistics = read_statistics or _unknown
        self._parallel_statements = parallel_statements
        self._binder = Binder(session)
        self._runner = Runner(session, timeout_s=statement_timeout_s)
        self._prepared = False

    @property
    def session(self) -> SparkSession:
        """The session, for what SQL cannot say; it stays the caller's."""
        return self._session

    @cached_property
    def facts(self) -> EngineFacts:
        """What this session can do; found by trying, once."""
        return EngineFacts(
            name="spark",
            capabilities=self._capabilities,
            max_aggregates=100 if self._set(MAX_FIELDS, "10000") else 50,
            parallel_statements=self._parallel_statements,
            min_bytes_to_split=32 * 2**20,
        )

    def query(self, statement: Statement) -> pa.Table:
        """Rows of a statement that reads."""
        with self._runner.running(_asked(statement)):
            frame = self._frame(statement)
            try:
                return plain(frame.toArrow())
            except ValueError as error:
                raise UnsupportedError(
                    f"{_asked(statement)}: no Arrow type fits: {error}"
                ) from error

    def execute(self, statement: Statement) -> int | None:
        """Carry out DDL or DML; Delta tells the affected rows of UPDATE, DELETE and MERGE."""
        with self._runner.running(_asked(statement), writing=True):
            frame = self._frame(statement)
            if "num_affected_rows" not in frame.columns:
                return None
            return int(frame.select("num_affected_rows").collect()[0][0])

    def append(self, table: TableName, rows: pa.Table) -> None:
        """Add `rows` in one commit."""
        with self._runner.running(f"append to {table}", writing=True):
            schema = self._schema(table)
            check_columns(table, rows, schema.names)
            with self._view(fitted(table, rows, schema), schema) as view:
                given = rows.column_names
                self._frame(writes.insert(table, view, given=given, known=schema.names))

    def merge(
        self,
        table: TableName,
        rows: pa.Table,
        *,
        on: Sequence[str],
        update: bool = True,
        counter: str | None = None,
    ) -> MergeCounts:
        """Insert or replace by key in one commit."""
        check_keys(table, rows, on, counter)
        with self._runner.running(f"merge into {table}", writing=True):
            schema = self._schema(table)
            check_columns(table, rows, schema.names)
            cast = fitted(table, rows, schema)
            with self._view(cast, schema) as view:
                statement = writes.merge(table, view, cast, on=on, update=update, counter=counter)
                counts = self._frame(statement).collect()[0]
        return MergeCounts(int(counts["num_inserted_rows"]), int(counts["num_updated_rows"]))

    def inspect(self, relation: Relation) -> Snapshot:
        """Describe `relation` from metadata and file listings."""
        with self._runner.running(f"inspect {relation}"):
            return describe.describe(
                self._described, relation, read_statistics=self._read_statistics
            )

    def restore(self, table: TableName, version: int, *, expected_version: int) -> None:
        """Bring `table` back to `version`, unless it is not at `expected_version`."""
        restoring.restore(
            self.query, self.execute, table, version, expected_version=expected_version
        )

    def tables(self, catalog: str, schema: str) -> Sequence[TableName]:
        """Tables and views of a schema, by name."""
        asked = f"tables of {catalog}.{schema}"
        try:
            with self._runner.running(asked):
                listed = self._frame(Statement(f"SHOW TABLES IN {quote(catalog, schema)}"))
                names = [row["tableName"] for row in listed.collect() if not row["isTemporary"]]
        except TableNotFoundError:
            return []
        return sorted(TableName(catalog, schema, name) for name in names)

    def views(self, catalog: str, schema: str) -> Mapping[TableName, str | None]:
        """Views of a schema and the SELECT of each; one statement more for every view."""
        asked = f"views of {catalog}.{schema}"
        try:
            with self._runner.running(asked):
                listed = self._frame(Statement(f"SHOW VIEWS IN {quote(catalog, schema)}"))
                names = [row["viewName"] for row in listed.collect() if not row["isTemporary"]]
                found = sorted(TableName(catalog, schema, name) for name in names)
                return {name: self._view_text(name) for name in found}
        except TableNotFoundError:
            return {}

    def cancel(self) -> None:
        """Interrupt this engine's statements in the session."""
        self._runner.cancel()

    def close(self) -> None:
        """Nothing to give back: the session belongs to the caller."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _described(self, statement: Statement) -> DataFrame:
        with translated(_asked(statement)):
            return self._frame(statement)

    def _frame(self, statement: Statement) -> DataFrame:
        """The one place where SQL reaches the session."""
        if _CSV.search(statement.text):
            raise UnsupportedError(
                "csv.`…`: the spark engine reads no CSV files; use the local engine or load them"
            )
        self._prepare()
        return self._binder.run(statement.text, statement.parameters)

    def _prepare(self) -> None:
        if not self._prepared:
            self._prepared = True
            for name, value in _SESSION.items():
                self._set(name, value)

    def _set(self, name: str, value: str) -> bool:
        try:
            self._session.conf.set(name, value)
        except FAILURES:
            return False
        return True

    def _view_text(self, name: TableName) -> str | None:
        described = self._frame(Statement(f"DESCRIBE EXTENDED {name.sql}")).collect()
        return next((str(row[1]) for row in described if row[0] == "View Text"), None)

    def _schema(self, table: TableName) -> StructType:
        return self._frame(Statement(f"SELECT * FROM {table.sql}")).schema

    @contextmanager
    def _view(self, rows: pa.Table, schema: StructType) -> Iterator[str]:
        """A temporary view of `rows`, whose columns have the types that `schema` gives them."""
        kinds = {field.name.lower(): field.dataType for field in schema.fields}
        given = type(schema)()
        for name in rows.column_names:
            given = given.add(name, kinds[name.lower()], nullable=True)
        view = f"dq_rows_{uuid.uuid4().hex}"
        self._session.createDataFrame(rows, schema=given).createOrReplaceTempView(view)
        try:
            yield view
        finally:
            self._session.catalog.dropTempView(view)


def _unknown(_location: str, _version: int, _columns: Sequence[ColumnInfo]) -> None:
    """File statistics of a catalog's own tables cannot be read from outside."""


def _asked(statement: Statement) -> str:
    """The start of a statement, enough to know it again."""
    text = " ".join(statement.text.split())
    return text if len(text) <= 120 else text[:119] + "…"
