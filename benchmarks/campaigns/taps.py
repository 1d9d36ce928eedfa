"""An engine that pauses at named calls, so that two processes meet where it hurts, on purpose."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from typing import Self, TypeVar

import pyarrow as pa

from benchmarks.campaigns.jobs import Gate
from dq_databricks.engine.protocol import Engine, EngineFacts, MergeCounts, Snapshot
from dq_databricks.sql.identifiers import TableName
from dq_databricks.sql.relation import Relation
from dq_databricks.sql.statement import Statement

T = TypeVar("T")
_LONGEST_WAIT_S = 120.0


class GatedEngine:
    """Passes everything on; stands still at its gates."""

    def __init__(self, engine: Engine, gates: Sequence[Gate]) -> None:
        self._engine = engine
        self._gates = tuple(gates)
        self._counts: Counter[Gate] = Counter()
        self._lock = Lock()

    @property
    def facts(self) -> EngineFacts:
        """See `Engine.facts`."""
        return self._engine.facts

    def query(self, statement: Statement) -> pa.Table:
        """See `Engine.query`."""
        return self._gated("query", statement.text, lambda: self._engine.query(statement))

    def execute(self, statement: Statement) -> int | None:
        """See `Engine.execute`."""
        return self._gated("execute", statement.text, lambda: self._engine.execute(statement))

    def append(self, table: TableName, rows: pa.Table) -> None:
        """See `Engine.append`."""
        self._gated("append", str(table), lambda: self._engine.append(table, rows))

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
        return self._gated(
            "merge",
            str(table),
            lambda: self._engine.merge(table, rows, on=on, update=update, counter=counter),
        )

    def inspect(self, relation: Relation) -> Snapshot:
        """See `Engine.inspect`."""
        return self._gated("inspect", str(relation), lambda: self._engine.inspect(relation))

    def restore(self, table: TableName, version: int, *, expected_version: int) -> None:
        """See `Engine.restore`."""
        self._gated(
            "restore",
            str(table),
            lambda: self._engine.restore(table, version, expected_version=expected_version),
        )

    def tables(self, catalog: str, schema: str) -> Sequence[TableName]:
        """See `Engine.tables`."""
        return self._engine.tables(catalog, schema)

    def views(self, catalog: str, schema: str) -> Mapping[TableName, str | None]:
        """See `Engine.views`."""
        return self._engine.views(catalog, schema)

    def cancel(self) -> None:
        """See `Engine.cancel`."""
        self._engine.cancel()

    def close(self) -> None:
        """See `Engine.close`."""
        self._engine.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _gated(self, kind: str, text: str, call: Callable[[], T]) -> T:
        self._stand("before", kind, text)
        answer = call()
        self._stand("after", kind, text)
        return answer

    def _stand(self, when: str, kind: str, text: str) -> None:
        for gate in self._gates:
            if (gate.when, gate.kind) != (when, kind) or gate.text not in text:
                continue
            with self._lock:
                self._counts[gate] += 1
                is_here = self._counts[gate] == gate.number
            if is_here:
                _stand_at(gate)


def _stand_at(gate: Gate) -> None:
    gate.reached.touch()
    end = time.monotonic() + _LONGEST_WAIT_S
    while gate.waits and not gate.open.exists():
        if time.monotonic() > end:
            raise TimeoutError(f"gate {gate.path} was never opened")
        time.sleep(0.005)
