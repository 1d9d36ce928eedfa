"""Tests from the latest profiles: what would be added, refreshed, kept; and storing it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dq_databricks.checks.definition import definition_text
from dq_databricks.engine.protocol import Engine
from dq_databricks.errors import NotFoundError
from dq_databricks.model.catalog import TableEntry
from dq_databricks.model.ids import Context
from dq_databricks.model.profile import ColumnProfile, TableProfile
from dq_databricks.model.testing import TestRecord
from dq_databricks.model.vocabulary import TestOrigin
from dq_databricks.profiling.proposals import ProposedTest, merge_proposals, propose
from dq_databricks.quality.naming import test_name
from dq_databricks.quality.reports import Proposals
from dq_databricks.running.relations import relation_of
from dq_databricks.store.filters import is_in
from dq_databricks.store.store import Store


@dataclass(frozen=True, slots=True)
class Proposer:
    """Derives tests from stored profiles and merges them with the stored tests."""

    store: Store
    engine: Engine
    context: Context

    def unprofiled(self, entries: Sequence[TableEntry]) -> tuple[TableEntry, ...]:
        """The tables without a profile of what they hold now."""
        return tuple(entry for entry in entries if not self._is_current(entry))

    def propose(self, entries: Sequence[TableEntry], *, apply: bool) -> tuple[Proposals, ...]:
        """Proposals for each table, in order; `apply` stores the new and the refreshed ones."""
        profiles = [(entry, *self._profile(entry)) for entry in entries]
        by_name = {table.table_name: columns for _, table, columns in profiles}
        stored = self._stored(entries)
        reports = tuple(
            self.of_table(entry, table, columns, by_name, stored)
            for entry, table, columns in profiles
        )
        if apply:
            self.store_proposals(reports)
        return reports

    def choose(self, entry: TableEntry, test_ids: Sequence[str]) -> Proposals:
        """Store the proposals of `test_ids` for one table, and leave the others out.

        Raises NotFoundError for an id that is not proposed now; nothing is stored then.
        """
        (review,) = self.propose([entry], apply=False)
        proposed = {test.test_id for test in (*review.new, *review.refreshed)}
        unknown = [test_id for test_id in test_ids if test_id not in proposed]
        if unknown:
            raise NotFoundError(f"test {unknown[0]!r} is not proposed for {review.table_name}")
        chosen = replace(
            review,
            new=tuple(test for test in review.new if test.test_id in test_ids),
            refreshed=tuple(test for test in review.refreshed if test.test_id in test_ids),
        )
        self.store_proposals([chosen])
        return chosen

    def _is_current(self, entry: TableEntry) -> bool:
        latest = self.store.profiles.latest(entry.table_id)
        if latest is None:
            return False
        return latest.fingerprint == self.engine.inspect(relation_of(entry)).fingerprint

    def _profile(self, entry: TableEntry) -> tuple[TableProfile, tuple[ColumnProfile, ...]]:
        table = self.store.profiles.latest(entry.table_id)
        if table is None:
            raise NotFoundError(f"{relation_of(entry)} has no profile: dq profile makes one")
        columns = self.store.profiles.columns(table.profile_run_id, entry.table_id)
        return table, columns.items

    def _stored(self, entries: Sequence[TableEntry]) -> tuple[TestRecord, ...]:
        ids = [entry.table_id for entry in entries]
        return self.store.tests.table.select(is_in("table_id", ids), include_removed=True).items

    def of_table(
        self,
        entry: TableEntry,
        table: TableProfile,
        columns: Sequence[ColumnProfile],
        by_name: dict[str, tuple[ColumnProfile, ...]],
        stored: Sequence[TestRecord],
    ) -> Proposals:
        """What one profile suggests, merged with the `stored` tests; reads the table's state.

        `by_name` holds the columns of the tables that references may lead to.
        """
        snapshot = self.engine.inspect(relation_of(entry).at(table.table_version))
        others = {name: found for name, found in by_name.items() if name != table.table_name}
        proposed = propose(snapshot, columns, others=others)
        mine = [test for test in stored if test.table_id == entry.table_id]
        merged = merge_proposals(mine, proposed)
        return Proposals(
            table_name=table.table_name,
            profile_run_id=table.profile_run_id,
            new=tuple(self._record(entry, test) for test in merged.new),
            refreshed=tuple(self._refreshed(old, new) for old, new in merged.refreshed),
            kept=tuple(test for test in merged.kept if test.deleted_at is None),
        )

    def _record(self, entry: TableEntry, test: ProposedTest) -> TestRecord:
        now = self.context.now()
        return TestRecord(
            test_id=test.test_id,
            table_group_id=entry.table_group_id,
            name=test_name(test.rule_type, test.columns),
            rule_type=test.rule_type,
            definition=definition_text(test.columns, test.parameters),
            table_id=test.table_id,
            table_name=test.table_name,
            column_name=test.columns[0] if len(test.columns) == 1 else None,
            severity=test.severity,
            origin=TestOrigin.PROPOSED,
            reason=test.reason,
            profile_run_id=test.profile_run_id,
            created_at=now,
            updated_at=now,
        )

    def _refreshed(self, stored: TestRecord, test: ProposedTest) -> TestRecord:
        return stored.model_copy(
            update={
                "definition": definition_text(test.columns, test.parameters),
                "reason": test.reason,
                "profile_run_id": test.profile_run_id,
                "updated_at": self.context.now(),
                "version": stored.version + 1,
            }
        )

    def store_proposals(self, reports: Sequence[Proposals]) -> None:
        """Store the new and the refreshed tests of `reports`."""
        # New ones never overwrite: a test a person added or removed meanwhile stays as it is.
        self.store.tests.add_missing([test for report in reports for test in report.new])
        refreshed = [test for report in reports for test in report.refreshed]
        self.store.tests.refresh(refreshed)
