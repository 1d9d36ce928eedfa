"""One table from all sides: columns, anomalies, tests, history, comparison, proposals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dq_databricks.errors import NotFoundError
from dq_databricks.model.catalog import TableEntry, TableGroup
from dq_databricks.model.incident import Incident
from dq_databricks.model.profile import Anomaly, ColumnProfile, TableProfile
from dq_databricks.model.testing import TestRecord, TestResult
from dq_databricks.model.vocabulary import IncidentStatus, ResultStatus
from dq_databricks.quality.proposing import Proposer
from dq_databricks.quality.reports import Proposals
from dq_databricks.running.relations import relation_of
from dq_databricks.store.filters import Condition, eq, is_in, ne
from dq_databricks.store.run_life import of_complete_runs
from dq_databricks.store.together import Part, together

HISTORY_SHOWN, MOST_ANOMALIES = 60, 500
_NEED_A_LOOK = (ResultStatus.FAIL, ResultStatus.ERROR, ResultStatus.WARN)
_LIGHT = frozenset({"statement_text", "statement_hash", "fingerprint"})


@dataclass(frozen=True, slots=True)
class TestLine:
    """A test with its newest result."""

    __test__ = False
    test: TestRecord
    result: TestResult | None

    @property
    def needs_a_look(self) -> bool:
        """Whether the newest verdict of a test in use is bad."""
        return (
            self.test.is_active
            and self.result is not None
            and self.result.result_status in _NEED_A_LOOK
        )


@dataclass(frozen=True, slots=True)
class TableView:
    """A table. `profiles` are newest first; `columns` and `anomalies` are of the newest."""

    entry: TableEntry
    group: TableGroup | None
    profiles: tuple[TableProfile, ...]
    columns: tuple[ColumnProfile, ...]
    anomalies: tuple[Anomaly, ...]
    tests: tuple[TestLine, ...]
    results_by_version: tuple[TestResult, ...]
    incidents: tuple[Incident, ...]


@dataclass(frozen=True, slots=True)
class ColumnView:
    """A column. `profiles` are newest first."""

    entry: TableEntry
    profiles: tuple[ColumnProfile, ...]
    anomalies: tuple[Anomaly, ...]
    tests: tuple[TestLine, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two profiles of a table side by side; `columns` pairs what has the same name."""

    entry: TableEntry
    profiles: tuple[TableProfile, ...]
    before: TableProfile | None
    after: TableProfile | None
    columns: tuple[tuple[str, ColumnProfile | None, ColumnProfile | None], ...]


@dataclass(frozen=True, slots=True)
class ProposalView:
    """What the newest profile of a table suggests. `is_current`: the table is still as profiled.

    `stored` are the tests as they stand, by id. `proposals` is None without a profile.
    """

    entry: TableEntry
    profile: TableProfile | None
    proposals: Proposals | None
    stored: dict[str, TestRecord]
    is_current: bool


