"""Trying a test without keeping anything, and looking at the rows a result speaks of."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dq_databricks.checks.bind import bind_check_rows
from dq_databricks.checks.definition import Definition, definition_text
from dq_databricks.engine.protocol import Engine, Snapshot
from dq_databricks.errors import EngineError, QualityError, UnsupportedError
from dq_databricks.model.catalog import TableEntry
from dq_databricks.model.ids import Context
from dq_databricks.model.testing import TestRecord, TestResult
from dq_databricks.quality.targets import parse_target
from dq_databricks.quality.tests import TestFace
from dq_databricks.running.past import past_readouts, readout_of
from dq_databricks.running.relations import relation_of
from dq_databricks.running.table_tests import failed_table, plan_table, run_table
from dq_databricks.store.filters import eq
from dq_databricks.store.store import Store

MOST_ROWS = 100
MOST_CELL_CHARS = 200
MOST_SAFE_INTEGER = 2**53 - 1
PAST_RESULTS = 20


@dataclass(frozen=True, slots=True)
class FailedRows:
    """Rows that a result counted, as of the version it saw; or `reason`: why none can be shown.

    Cells are text, numbers or booleans; text is cut to 200 characters.
    """

    result_id: str
    table_version: int | None
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()
    is_complete: bool = True
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Validation:
    """Whether a test could be stored; `problem` says why not."""

    problem: str | None
    check_type: str | None = None
    definition: Definition | None = None

    @property
    def plain_parameters(self) -> dict[str, Any]:
        """The parameters as JSON has them; none where there is a problem."""
        if self.definition is None:
            return {}
        parameters: dict[str, Any] = json.loads(definition_text((), self.definition.parameters))[
            "parameters"
        ]
        return parameters


@dataclass(frozen=True, slots=True)
class TryFace:
    """Measures and looks; stores nothing."""

    store: Store
    engine: Engine
    context: Context
    faces: TestFace

    def validate(
        self,
        table_id: str,
        check_type: str,
        columns: Sequence[str],
        parameters: Mapping[str, object],
    ) -> Validation:
        """Hold a test against its table; raises NotFoundError and EngineError, not the problem."""
        entry = self.store.catalog.tables.require(table_id)
        self.engine.inspect(relation_of(entry))
        try:
            found, definition, _ = self.faces.checked(entry, check_type, columns, parameters)
        except QualityError as error:
            if not error.wrong_use:
                raise
            return Validation(self.context.redaction(str(error)))
        return Validation(None, found.name, definition)

    def try_test(
        self, test_id: str, *, parameters: Mapping[str, object] | None = None
    ) -> TestResult:
        """Measure and judge a test now, with other `parameters` where given.

        The result is that of a run that never was: nothing is stored, and nobody is alerted.
        Raises NotFoundError, ParameterError.
        """
        test, entry = self._changed(test_id, parameters)
        past = past_readouts(self.store.runs.previous([test_id], count=PAST_RESULTS))
        at, run_id = self.context.now(), self.context.new_id()
        try:
            planned = plan_table(
                self.engine, entry, [test], at=at, resolve_reference=parse_target, past=past
            )
        except QualityError as error:
            return failed_table(entry, [test], error, run_id=run_id, at=at).results[0]
        return run_table(self.engine, planned, run_id=run_id, at=at).results[0]

    def backtest(
        self,
        test_id: str,
        *,
        parameters: Mapping[str, object] | None = None,
        versions: int = 10,
    ) -> tuple[TestResult, ...]:
        """What a test would have said after each of the last `versions` commits, oldest first.

        Every version is measured anew, with other `parameters` where given, and dated as its
        commit; nothing is stored. A version that cannot be read any more is an ``error``.
        Raises NotFoundError, ParameterError, and UnsupportedError for files without versions.
        """
        test, entry = self._changed(test_id, parameters)
        latest = self.engine.inspect(relation_of(entry)).version
        if latest is None:
            raise UnsupportedError(
                f"{entry.table_name}: it keeps no versions to go back to; try the test instead"
            )
        results: list[TestResult] = []
        for version in range(max(0, latest + 1 - versions), latest + 1):
            results.append(self._after_commit(test, entry, version, results))
        return tuple(results)

    def failed_rows(self, result_id: str, *, limit: int = 20) -> FailedRows:
        """Up to `limit` (at most 100) rows that the measure behind a result counted.

        Raises NotFoundError.
        """
        result = self.store.runs.result(result_id)
        try:
            snapshot = self._as_seen(result)
            test = self._test_of(result)
            found = bind_check_rows(
                test, snapshot, limit=min(limit, MOST_ROWS) + 1,
                resolve_reference=parse_target, now=result.detected_at,
            )  # fmt: skip
            if found.statement is None:
                return FailedRows(result_id, result.table_version, reason=found.reason)
            answer = self.engine.query(found.statement)
        except QualityError as error:
            reason = self.context.redaction(f"the rows cannot be read again: {error}")
            return FailedRows(result_id, result.table_version, reason=reason[:500])
        rows = tuple(tuple(map(_cell, row.values())) for row in answer.to_pylist())
        shown = rows[: min(limit, MOST_ROWS)]
        return FailedRows(
            result_id,
            result.table_version,
            tuple(answer.column_names),
            shown,
            is_complete=len(shown) == len(rows),
        )

    def _changed(
        self, test_id: str, parameters: Mapping[str, object] | None
    ) -> tuple[TestRecord, TableEntry]:
        """A test with other parameters where given, and its table."""
        test = self.store.tests.get(test_id)
        if parameters:
            test = self.faces.changed(test, {"parameters": parameters})
        return test, self.store.catalog.tables.require(test.table_id)

    def _after_commit(
        self, test: TestRecord, entry: TableEntry, version: int, before: Sequence[TestResult]
    ) -> TestResult:
        """The result as if the test had run right after `version`; `before` are older ones."""
        now, run_id = self.context.now(), self.context.new_id()
        past = {test.test_id: tuple(map(readout_of, reversed(before[-PAST_RESULTS:])))}
        try:
            snapshot = self.engine.inspect(relation_of(entry).at(version))
            at = snapshot.modified_at or now
            planned = plan_table(
                self.engine, entry, [test], at=at, resolve_reference=parse_target, past=past,
                version=version,
            )  # fmt: skip
        except QualityError as error:
            (failed,) = failed_table(entry, [test], error, run_id=run_id, at=now).results
            return failed.model_copy(update={"table_version": version})
        return run_table(self.engine, planned, run_id=run_id, at=at).results[0]

    def _as_seen(self, result: TestResult) -> Snapshot:
        """The table as the result saw it; raises EngineError when it cannot be had any more."""
        page = self.store.catalog.tables.select(
            eq("table_id", result.table_id), include_removed=True, limit=1
        )
        if not page.items:
            raise EngineError(f"table {result.table_name} is no longer known")
        snapshot = self.engine.inspect(relation_of(page.items[0]).at(result.table_version))
        if result.table_version is None and snapshot.fingerprint != result.fingerprint:
            raise EngineError(f"{result.table_name} was changed since, and keeps no versions")
        return snapshot

    def _test_of(self, result: TestResult) -> TestRecord:
        """The test as it was when the result was measured."""
        return TestRecord(
            test_id=result.test_id,
            table_group_id="",
            name=result.test_name,
            rule_type=result.check_type,
            definition=result.definition,
            created_at=result.detected_at,
            updated_at=result.detected_at,
            table_id=result.table_id,
            table_name=result.table_name,
            column_name=result.column_name,
        )


def _cell(value: object) -> object:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int) and abs(value) <= MOST_SAFE_INTEGER:
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    text = value.isoformat() if isinstance(value, datetime) else str(value)
    return text if len(text) <= MOST_CELL_CHARS else text[: MOST_CELL_CHARS - 1] + "…"
