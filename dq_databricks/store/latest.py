"""What the newest complete run says of every test: for lists of tests, and their filters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dq_databricks.model.testing import TestRecord, TestResult, TestRun
from dq_databricks.model.vocabulary import ResultStatus, RunStatus
from dq_databricks.sql.identifiers import quote
from dq_databricks.sql.statement import Parameter, Statement
from dq_databricks.store.access import Table
from dq_databricks.store.filters import Condition, escaped, in_query, is_null, render
from dq_databricks.store.run_life import of_complete_runs

_NEWEST = "max_by(`result_status`, `detected_at`)"
_GROUPED = ("table_id", "table_name", "test_suite_key", "rule_type", "is_active")


@dataclass(frozen=True, slots=True)
class TestCount:
    """How many tests share these values; `verdict` None: they never ran."""

    __test__ = False
    table_id: str
    table_name: str
    test_suite_key: str
    rule_type: str
    is_active: bool
    verdict: ResultStatus | None
    tests: int


class LatestVerdicts:
    """Tests by their newest verdict."""

    def __init__(
        self, tests: Table[TestRecord], runs: Table[TestRun], results: Table[TestResult]
    ) -> None:
        self._tests = tests
        self._runs = runs
        self._results = results

    def counts(self) -> tuple[TestCount, ...]:
        """The tests in use, counted by table, suite, check type and newest verdict; one read."""
        where, parameters = self._where(self._tests, [is_null("deleted_at")], "t")
        newest, more = self._newest()
        columns = ", ".join(quote(name) for name in _GROUPED)
        tests = f"SELECT `test_id`, {columns} FROM {self._tests.name.sql} WHERE {where}"
        text = f"""SELECT {columns}, verdict, count(*) AS tests
FROM ({tests}) AS t
LEFT JOIN (SELECT `test_id` AS newest_of, {_NEWEST} AS verdict {newest}) AS n
  ON t.`test_id` = n.newest_of
GROUP BY {columns}, verdict
ORDER BY {columns}, verdict"""
        rows = self._tests.values(Statement(text, {**parameters, **more}))
        return tuple(_count(row) for row in rows)

    def having(self, verdict: ResultStatus | None) -> Condition:
        """The condition for tests whose newest verdict this is; None: those that never ran."""
        source = escaped(self._results.name.sql)
        runs = escaped(self._runs.name.sql)
        of_complete = f"`test_run_id` IN (SELECT `test_run_id` FROM {runs} WHERE status = {{}})"
        tested = f"SELECT `test_id` FROM {source} WHERE {of_complete} GROUP BY `test_id`"
        if verdict is None:
            tests = escaped(self._tests.name.sql)
            untested = f"SELECT `test_id` FROM {tests} WHERE `test_id` NOT IN ({tested})"
            return in_query("test_id", untested, RunStatus.COMPLETED)
        has = f"{tested} HAVING {_NEWEST} = {{}}"
        return in_query("test_id", has, RunStatus.COMPLETED, verdict)

    def _newest(self) -> tuple[str, dict[str, Parameter]]:
        complete = of_complete_runs(self._runs, "test_run_id")
        where, parameters = self._where(self._results, [complete], "r")
        return f"FROM {self._results.name.sql} WHERE {where} GROUP BY `test_id`", parameters

    @staticmethod
    def _where(
        table: Table[TestRecord] | Table[TestResult], conditions: Sequence[Condition], prefix: str
    ) -> tuple[str, dict[str, Parameter]]:
        return render(table.model, [*conditions, *table.scope], prefix)


def _count(row: dict[str, Any]) -> TestCount:
    verdict = row["verdict"]
    return TestCount(**{**row, "verdict": None if verdict is None else ResultStatus(verdict)})
