"""Engines for tests: one that plays a script, and one that counts what a real one is asked."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

import pyarrow as pa

from dq_databricks.engine.protocol import (
    Capability,
    Engine,
    EngineFacts,
    MergeCounts,
    Snapshot,
)
from dq_databricks.errors import EngineError, TableNotFoundError
from dq_databricks.sql.identifiers import TableName
from dq_databricks.sql.relation import Relation
from dq_databricks.sql.statement import Statement

Script = Callable[[Statement], pa.Table] | Mapping[str, pa.Table | EngineError]
"""What statements give: a function, or rows or an error by a piece of the text."""


@dataclass(frozen=True, slots=True)
class Write:
    """One append, merge or restore that an engine was asked for; a restore has no rows."""

    verb: str
    table: TableName
    rows: pa.Table | None = None
    on: tuple[str, ...] = ()
    update: bool = False
    version: int | None = None
    expected_version: int | None = None
    counter: str | None = None


@dataclass(slots=True)
class Calls:
    """What an engine was asked, in order; filled from any thread."""

    queries: list[Statement] = field(default_factory=list)
    executed: list[Statement] = field(default_factory=list)
    writes: list[Write] = field(default_factory=list)
    inspected: list[Relation] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def statements(self) -> list[Statement]:
        """Everything sent as SQL: queries, then what was executed."""
        return [*self.queries, *self.executed]

    def clear(self) -> None:
        """Forget what was asked so far."""
        with self._lock:
            for calls in (self.queries, self.executed, self.writes, self.inspected):
                calls.clear()

    def queried(self, statement: Statement) -> None:
        """Remember a query."""
        with self._lock:
            self.queries.append(statement)

    def carried_out(self, statement: Statement) -> None:
        """Remember an executed statement."""
        with self._lock:
            self.executed.append(statement)

    def wrote(self, write: Write) -> None:
        """Remember an append or a merge."""
        with self._lock:
            self.writes.append(write)

    def looked_at(self, relation: Relation) -> None:
        """Remember an inspection."""
        with self._lock:
            self.inspected.append(relation)


class Recorder:
    """A real engine that remembers in `calls` everything it is asked."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.calls = Calls()

    @property
    def facts(self) -> EngineFacts:
        """The facts of the wrapped engine."""
        return self.engine.facts

    def query(self, statement: Statement) -> pa.Table:
        """See `Engine.query`."""
        self.calls.queried(statement)
        return self.engine.query(statement)

    def execute(self, statement: Statement) -> int | None:
        """See `Engine.execute`."""
        self.calls.carried_out(statement)
        return self.engine.execute(statement)

    def append(self, table: TableName, rows: pa.Table) -> None:
        """See `Engine.append`."""
        self.calls.wrote(Write("append", table, rows))
        self.engine.append(table, rows)

    def merge(
        self,
        table: TableName,
        rows: pa.Table,
        *,
        on: Sequence[str],
        update: bool = True,
        counter: str | None = None,
    ) -> MergeCounts:
        """See `Engine.merge`."""
        self.calls.wrote(Write("merge", table, rows, tuple(on), update, counter=counter))
        return self.engine.merge(table, rows, on=on, update=update, counter=counter)

    def inspect(self, relation: Relation) -> Snapshot:
        """See `Engine.inspect`."""
        self.calls.looked_at(relation)
        return self.engine.inspect(relation)

    def restore(self, table: TableName, version: int, *, expected_version: int) -> None:
        """See `Engine.restore`."""
        wanted = Write("restore", table, version=version, expected_version=expected_version)
        self.calls.wrote(wanted)
        self.engine.restore(table, version, expected_version=expected_version)

    def tables(self, catalog: str, schema: str) -> Sequence[TableName]:
        """See `Engine.tables`."""
        return self.engine.tables(catalog, schema)

    def views(self, catalog: str, schema: str) -> Mapping[TableName, str | None]:
        """See `Engine.views`."""
        return self.engine.views(catalog, schema)

    def cancel(self) -> None:
        """See `Engine.cancel`."""
        self.engine.cancel()

    def close(self) -> None:
        """See `Engine.close`."""
        self.engine.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


class RecordingEngine:
    """Plays a script and remembers in `calls` what it was asked; computes nothing.

    `answers` is a function that gives rows (or raises), or rows and errors by a piece of the text:
    the first piece found in the text answers. What the script lacks raises EngineError.
    """

    def __init__(
        self,
        answers: Script | None = None,
        *,
        snapshots: Mapping[Relation, Snapshot] | None = None,
        affected: int | None = None,
        facts: EngineFacts | None = None,
        views: Mapping[TableName, str | None] | None = None,
    ) -> None:
        self.calls = Calls()
        self._views = dict(views or {})
        self._answers: Script = answers if answers is not None else {}
        self._snapshots = dict(snapshots or {})
        self._affected = affected
        self._facts = facts or EngineFacts("recording", frozenset(Capability))

    @property
    def facts(self) -> EngineFacts:
        """The facts given to the constructor; by default everything is possible."""
        return self._facts

    def query(self, statement: Statement) -> pa.Table:
        """The scripted answer of `statement`."""
        self.calls.queried(statement)
        if not isinstance(self._answers, Mapping):
            return self._answers(statement)
        for piece, answer in self._answers.items():
            if piece in statement.text:
                return _given(answer)
        raise EngineError(f"no answer in the script for: {' '.join(statement.text.split())[:200]}")

    def execute(self, statement: Statement) -> int | None:
        """The `affected` rows given to the constructor."""
        self.calls.carried_out(statement)
        return self._affected

    def append(self, table: TableName, rows: pa.Table) -> None:
        """Remember the rows."""
        self.calls.wrote(Write("append", table, rows))

    def merge(
        self,
        table: TableName,
        rows: pa.Table,
        *,
        on: Sequence[str],
        update: bool = True,
        counter: str | None = None,
    ) -> MergeCounts:
        """Remember the rows; all count as inserted."""
        self.calls.wrote(Write("merge", table, rows, tuple(on), update, counter=counter))
        return MergeCounts(rows.num_rows, 0)

    def inspect(self, relation: Relation) -> Snapshot:
        """The scripted snapshot of `relation`. Raises TableNotFoundError without one."""
        self.calls.looked_at(relation)
        if relation not in self._snapshots:
            raise TableNotFoundError(f"{relation} is not in the script of this engine")
        return self._snapshots[relation]

    def restore(self, table: TableName, version: int, *, expected_version: int) -> None:
        """Remember both versions."""
        wanted = Write("restore", table, version=version, expected_version=expected_version)
        self.calls.wrote(wanted)

    def tables(self, catalog: str, schema: str) -> Sequence[TableName]:
        """Tables of the schema that were written to."""
        names = {write.table for write in self.calls.writes}
        return sorted(n for n in names if (n.catalog, n.schema) == (catalog, schema))

    def views(self, catalog: str, schema: str) -> Mapping[TableName, str | None]:
        """Those that the script has, of this schema."""
        found = self._views.items()
        return {n: text for n, text in found if (n.catalog, n.schema) == (catalog, schema)}

    def cancel(self) -> None:
        """Nothing runs, so nothing is cancelled."""

    def close(self) -> None:
        """Nothing to give back."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def _given(answer: pa.Table | EngineError) -> pa.Table:
    if isinstance(answer, EngineError):
        raise answer
    return answer
