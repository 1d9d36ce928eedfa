"""What a job is for: a TARGET, a table group or a suite, found in the metadata."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dq_databricks.errors import NoTestsError, NotFoundError, ParameterError
from dq_databricks.model.catalog import TableEntry
from dq_databricks.model.ids import is_id
from dq_databricks.model.vocabulary import JobKind, TargetType
from dq_databricks.quality.catalog import CatalogFace
from dq_databricks.quality.targets import parse_table_name
from dq_databricks.quality.work import WorkFinder
from dq_databricks.running.relations import relation_of
from dq_databricks.store.store import Store


@dataclass(frozen=True, slots=True)
class Aim:
    """What a job is for. `words` name it to people."""

    target_type: TargetType
    target_ref: str
    project_key: str
    words: str


@dataclass(frozen=True, slots=True)
class Aiming:
    """Finds what is meant. A new table is put under watch where the caller `may_register`.

    Where a table `may_be_unknown`, it is taken by its name and neither it nor its tests are looked
    for: whoever carries the job out finds out, and the job says so.
    """

    store: Store
    catalog: CatalogFace
    work: Callable[[], WorkFinder]
    project_key: str
    may_register: bool = True
    may_be_unknown: bool = False

    def at(self, kind: JobKind, target: str | None, group: str | None, suite: str | None) -> Aim:
        """The aim of exactly one of the three. Raises ParameterError and what looking raises."""
        if sum(given is not None for given in (target, group, suite)) != 1:
            raise ParameterError("give one of: a TARGET, a table group, a suite")
        if target is not None:
            return self._at_table(kind, target)
        if group is not None:
            return self._at_group(group)
        if kind is JobKind.PROFILE:
            raise ParameterError("a suite is tested, not profiled; give a TARGET or a table group")
        return self._at_suite(suite or "")

    def _at_table(self, kind: JobKind, target: str) -> Aim:
        if self.may_be_unknown and (name := self._unknown(target)) is not None:
            return Aim(TargetType.TABLE, name, self.project_key, name)
        if self.may_register and kind is JobKind.PROFILE:
            entry = self.work().entry(target)
        else:
            entry = self.catalog.table(target)
        is_checked = kind is JobKind.TEST and not self.may_be_unknown
        if is_checked and not self.store.tests.to_run(table_id=entry.table_id):
            raise NoTestsError(f"{target} has no active tests; derive some from its profile")
        return Aim(
            TargetType.TABLE, entry.table_id, self._project_of(entry), str(relation_of(entry))
        )

    def _unknown(self, target: str) -> str | None:
        """The name of a table that is not under watch; None for one that is, and for files."""
        try:
            self.catalog.table(target)
        except NotFoundError:
            name = None if is_id(target) else parse_table_name(target)
            return None if name is None else str(name)
        return None

    def _at_group(self, name_or_id: str) -> Aim:
        group = self.catalog.group(name_or_id)
        project_key = self._project_of_group(group.table_group_id)
        return Aim(TargetType.GROUP, group.table_group_id, project_key, f"group {group.name}")

    def _at_suite(self, suite: str) -> Aim:
        tests = self.store.tests.to_run(test_suite_key=suite)
        if not tests:
            raise NoTestsError(f"suite {suite!r} has no active tests")
        groups = sorted({test.table_group_id for test in tests})
        projects = sorted({self._project_of_group(group_id) for group_id in groups})
        if len(projects) > 1 and self.project_key not in projects:
            raise ParameterError(
                f"suite {suite!r} is in the projects {', '.join(projects)}: say which one"
            )
        project = self.project_key if self.project_key in projects else projects[0]
        return Aim(TargetType.SUITE, suite, project, f"suite {suite}")

    def _project_of(self, entry: TableEntry) -> str:
        return self._project_of_group(entry.table_group_id)

    def _project_of_group(self, group_id: str) -> str:
        group = self.store.catalog.groups.require(group_id)
        return self.store.catalog.connections.require(group.connection_id).project_key
