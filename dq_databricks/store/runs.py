"""Test runs and their results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields

from dq_databricks.errors import NotFoundError
from dq_databricks.model.testing import PastResult, TestResult, TestRun
from dq_databricks.model.vocabulary import ResultStatus
from dq_databricks.sql.identifiers import quote
from dq_databricks.sql.statement import Statement
from dq_databricks.store.access import Table
from dq_databricks.store.filters import Condition, eq, is_in, render
from dq_databricks.store.page import Page
from dq_databricks.store.run_life import finish, of_complete_runs


class Runs:
    """A run appears as running, its results are one commit, its terminal state comes last."""

    def __init__(self, runs: Table[TestRun], results: Table[TestResult]) -> None:
        self.runs = runs
        self._results = results

    def start(self, run: TestRun) -> TestRun:
        """Store the row of a run that is running. Raises AlreadyExistsError."""
        return self.runs.insert(run)

    def write(self, results: Sequence[TestResult]) -> None:
        """Store all results of a run in one commit; none is shown before `finish`."""
        self._results.append(results)

    def finish(self, run: TestRun) -> TestRun:
        """Store the terminal state of a run, last of all its rows.

        Raises NotFoundError, and VersionConflictError when it has already ended.
        """
        return finish(self.runs, run)

    def get(self, test_run_id: str) -> TestRun:
        """The run of this id, whatever its status; raises NotFoundError."""
        return self.runs.require(test_run_id)

    def select(
        self, *conditions: Condition, limit: int | None = None, cursor: str | None = None
    ) -> Page[TestRun]:
        """Runs that meet `conditions`, of any status, newest first."""
        return self.runs.select(*conditions, order_by=("-started_at",), limit=limit, cursor=cursor)

    def results(
        self, *conditions: Condition, limit: int | None = None, cursor: str | None = None
    ) -> Page[TestResult]:
        """Results of complete runs that meet `conditions`, newest first."""
        return self._results.select(
            *conditions, self._complete(), order_by=("-detected_at",), limit=limit, cursor=cursor
        )

    def results_of(self, test_run_id: str) -> Page[TestResult]:
        """All results of a complete run, by table and test; empty while it runs."""
        return self._results.select(
            eq("test_run_id", test_run_id), self._complete(), order_by=("table_name", "test_name")
        )

    def result(self, result_id: str) -> TestResult:
        """One result of a complete run; raises NotFoundError."""
        page = self._results.select(eq("result_id", result_id), self._complete())
        if not page.items:
            raise NotFoundError(f"no complete run holds a result {result_id!r}")
        return page.items[0]

    def previous(
        self, test_ids: Sequence[str], *, count: int = 1
    ) -> Mapping[str, tuple[PastResult, ...]]:
        """The last `count` results of each test from complete runs, newest first; one statement.

        A test without results is absent.
        """
        if not test_ids:
            return {}
        found: dict[str, tuple[PastResult, ...]] = {}
        for row in self._results.values(self._previous_statement(test_ids, count)):
            past = PastResult(**{**row, "result_status": ResultStatus(row["result_status"])})
            found[past.test_id] = (*found.get(past.test_id, ()), past)
        return found

    def _previous_statement(self, test_ids: Sequence[str], count: int) -> Statement:
        conditions = [is_in("test_id", test_ids), self._complete()]
        where, parameters = render(self._results.model, conditions)
        columns = ", ".join(quote(field.name) for field in fields(PastResult))
        text = f"""SELECT {columns}
FROM (
  SELECT
    {columns},
    row_number() OVER (
      PARTITION BY `test_id`
      ORDER BY `detected_at` DESC, `result_id` DESC
    ) AS place
  FROM {self._results.name.sql}
  WHERE {where}
) AS ranked
WHERE place <= :most
ORDER BY `test_id`, place"""
        return Statement(text, {**parameters, "most": count})

    def _complete(self) -> Condition:
        return of_complete_runs(self.runs, "test_run_id")
