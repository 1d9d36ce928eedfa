"""Test suites: their tests counted, and what people say about them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dq_databricks.errors import NotFoundError
from dq_databricks.model.history import TestSuite
from dq_databricks.model.ids import Context, derived_id
from dq_databricks.store.figures import SuiteCount, suite_counts
from dq_databricks.store.filters import eq, is_null
from dq_databricks.store.reading import natural_key
from dq_databricks.store.store import Store


@dataclass(frozen=True, slots=True)
class SuiteSummary:
    """A suite: its tests counted, and its description where somebody wrote one."""

    test_suite_key: str
    counts: SuiteCount
    suite: TestSuite | None


@dataclass(frozen=True, slots=True)
class SuiteFace:
    """Suites exist by the tests that carry their key, or because somebody described them."""

    store: Store
    context: Context
    project_key: str
    writable: Callable[[], Store]

    def list(self) -> tuple[SuiteSummary, ...]:
        """Every suite, by key; two reads."""
        counted = suite_counts(self.store.tests.table, [is_null("deleted_at")])
        counts = {count.test_suite_key: count for count in counted}
        described = self.store.table(TestSuite).select(eq("project_key", self.project_key))
        suites = {suite.test_suite_key: suite for suite in described}
        return tuple(
            SuiteSummary(key, counts.get(key) or SuiteCount(key, 0, 0, 0), suites.get(key))
            for key in sorted({*counts, *suites})
        )

    def show(self, key: str) -> SuiteSummary:
        """One suite; raises NotFoundError."""
        found = [summary for summary in self.list() if summary.test_suite_key == key]
        if not found:
            raise NotFoundError(f"no suite {key!r}")
        return found[0]

    def describe(self, key: str, description: str | None) -> TestSuite:
        """Write the description of a suite that has none. Raises AlreadyExistsError."""
        now, store = self.context.now(), self.writable()
        suite = TestSuite(
            suite_id=derived_id("suite", self.project_key, natural_key(key)),
            project_key=self.project_key,
            test_suite_key=key,
            description=description,
            created_at=now,
            updated_at=now,
        )
        return store.written(store.table(TestSuite).insert(suite))

    def edit(self, key: str, description: str | None, *, expected_version: int) -> TestSuite:
        """Change a description. Raises NotFoundError, VersionConflictError."""
        suite, store = self._described(key), self.writable()
        changed = suite.model_copy(update={"description": description})
        return store.written(store.table(TestSuite).update(changed, expected_version))

    def remove(self, key: str, *, expected_version: int) -> TestSuite:
        """Remove a description; the tests of the suite stay. Raises VersionConflictError."""
        suite, store = self._described(key), self.writable()
        store.table(TestSuite).remove([suite.suite_id], expected_version)
        return store.written(suite)

    def _described(self, key: str) -> TestSuite:
        table = self.store.table(TestSuite)
        suite = table.get(derived_id("suite", self.project_key, natural_key(key)))
        if suite is None:
            raise NotFoundError(f"suite {key!r} has no description")
        return suite
