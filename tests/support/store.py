"""Helpers of the store's tests: a tapped engine, a clock that ticks, rows with every field set."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import TypeVar

import pyarrow as pa

from dq_databricks.engine.protocol import Engine, EngineFacts, MergeCounts, Snapshot
from dq_databricks.model.alert import Alert
from dq_databricks.model.ids import Context
from dq_databricks.model.testing import TestRecord, TestResult, TestRun
from dq_databricks.model.vocabulary import AlertSource, ResultStatus, RunStatus, Severity
from dq_databricks.settings import Settings
from dq_databricks.sql.identifiers import TableName
from dq_databricks.sql.relation import Relation
from dq_databricks.sql.statement import Statement

START = datetime(2024, 1, 1, tzinfo=UTC)
Tap = Callable[[str, str], None]
T = TypeVar("T")


def quiet(kind: str, what: str) -> None:
    """A tap that does nothing."""


class Clock:
    """A clock that moves on by 20 milliseconds each time it is read."""

    def __init__(self) -> None:
        self.ticks = 0

    def __call__(self) -> datetime:
        self.ticks += 1
        return START + timedelta(milliseconds=20 * self.ticks)


def ticking() -> Context:
    return Context(now=Clock())


def settings_for(schema: str, **more: object) -> Settings:
    return Settings.load({}, catalog="main", data_quality_schema=schema, user="tester", **more)


class TappedEngine:
    """Passes everything on, and calls `before` and `after` with the kind and text of each call."""

    def __init__(self, engine: Engine, *, before: Tap = quiet, after: Tap = quiet) -> None:
        self.engine = engine
        self.before = before
        self.after = after
        self.calls: list[tuple[str, str]] = []

    @property
    def facts(self) -> EngineFacts:
        return self.engine.facts

    def query(self, statement: Statement) -> pa.Table:
        return self._tapped("query", statement.text, lambda: self.engine.query(statement))

    def execute(self, statement: Statement) -> int | None:
        return self._tapped("execute", statement.text, lambda: self.engine.execute(statement))

    def append(self, table: TableName, rows: pa.Table) -> None:
        self._tapped("append", table.table, lambda: self.engine.append(table, rows))

    def merge(
        self,
        table: TableName,
        rows: pa.Table,
        *,
        on: Sequence[str],
        update: bool = True,
        counter: str | None = None,
    ) -> MergeCounts:
        return self._tapped(
            "merge",
            table.table,
            lambda: self.engine.merge(table, rows, on=on, update=update, counter=counter),
        )

    def inspect(self, relation: Relation) -> Snapshot:
        return self._tapped("inspect", str(relation), lambda: self.engine.inspect(relation))

    def restore(self, table: TableName, version: int, *, expected_version: int) -> None:
        self._tapped(
            "restore",
            table.table,
            lambda: self.engine.restore(table, version, expected_version=expected_version),
        )

    def tables(self, catalog: str, schema: str) -> Sequence[TableName]:
        return self.engine.tables(catalog, schema)

    def views(self, catalog: str, schema: str) -> Mapping[TableName, str | None]:
        return self.engine.views(catalog, schema)

    def cancel(self) -> None:
        self.engine.cancel()

    def close(self) -> None:
        self.engine.close()

    def __enter__(self) -> TappedEngine:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def count(self, *kinds: str) -> int:
        return sum(kind in kinds for kind, _ in self.calls)

    def _tapped(self, kind: str, what: str, action: Callable[[], T]) -> T:
        self.calls.append((kind, what))
        self.before(kind, what)
        answer = action()
        self.after(kind, what)
        return answer


def once(kind: str, fragment: str, error: BaseException) -> Tap:
    """A tap that raises `error` the first time a call of `kind` contains `fragment`."""
    armed = [True]

    def tap(called: str, what: str) -> None:
        if armed and called == kind and fragment in what:
            armed.clear()
            raise error

    return tap


def a_test(test_id: str, **more: object) -> TestRecord:
    values = {
        "test_id": test_id,
        "table_group_id": "g1",
        "name": f"test {test_id}",
        "rule_type": "null_percent",
        "definition": "{}",
        "created_at": START,
        "updated_at": START,
        "table_id": "t1",
        "table_name": "flights",
    }
    return TestRecord.model_validate({**values, **more})


def a_run(test_run_id: str, **more: object) -> TestRun:
    values = {
        "test_run_id": test_run_id,
        "test_suite_key": "default_suite",
        "project_key": "default",
        "status": RunStatus.RUNNING,
        "started_at": START,
    }
    return TestRun.model_validate({**values, **more})


def a_result(run: str, test: str, **more: object) -> TestResult:
    values = {
        "test_run_id": run,
        "test_id": test,
        "result_id": f"{run}-{test}",
        "table_name": "flights",
        "result_status": ResultStatus.PASS,
        "detected_at": START,
        "test_name": f"test {test}",
        "check_type": "null_percent",
        "severity": Severity.ERROR,
        "table_id": "t1",
        "definition": "{}",
    }
    return TestResult.model_validate({**values, **more})


def an_alert(alert_id: str, **more: object) -> Alert:
    values = {
        "alert_id": alert_id,
        "source_type": AlertSource.TEST_FAILURE,
        "source_ref": "r1",
        "severity": Severity.ERROR,
        "title": f"alert {alert_id}",
        "created_at": START,
        "updated_at": START,
    }
    return Alert.model_validate({**values, **more})
