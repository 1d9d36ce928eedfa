"""Results in the order in which people look at them: the worst verdicts first."""

from __future__ import annotations

from collections.abc import Sequence

from dq_databricks.model.testing import TestResult, TestRun
from dq_databricks.model.vocabulary import ResultStatus, Severity
from dq_databricks.sql.statement import Statement
from dq_databricks.store.access import Table
from dq_databricks.store.filters import Condition, render
from dq_databricks.store.run_life import of_complete_runs

WORST_FIRST = (
    ResultStatus.FAIL,
    ResultStatus.ERROR,
    ResultStatus.WARN,
    ResultStatus.NO_DATA,
    ResultStatus.SKIPPED,
    ResultStatus.PASS,
)
_GRAVEST_FIRST = (Severity.FATAL, Severity.ERROR, Severity.WARNING)


def worst_first(
    runs: Table[TestRun],
    results: Table[TestResult],
    conditions: Sequence[Condition],
    *,
    limit: int,
    offset: int = 0,
) -> tuple[TestResult, ...]:
    """Results of complete runs that meet `conditions`: worst verdict, then gravest severity.

    `limit` of them after the first `offset`. Results of a complete run never change, so places
    neither repeat nor skip any.
    """
    wanted = [*conditions, *results.scope, of_complete_runs(runs, "test_run_id")]
    where, parameters = render(TestResult, wanted)
    text = f"""SELECT {results.columns_sql}
FROM {results.name.sql}
WHERE {where}
ORDER BY {_places("result_status", WORST_FIRST)}, {_places("severity", _GRAVEST_FIRST)},
  `table_name`, `test_name`, `result_id`
LIMIT :most OFFSET :passed"""
    return results.rows(Statement(text, {**parameters, "most": limit, "passed": offset}))


def _places(column: str, order: Sequence[str]) -> str:
    whens = " ".join(f"WHEN '{value}' THEN {place}" for place, value in enumerate(order))
    return f"CASE `{column}` {whens} ELSE {len(order)} END"
