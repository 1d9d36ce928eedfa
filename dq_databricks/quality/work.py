"""What a target, a table group or a suite stands for: tables, and the tests to run on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dq_databricks.engine.protocol import Engine
from dq_databricks.errors import NoTestsError, NotFoundError, ParameterError
from dq_databricks.model.catalog import TableEntry
from dq_databricks.model.ids import is_id
from dq_databricks.model.testing import TestRecord
from dq_databricks.quality.catalog import CatalogFace
from dq_databricks.quality.reach import WIDE, Reach
from dq_databricks.store.filters import is_in
from dq_databricks.store.store import Store

TableWork = tuple[TableEntry, tuple[TestRecord, ...]]

NO_PROJECT = "the workspace has no project yet; add one first"


@dataclass(frozen=True, slots=True)
class WorkFinder:
    """Finds tables and their tests, and puts new targets under watch."""

    store: Store
    engine: Engine
    project_key: str
    reach: Reach = WIDE
    projects: Sequence[str] | None = None

    def entries(self, target: str | None, group: str | None) -> tuple[TableEntry, ...]:
        """The table of TARGET, or those of `group`; exactly one of both must be given."""
        if (target is None) == (group is None):
            raise ParameterError("give one TARGET, or a table group with --group")
        if target is not None:
            return (self.entry(target),)
        catalog = CatalogFace(
            self.store,
            self.engine,
            self.project_key,
            reach=self.reach,
            projects=self.projects,
        )
        return catalog.discover(catalog.group(group or ""))

    def entry(self, target: str) -> TableEntry:
        """The entry of TARGET, or of the id of a table.

        A TARGET that cannot be described is not put under watch. Raises ParameterError where
        there is no project to put a new one into.
        """
        if is_id(target):
            known = self.store.catalog.tables.get(target)
            if known is None:
                raise NotFoundError(f"no table {target!r}")
            return known
        relation = self.reach.relation(target)
        found = self.store.catalog.find(self.project_key, relation)
        if found is not None:
            return found
        projects = (self.project_key,) if self.projects is None else self.projects
        if not projects:
            raise ParameterError(NO_PROJECT)
        connected = self.store.catalog.as_connected(projects, relation)
        self.engine.inspect(connected)
        return self.store.catalog.register(self.project_key, connected)

    def tests(self, target: str | None, group: str | None, suite: str | None) -> list[TableWork]:
        """The active tests of TARGET, `group` or a whole `suite`, by table.

        Raises NoTestsError naming the command that makes some.
        """
        if target is None and group is None and suite is not None:
            return self._of_suite(suite)
        entries = self.entries(target, group)
        table_id = entries[0].table_id if target is not None else None
        tests = self.store.tests.to_run(table_id=table_id, test_suite_key=suite)
        found = _by_table(entries, tests)
        if not found:
            name = target or f"--group {group}"
            raise NoTestsError(
                f"{name} has no active tests; derive some: dq propose {name} --apply"
            )
        return found

    def _of_suite(self, suite: str) -> list[TableWork]:
        tests = self.store.tests.to_run(test_suite_key=suite)
        if not tests:
            raise NoTestsError(f"suite {suite!r} has no active tests; see dq tests")
        ids = sorted({test.table_id for test in tests})
        return _by_table(self.store.catalog.tables.select(is_in("table_id", ids)).items, tests)


def _by_table(entries: Sequence[TableEntry], tests: Sequence[TestRecord]) -> list[TableWork]:
    work = [
        (entry, tuple(test for test in tests if test.table_id == entry.table_id))
        for entry in entries
    ]
    return [(entry, of_entry) for entry, of_entry in work if of_entry]