@dataclass(frozen=True, slots=True)
class TableFace:
    """Reads about one table, two to the engine each."""

    proposer: Proposer

    def show(self, table_id: str) -> TableView:
        """A table from all sides. Raises NotFoundError."""
        entry, mine = self._entry(table_id), eq("table_id", table_id)
        store = self.proposer.store
        profiled, tested = self._complete()
        groups, profiles, columns, anomalies, tests, results, versions, incidents = together(
            Part(store.catalog.groups, [eq("table_group_id", entry.table_group_id)]),
            Part(
                store.table(TableProfile),
                [mine, profiled],
                order_by=("-profiled_at",),
                limit=HISTORY_SHOWN,
            ),
            self._columns(mine),
            self._anomalies(mine),
            Part(store.tests.table, [mine], order_by=("name",)),
            self._newest_results(mine),
            Part(
                store.table(TestResult),
                [mine, tested],
                order_by=("-detected_at",),
                newest_of=("table_version",),
                left_out=_LIGHT,
            ),
            Part(
                store.table(Incident),
                [mine, ne("status", IncidentStatus.RESOLVED)],
                order_by=("-last_seen",),
            ),
        )
        run_id = profiles[0].profile_run_id if profiles else None
        return TableView(
            entry,
            groups[0] if groups else None,
            profiles,
            _of_run(columns, run_id),
            tuple(one for one in anomalies if one.profile_run_id == run_id),
            _lines(tests, results),
            versions,
            incidents,
        )

    def column(self, table_id: str, column_name: str) -> ColumnView:
        """A column from all sides. Raises NotFoundError."""
        entry = self._entry(table_id)
        mine, named = eq("table_id", table_id), eq("column_name", column_name)
        store, (profiled, _) = self.proposer.store, self._complete()
        profiles, anomalies, tests, results = together(
            Part(
                store.table(ColumnProfile),
                [mine, named, profiled],
                order_by=("-profiled_at",),
                limit=HISTORY_SHOWN,
            ),
            self._anomalies(mine, named),
            Part(store.tests.table, [mine, named], order_by=("name",)),
            self._newest_results(mine, named),
        )
        if not profiles and not tests:
            raise NotFoundError(f"{entry.table_name} has no profile of a column {column_name!r}")
        newest = profiles[0].profile_run_id if profiles else None
        return ColumnView(
            entry,
            profiles,
            tuple(one for one in anomalies if one.profile_run_id == newest),
            _lines(tests, results),
        )

    def comparison(
        self, table_id: str, before: str | None = None, after: str | None = None
    ) -> Comparison:
        """Two profile runs of a table, the newest two of different content by default; two reads.

        Raises NotFoundError for a run that did not profile the table.
        """
        mine, (profiled, _) = eq("table_id", table_id), self._complete()
        store = self.proposer.store
        entries, profiles = together(
            Part(store.catalog.tables, [mine]),
            Part(store.table(TableProfile), [mine, profiled], order_by=("-profiled_at",)),
        )
        if not entries:
            raise NotFoundError(f"no table {table_id!r} is under watch")
        new = _profile_of(profiles, after, 0)
        old = _before(profiles, new) if not before else _profile_of(profiles, before, 0)
        ids = [one.profile_run_id for one in (old, new) if one is not None]
        columns = store.table(ColumnProfile).select(
            mine, is_in("profile_run_id", ids), profiled, order_by=("position",)
        )
        return Comparison(entries[0], profiles, old, new, _pairs(columns.items, old, new))

    # --- proposals ---------------------------------------------------------------------------

    def proposals(self, table_id: str) -> ProposalView:
        """What the newest profile suggests beside the tests that stand; nothing is stored.

        Two reads, and the state of the table itself. Raises NotFoundError.
        """
        entry = self._entry(table_id)
        store, (profiled, _) = self.proposer.store, self._complete()
        entries, profiles, columns, tests = together(
            Part(store.catalog.tables, [eq("table_group_id", entry.table_group_id)]),
            Part(
                store.table(TableProfile),
                [profiled],
                order_by=("-profiled_at",),
                newest_of=("table_id",),
            ),
            self._columns(),
            Part(store.tests.table, [eq("table_id", table_id)], include_removed=True),
        )
        by_table = {one.table_id: one for one in profiles}
        stored = {test.test_id: test for test in tests}
        mine = by_table.get(table_id)
        if mine is None:
            return ProposalView(entry, None, None, stored, is_current=False)
        near = {one.table_id for one in entries}
        by_name = {
            profile.table_name: _of_run(columns, profile.profile_run_id, profile.table_id)
            for profile in profiles
            if profile.table_id in near
        }
        found = self.proposer.of_table(entry, mine, by_name[mine.table_name], by_name, tests)
        return ProposalView(entry, mine, found, stored, is_current=self._is_current(entry, mine))

    # --- below -------------------------------------------------------------------------------

    def _entry(self, table_id: str) -> TableEntry:
        entry = self.proposer.store.catalog.tables.get(table_id)
        if entry is None:
            raise NotFoundError(f"no table {table_id!r} is under watch")
        return entry

    def _is_current(self, entry: TableEntry, profile: TableProfile) -> bool:
        now = self.proposer.engine.inspect(relation_of(entry))
        return now.fingerprint == profile.fingerprint

    def _complete(self) -> tuple[Condition, Condition]:
        store = self.proposer.store
        return (
            of_complete_runs(store.profiles.runs, "profile_run_id"),
            of_complete_runs(store.runs.runs, "test_run_id"),
        )

    def _columns(self, *conditions: Condition) -> Part:
        return Part(
            self.proposer.store.table(ColumnProfile),
            [*conditions, self._complete()[0]],
            order_by=("-profiled_at",),
            newest_of=("table_id", "column_name"),
        )

    def _anomalies(self, *conditions: Condition) -> Part:
        return Part(
            self.proposer.store.table(Anomaly),
            [*conditions, self._complete()[0]],
            order_by=("-detected_at",),
            limit=MOST_ANOMALIES,
        )

    def _newest_results(self, *conditions: Condition) -> Part:
        return Part(
            self.proposer.store.table(TestResult),
            [*conditions, self._complete()[1]],
            order_by=("-detected_at",),
            newest_of=("test_id",),
            left_out=_LIGHT,
        )


def _of_run(
    columns: Sequence[ColumnProfile], run_id: str | None, table_id: str | None = None
) -> tuple[ColumnProfile, ...]:
    """The columns of one profile, in their order: a column that was dropped since is of another."""
    mine = (
        column
        for column in columns
        if column.profile_run_id == run_id and table_id in (None, column.table_id)
    )
    return tuple(sorted(mine, key=lambda column: column.position))


def _lines(tests: Sequence[TestRecord], results: Sequence[TestResult]) -> tuple[TestLine, ...]:
    newest = {result.test_id: result for result in results}
    return tuple(TestLine(test, newest.get(test.test_id)) for test in tests)


def _profile_of(
    profiles: Sequence[TableProfile], run_id: str | None, place: int
) -> TableProfile | None:
    if not run_id:
        return profiles[place] if len(profiles) > place else None
    found = next((one for one in profiles if one.profile_run_id == run_id), None)
    if found is None:
        raise NotFoundError(f"profile run {run_id!r} did not profile this table")
    return found


def _before(profiles: Sequence[TableProfile], new: TableProfile | None) -> TableProfile | None:
    """The newest profile before `new` of other content, else the one right before it."""
    if new is None:
        return None
    earlier = [one for one in profiles if one.profiled_at < new.profiled_at]
    other = (one for one in earlier if one.fingerprint != new.fingerprint)
    return next(other, earlier[0] if earlier else None)


def _pairs(
    columns: Sequence[ColumnProfile], old: TableProfile | None, new: TableProfile | None
) -> tuple[tuple[str, ColumnProfile | None, ColumnProfile | None], ...]:
    def of(profile: TableProfile | None) -> dict[str, ColumnProfile]:
        run_id = None if profile is None else profile.profile_run_id
        return {one.column_name: one for one in columns if one.profile_run_id == run_id}

    before, after = of(old), of(new)
    names = dict.fromkeys([*after, *before])
    return tuple((name, before.get(name), after.get(name)) for name in names)
