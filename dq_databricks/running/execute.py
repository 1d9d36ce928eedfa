"""Carries out a plan: statements side by side, failures kept to the measure that caused them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from time import perf_counter

import pyarrow as pa

from dq_databricks.engine.protocol import Engine, Scalar
from dq_databricks.errors import ExpressionError, QualityError
from dq_databricks.planning.measure import Measurement
from dq_databricks.planning.plan import PlannedStatement, ProvenMeasure, ScanPlan
from dq_databricks.running.isolate import reason, smaller_statements
from dq_databricks.running.values import cell, rows_of
from dq_databricks.sql.statement import Statement

_SOURCES = {"scan": "scan", "sketch": "scan", "group": "group", "query": "query"}


def execute(
    plan: ScanPlan,
    engine: Engine,
    *,
    tags: Mapping[str, str] | None = None,
    on_statement: Callable[[PlannedStatement], None] | None = None,
) -> dict[str, Measurement]:
    """A measurement for every key of `plan`; one that cannot be taken carries its error.

    `on_statement` is called, in this thread, when all of a planned statement is answered.
    Whatever ends the wait (such as Ctrl-C) cancels what runs, in the engine too.
    """
    measurements = dict(_proven(plan.proven))
    if plan.statements:
        run = _Run(plan, engine, dict(tags or {}), on_statement)
        measurements.update(run.measurements())
    return measurements


def _proven(proven: tuple[ProvenMeasure, ...]) -> Iterator[tuple[str, Measurement]]:
    for answer in proven:
        for key in answer.keys:
            yield key, Measurement(key, answer.value, answer.source)


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What one statement gave: a table or an error."""

    planned: PlannedStatement
    statement: Statement
    duration_ms: int
    table: pa.Table | None = None
    error: QualityError | None = None


class _Run:
    """The statements in flight. A statement that fails is replaced by its halves."""

    def __init__(
        self,
        plan: ScanPlan,
        engine: Engine,
        tags: dict[str, str],
        on_statement: Callable[[PlannedStatement], None] | None,
    ) -> None:
        self._plan, self._engine, self._tags = plan, engine, tags
        self._on_statement = on_statement
        self._in_flight: dict[Future[_Outcome], int] = {}
        self._open = Counter[int]()

    def measurements(self) -> dict[str, Measurement]:
        """Run everything to its end."""
        answers: dict[str, Measurement] = {}
        pool = ThreadPoolExecutor(max(1, self._engine.facts.parallel_statements))
        finished = False
        try:
            for origin, planned in enumerate(self._plan.statements):
                self._submit(pool, planned, origin)
            while self._in_flight:
                for future in wait(self._in_flight, return_when=FIRST_COMPLETED).done:
                    answers.update(self._settle(pool, future))
            finished = True
        finally:
            if not finished:
                self._engine.cancel()
            pool.shutdown(cancel_futures=True)
        return answers

    def _submit(self, pool: ThreadPoolExecutor, planned: PlannedStatement, origin: int) -> None:
        self._in_flight[pool.submit(self._ask, planned)] = origin
        self._open[origin] += 1

    def _ask(self, planned: PlannedStatement) -> _Outcome:
        statement, start = planned.statement.tagged(**self._tags), perf_counter()
        try:
            table = self._engine.query(statement)
        except QualityError as error:
            return _Outcome(planned, statement, _ms_since(start), error=error)
        return _Outcome(planned, statement, _ms_since(start), table=table)

    def _settle(self, pool: ThreadPoolExecutor, future: Future[_Outcome]) -> dict[str, Measurement]:
        origin, outcome = self._in_flight.pop(future), future.result()
        smaller: tuple[PlannedStatement, ...] = ()
        if outcome.error is not None:
            smaller = smaller_statements(outcome.planned, outcome.error, self._plan.snapshot)
        for half in smaller:
            self._submit(pool, half, origin)
        self._open[origin] -= 1
        if not self._open[origin] and self._on_statement is not None:
            self._on_statement(self._plan.statements[origin])
        return {} if smaller else _answers(outcome)


def _answers(outcome: _Outcome) -> dict[str, Measurement]:
    return {
        key: _measurement(outcome, alias, key)
        for alias, keys in outcome.planned.answers.items()
        for key in keys
    }


def _measurement(outcome: _Outcome, alias: str, key: str) -> Measurement:
    value: Scalar | None = None
    rows: tuple[Mapping[str, Scalar | None], ...] = ()
    error = outcome.error
    if outcome.table is not None:
        try:
            rows = rows_of(outcome.table) if alias == "*" else ()
            value = None if alias == "*" else _value(outcome, outcome.table, alias)
        except ExpressionError as raised:
            error = raised
    return Measurement(
        key=key,
        value=value,
        source=_SOURCES[outcome.planned.kind],
        error=None if error is None else reason(error),
        statement=outcome.statement,
        duration_ms=outcome.duration_ms,
        rows=rows,
        failure=error,
    )


def _value(outcome: _Outcome, table: pa.Table, alias: str) -> Scalar | None:
    return cell(table, 0 if outcome.planned.kind == "query" else alias)


def _ms_since(start: float) -> int:
    return round((perf_counter() - start) * 1000)
