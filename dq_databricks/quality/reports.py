"""What the main job gives back: typed values that turn into JSON, Arrow and pandas."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from dq_databricks.model.base import Record
from dq_databricks.model.profile import Anomaly, ColumnProfile, ProfileRun, TableProfile
from dq_databricks.model.testing import TestRecord, TestResult, TestRun
from dq_databricks.model.vocabulary import ResultStatus, RunStatus
from dq_databricks.planning.describe import (
    PROVEN_HEADERS,
    STATEMENT_HEADERS,
    plan_document,
    proven_row,
    statement_row,
    summary,
)
from dq_databricks.planning.plan import ScanPlan
from dq_databricks.store.columns import to_arrow
from dq_databricks.store.page import frame_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["PROVEN_HEADERS", "STATEMENT_HEADERS"]

EXIT_FINE, EXIT_TESTS_FAILED, EXIT_COULD_NOT_RUN = 0, 1, 3


class Tabular:
    """A report whose rows can be had as Arrow or pandas."""

    def _rows(self) -> tuple[type[Record], Sequence[Record]]:
        raise NotImplementedError

    def to_arrow(self) -> pa.Table:
        """The rows of the report as an Arrow table, one column a field."""
        model, rows = self._rows()
        return to_arrow(model, rows)

    def to_pandas(self) -> pd.DataFrame:
        """The rows as a pandas frame; raises MissingExtraError where pandas is not installed."""
        return frame_of(self.to_arrow())


@dataclass(frozen=True, slots=True)
class ProfiledTable:
    """One table of a profile: its row, its columns, its anomalies."""

    table: TableProfile
    columns: tuple[ColumnProfile, ...]
    anomalies: tuple[Anomaly, ...]

    def to_json(self) -> dict[str, Any]:
        """The table as JSON, without the run."""
        return {
            "table": self.table.table_name,
            "table_version": self.table.table_version,
            "row_count": self.table.row_count,
            "error_message": self.table.error_message,
            "columns": list(self.columns),
            "anomalies": list(self.anomalies),
        }


@dataclass(frozen=True, slots=True)
class ProfileReport(Tabular):
    """A profile run; its Arrow rows are the column profiles of all its tables."""

    run: ProfileRun
    tables: tuple[ProfiledTable, ...]

    @property
    def exit_code(self) -> int:
        """0, or 3 when a table could not be profiled."""
        broken = any(table.table.error_message for table in self.tables)
        completed = self.run.status is RunStatus.COMPLETED
        return EXIT_FINE if completed and not broken else EXIT_COULD_NOT_RUN

    def to_json(self) -> dict[str, Any]:
        """The report as JSON: flat for one table, a list of tables for more."""
        head = {"profile_run_id": self.run.profile_run_id}
        if len(self.tables) == 1:
            return {**head, **self.tables[0].to_json()}
        return {
            **head,
            "status": self.run.status,
            "row_count": self.run.row_count,
            "tables": [table.to_json() for table in self.tables],
        }

    def _rows(self) -> tuple[type[Record], Sequence[Record]]:
        return ColumnProfile, [column for table in self.tables for column in table.columns]


@dataclass(frozen=True, slots=True)
class TestReport(Tabular):
    """A test run with its results, the failing ones first."""

    __test__ = False
    run: TestRun
    results: tuple[TestResult, ...]
    alert_count: int = 0

    @property
    def counts(self) -> dict[str, int]:
        """How many results have each verdict; every verdict is listed."""
        found = Counter(result.result_status for result in self.results)
        return {status.value: found.get(status, 0) for status in ResultStatus}

    @property
    def exit_code(self) -> int:
        """1 when a test failed, 3 when none failed but one could not be measured, else 0."""
        counts = self.counts
        if counts[ResultStatus.FAIL]:
            return EXIT_TESTS_FAILED
        return EXIT_COULD_NOT_RUN if counts[ResultStatus.ERROR] else EXIT_FINE

    def to_json(self) -> dict[str, Any]:
        """The report as JSON; `table` and `table_version` when one table was tested."""
        tables = {result.table_name: result.table_version for result in self.results}
        head: dict[str, Any] = {"test_run_id": self.run.test_run_id, "status": self.run.status}
        if len(tables) == 1:
            name, version = next(iter(tables.items()))
            head |= {"table": name, "table_version": version}
        else:
            head["tables"] = [
                {"table": name, "table_version": version} for name, version in tables.items()
            ]
        return {**head, "counts": self.counts, "results": list(self.results)}

    def _rows(self) -> tuple[type[Record], Sequence[Record]]:
        return TestResult, self.results


@dataclass(frozen=True, slots=True)
class Proposals(Tabular):
    """Tests a profile suggests, sorted by what storing them would do.

    `new` would be added, `refreshed` would get new thresholds, `kept` are tests a person edited
    (or that already stand as proposed) and stay as they are.
    """

    table_name: str
    profile_run_id: str
    new: tuple[TestRecord, ...]
    refreshed: tuple[TestRecord, ...]
    kept: tuple[TestRecord, ...]

    def to_json(self) -> dict[str, Any]:
        """The proposals of one table as JSON."""
        return {
            "table": self.table_name,
            "profile_run_id": self.profile_run_id,
            "new": list(self.new),
            "refreshed": list(self.refreshed),
            "kept": list(self.kept),
        }

    def _rows(self) -> tuple[type[Record], Sequence[Record]]:
        return TestRecord, (*self.new, *self.refreshed)


@dataclass(frozen=True, slots=True)
class ProposalReport(Tabular):
    """The proposals for every table asked for, and whether they were stored."""

    tables: tuple[Proposals, ...]
    applied: bool

    def to_json(self) -> dict[str, Any]:
        """The report as JSON: flat for one table, a list of tables for more."""
        if len(self.tables) == 1:
            return {"applied": self.applied, **self.tables[0].to_json()}
        return {"applied": self.applied, "tables": [table.to_json() for table in self.tables]}

    def _rows(self) -> tuple[type[Record], Sequence[Record]]:
        return TestRecord, [
            test for table in self.tables for test in (*table.new, *table.refreshed)
        ]


@dataclass(frozen=True, slots=True)
class PlanReport:
    """How the tests of one table would be answered. `names` are words for the plan's keys."""

    plan: ScanPlan
    names: Mapping[str, str]

    @property
    def summary(self) -> str:
        """One line: statements, columns read, bytes, and what needs none of it."""
        return summary(self.plan)

    def statement_rows(self) -> list[tuple[str, ...]]:
        """Cells of each statement, under STATEMENT_HEADERS."""
        return [
            statement_row(number, planned, self.names)
            for number, planned in enumerate(self.plan.statements, 1)
        ]

    def proven_rows(self) -> list[tuple[str, ...]]:
        """Cells of each measure that needs no scan, under PROVEN_HEADERS."""
        return [proven_row(answer, self.names) for answer in self.plan.proven]

    def statements(self) -> list[str]:
        """The SQL of each statement."""
        return [planned.statement.text for planned in self.plan.statements]

    def to_json(self) -> dict[str, Any]:
        """The plan as JSON: statements, what they read and answer, and what is proven."""
        return dict(plan_document(self.plan, self.names))


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything one stored result says about its verdict."""

    result: TestResult
    test: TestRecord | None
    check_description: str

    def to_json(self) -> dict[str, Any]:
        """The result with its test and the description of its check type."""
        return {
            "result": self.result,
            "test": self.test,
            "check_description": self.check_description,
        }
