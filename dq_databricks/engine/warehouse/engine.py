"""The warehouse engine: statements over databricks-sql-connector, repeated only when safe."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

import pyarrow as pa

from dq_databricks.engine import restoring
from dq_databricks.engine.protocol import Capability, EngineFacts, MergeCounts, Snapshot
from dq_databricks.engine.rows import check_keys
from dq_databricks.engine.warehouse import inspection
from dq_databricks.engine.warehouse.batch import (
    MAX_STATEMENT_CHARS,
    insert_statement,
    merge_statement,
)
from dq_databricks.engine.warehouse.connect import Warehouse
from dq_databricks.engine.warehouse.failures import (
    DRIVER_ERRORS,
    Moment,
    NotSentError,
    UnreachableError,
    translate,
)
from dq_databricks.engine.warehouse.parameters import MAX_PARAMETERS
from dq_databricks.engine.warehouse.pool import ConnectionPool
from dq_databricks.engine.warehouse.running import Answer, Flights
from dq_databricks.engine.warehouse.verbs import reads
from dq_databricks.errors import (
    AuthenticationError,
    ColumnNotFoundError,
    EngineError,
    EngineUnavailableError,
    SchemaMismatchError,
    SqlError,
)
from dq_databricks.model.redacting import redacted
from dq_databricks.sql.identifiers import TableName
from dq_databricks.sql.parse import excerpt
from dq_databricks.sql.relation import Relation
from dq_databricks.sql.statement import Statement

FACTS = EngineFacts(
    name="warehouse",
    capabilities=frozenset(
        {
            Capability.HISTORY,
            Capability.TIME_TRAVEL,
            Capability.CLONE,
            Capability.GRANTS,
            Capability.CLUSTERING,
            Capability.KEY_CONSTRAINTS,
            Capability.CHECK_CONSTRAINTS,
            Capability.CANCEL,
            Capability.QUERY_TAGS,
        }
    ),
    max_aggregates=50,
    max_statement_chars=MAX_STATEMENT_CHARS,
    max_parameters=MAX_PARAMETERS,
    parallel_statements=2,
    # Compiling and scheduling one more statement takes about as long as scanning this much.
    min_bytes_to_split=64_000_000,
)


class WarehouseEngine:
    """An engine over a SQL warehouse. Connects when the first statement runs, not before."""

    def __init__(
        self,
        warehouse: Warehouse,
        *,
        connections: int = 4,
        facts: EngineFacts = FACTS,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._warehouse, self._facts = warehouse, facts
        self._clock, self._sleep = clock, sleep
        self._flights = Flights(self._hide)
        self._pool = ConnectionPool(
            self._connect, size=connections, wait_s=warehouse.patience.deadline_s, clock=clock
        )

    @property
    def facts(self) -> EngineFacts:
        """What a SQL warehouse can do."""
        return self._facts

    def query(self, statement: Statement) -> pa.Table:
        """Rows of a statement that reads; sent again while the warehouse is out of reach.

        Raises SqlError for one that writes: it must not be sent again.
        """
        if not reads(statement.text):
            raise SqlError(f"{excerpt(statement.text)!r} is no query; use execute for it")
        return self._run(statement, reading=True).rows

    def execute(self, statement: Statement) -> int | None:
        """Carry out DDL or DML once; affected rows where the statement has them.

        Raises OutcomeUnknownError when the connection broke after it was sent.
        """
        return self._run(statement, reading=False).changed

    def append(self, table: TableName, rows: pa.Table) -> None:
        """Add `rows` in one INSERT."""
        if not rows.num_rows:
            return
        changed = self._write(table, insert_statement(table, rows)).changed
        if changed is not None and changed != rows.num_rows:
            raise EngineError(
                f"append to {table}: {rows.num_rows} rows were sent, {changed} were written; look"
                " at the table before writing again"
            )

    def merge(
        self,
        table: TableName,
        rows: pa.Table,
        *,
        on: Sequence[str],
        update: bool = True,
        counter: str | None = None,
    ) -> MergeCounts:
        """Insert or replace by key in one MERGE."""
        check_keys(table, rows, on, counter)
        if not rows.num_rows:
            return MergeCounts(0, 0)
        statement = merge_statement(table, rows, on, update=update, counter=counter)
        counts = self._write(table, statement).rows.to_pylist()[0]
        return MergeCounts(int(counts["num_inserted_rows"]), int(counts["num_updated_rows"]))

    def inspect(self, relation: Relation) -> Snapshot:
        """Describe `relation` in three or four statements; statistics stay unknown."""
        return inspection.inspect(self.query, relation)

    def restore(self, table: TableName, version: int, *, expected_version: int) -> None:
        """Bring `table` back to `version`, unless it is not at `expected_version`."""
        restoring.restore(
            self.query, self.execute, table, version, expected_version=expected_version
        )

    def tables(self, catalog: str, schema: str) -> Sequence[TableName]:
        """Tables and views of a schema, by name."""
        return inspection.tables(self.query, catalog, schema)

    def views(self, catalog: str, schema: str) -> Mapping[TableName, str | None]:
        """Views of a schema and the SELECT of each, by one statement."""
        return inspection.views(self.query, catalog, schema)

    def cancel(self) -> None:
        """Cancel the statements in flight, on the warehouse too."""
        self._flights.cancel()

    def close(self) -> None:
        """Close the sessions."""
        self._pool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _write(self, table: TableName, statement: Statement) -> Answer:
        try:
            return self._run(statement, reading=False)
        except ColumnNotFoundError as error:
            raise SchemaMismatchError(f"write to {table}: {error}") from error

    def _run(self, statement: Statement, *, reading: bool) -> Answer:
        """Try until it works or may no longer be tried.

        Sent again: a read that met an unreachable warehouse, anything the warehouse did not take.
        Credentials are renewed once.
        """
        end = self._clock() + self._warehouse.patience.deadline_s
        attempt, renewed = 0, False
        while True:
            try:
                with self._pool.checkout() as link:
                    return self._flights.run(link, statement, reading=reading)
            except AuthenticationError:
                if renewed:
                    raise
                renewed = True
                self._warehouse.credentials.renew()
                self._pool.renew()
            except EngineUnavailableError as error:
                pause = self._warehouse.patience.pause_s(attempt)
                if self._is_final(error, attempt, reading) or self._clock() + pause >= end:
                    raise
                attempt += 1
                self._sleep(pause)

    def _is_final(self, error: EngineUnavailableError, attempt: int, reading: bool) -> bool:
        if isinstance(error, UnreachableError):
            return attempt >= self._warehouse.patience.connects
        return not (reading or isinstance(error, NotSentError))

    def _connect(self) -> Any:
        try:
            return self._warehouse.connect()
        except (EngineError, *DRIVER_ERRORS) as error:
            raised = translate(error, Moment(reading=True), self._hide)
            if type(raised) is EngineUnavailableError:
                raised = NotSentError(str(raised))
            raise raised from None

    def _hide(self, text: str) -> str:
        return redacted(text, self._warehouse.credentials.secrets())
