"""Figures over many results: verdicts counted by day, table, suite or table version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from dq_databricks.model.testing import TestRecord, TestResult, TestRun
from dq_databricks.model.vocabulary import ResultStatus
from dq_databricks.sql.statement import Statement
from dq_databricks.store.access import Table
from dq_databricks.store.filters import Condition, render
from dq_databricks.store.run_life import of_complete_runs

By = Literal["day", "table", "suite", "version"]
_KEYS: dict[By, str] = {
    "day": "CAST(CAST(`detected_at` AS DATE) AS STRING)",
    "table": "`table_id`",
    "suite": "suite",
    "version": "CAST(`table_version` AS STRING)",
}


@dataclass(frozen=True, slots=True)
class VerdictCount:
    """How many results of one group have one verdict, and when the last was measured."""

    group: str | None
    name: str
    status: ResultStatus
    results: int
    first_at: Any
    last_at: Any


def verdict_counts(
    results: Table[TestResult],
    runs: Table[TestRun],
    tests: Table[TestRecord],
    by: By,
    conditions: Sequence[Condition],
) -> tuple[VerdictCount, ...]:
    """Verdicts of complete runs that meet `conditions`, counted; one statement."""
    wanted = [*conditions, of_complete_runs(runs, "test_run_id"), *results.scope]
    where, parameters = render(TestResult, wanted)
    source = f"(SELECT * FROM {results.name.sql} WHERE {where}) AS r"
    if by == "suite":
        suites = f"SELECT `test_id` AS of_test, `test_suite_key` AS suite FROM {tests.name.sql}"
        source = f"{source}\nJOIN ({suites}) AS s\n  ON r.`test_id` = s.of_test"
    name = "max(`table_name`)" if by == "table" else f"max({_KEYS[by]})"
    text = f"""SELECT
  {_KEYS[by]} AS counted,
  {name} AS name,
  `result_status`,
  count(*) AS results,
  min(`detected_at`) AS first_at,
  max(`detected_at`) AS last_at
FROM {source}
GROUP BY {_KEYS[by]}, `result_status`
ORDER BY counted, `result_status`"""
    return tuple(_count(row) for row in results.values(Statement(text, parameters)))


@dataclass(frozen=True, slots=True)
class SuiteCount:
    """The tests of one suite, counted."""

    test_suite_key: str
    tests: int
    active_tests: int
    tables: int


def suite_counts(
    tests: Table[TestRecord], conditions: Sequence[Condition]
) -> tuple[SuiteCount, ...]:
    """The tests in use, counted by suite; one statement."""
    where, parameters = render(TestRecord, [*conditions, *tests.scope])
    text = f"""SELECT
  `test_suite_key`,
  count(*) AS tests,
  count(CASE WHEN `is_active` THEN 1 END) AS active_tests,
  count(DISTINCT `table_id`) AS tables
FROM {tests.name.sql}
WHERE {where}
GROUP BY `test_suite_key`
ORDER BY `test_suite_key`"""
    return tuple(SuiteCount(**row) for row in tests.values(Statement(text, parameters)))


def _count(row: dict[str, Any]) -> VerdictCount:
    return VerdictCount(
        group=row["counted"],
        name=row["name"] or "",
        status=ResultStatus(row["result_status"]),
        results=row["results"],
        first_at=row["first_at"],
        last_at=row["last_at"],
    )
