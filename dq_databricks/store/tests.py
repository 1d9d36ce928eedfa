"""Tests: check types bound to tables and columns."""

from __future__ import annotations

from collections.abc import Sequence

from dq_databricks.model.testing import TestRecord
from dq_databricks.sql.statement import Parameter, Statement
from dq_databricks.store.access import Table
from dq_databricks.store.filters import Condition, eq, is_in
from dq_databricks.store.page import Page

REFRESHED_AT_ONCE = 40
"""Tests refreshed by one statement, which keeps it below the limit of bound parameters."""

_REFRESHED = ("definition", "reason", "profile_run_id")


class Tests:
    """The stored tests. An edit by a person locks a test, so that proposals leave it alone."""

    __test__ = False

    def __init__(self, table: Table[TestRecord]) -> None:
        self.table = table

    def add(self, test: TestRecord) -> TestRecord:
        """Store a new test. Raises AlreadyExistsError."""
        return self.table.insert(test)

    def add_missing(self, tests: Sequence[TestRecord]) -> int:
        """Store the tests whose ids are not stored yet, edited and removed ones included.

        Gives how many were added. So a proposal never brings back or changes what a person did.
        """
        return self.table.insert_missing(tests)

    def refresh(self, tests: Sequence[TestRecord]) -> int:
        """Give proposed tests their new definition, reason and version, in few statements.

        Each only where the stored row is unlocked and at the version before; how many changed.
        """
        parts = (
            tests[start : start + REFRESHED_AT_ONCE]
            for start in range(0, len(tests), REFRESHED_AT_ONCE)
        )
        return sum(self._refresh(part) for part in parts)

    def _refresh(self, tests: Sequence[TestRecord]) -> int:
        of_these = is_in("test_id", [test.test_id for test in tests])
        before = {row.test_id: row for row in self.table.select(of_these)}
        changed = self.table.change_where(self._refresh_statement(tests))
        if changed:
            wanted = {test.test_id: test.version for test in tests}
            for row in self.table.select(of_these):
                old = before.get(row.test_id)
                if old is not None and old.version < row.version == wanted[row.test_id]:
                    self.table.note(old, row)
        return changed

    def _refresh_statement(self, tests: Sequence[TestRecord]) -> Statement:
        parameters: dict[str, Parameter] = {"unlocked": False, "now": tests[0].updated_at}
        cases: dict[str, list[str]] = {name: [] for name in _REFRESHED}
        for number, test in enumerate(tests):
            parameters |= {f"id{number}": test.test_id, f"before{number}": test.version - 1}
            for name in _REFRESHED:
                parameters[f"{name}{number}"] = getattr(test, name)
                cases[name].append(f"WHEN `test_id` = :id{number} THEN :{name}{number}")
        assigned = [
            f"`{name}` = CASE {' '.join(whens)} ELSE `{name}` END" for name, whens in cases.items()
        ]
        same = " OR ".join(
            f"(`test_id` = :id{number} AND `version` = :before{number})"
            for number in range(len(tests))
        )
        ids = ", ".join(f":id{number}" for number in range(len(tests)))
        text = (
            f"UPDATE {self.table.name.sql}\n"
            f"SET {', '.join(assigned)}, `version` = `version` + 1, `updated_at` = :now\n"
            f"WHERE `test_id` IN ({ids}) AND ({same}) AND `is_locked` = :unlocked "
            "AND `deleted_at` IS NULL"
        )
        return Statement(text, parameters)

    def edit(self, test: TestRecord, expected_version: int) -> TestRecord:
        """Store a person's edit and lock the test.

        Raises NotFoundError, and VersionConflictError naming the version that is stored now.
        """
        return self.table.update(test.model_copy(update={"is_locked": True}), expected_version)

    def remove(self, test_id: str, expected_version: int) -> None:
        """Hide a test; its results stay. Raises NotFoundError and VersionConflictError."""
        self.table.remove([test_id], expected_version)

    def get(self, test_id: str) -> TestRecord:
        """The test of this id; raises NotFoundError."""
        return self.table.require(test_id)

    def select(
        self, *conditions: Condition, limit: int | None = None, cursor: str | None = None
    ) -> Page[TestRecord]:
        """Tests that meet `conditions`, by table and name."""
        return self.table.select(
            *conditions, order_by=("table_name", "name"), limit=limit, cursor=cursor
        )

    def to_run(
        self,
        *,
        table_id: str | None = None,
        table_group_id: str | None = None,
        test_suite_key: str | None = None,
    ) -> tuple[TestRecord, ...]:
        """The active tests of a table, a group or a suite (all that are given must match)."""
        wanted = {
            "table_id": table_id,
            "table_group_id": table_group_id,
            "test_suite_key": test_suite_key,
        }
        named = [eq(column, value) for column, value in wanted.items() if value is not None]
        return self.select(*named, eq("is_active", value=True)).items
