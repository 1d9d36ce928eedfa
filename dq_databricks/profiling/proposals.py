"""Tests a profile suggests, each with its thresholds and its reason in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from dq_databricks.checks.catalog import find_check_type
from dq_databricks.checks.definition import definition_text
from dq_databricks.engine.protocol import Snapshot
from dq_databricks.model.ids import derived_id
from dq_databricks.model.profile import ColumnProfile
from dq_databricks.model.testing import DEFAULT_SUITE, TestRecord
from dq_databricks.model.vocabulary import Severity, TestOrigin
from dq_databricks.profiling.column_proposals import Idea, column_ideas, reference_ideas

ROW_LOSS = 0.1
"""Share of rows a table may lose between loads before it looks cut short."""

ROW_CHANGE_PERCENT = 20.0
"""Change of the row count between two runs, in percent, that is worth a look."""


@dataclass(frozen=True, slots=True)
class ProposedTest:
    """A test that could be stored. The same table, check type and columns give the same id."""

    test_id: str
    rule_type: str
    columns: tuple[str, ...]
    parameters: Mapping[str, object]
    severity: Severity
    reason: str
    table_id: str
    table_name: str
    profile_run_id: str

    @property
    def column_name(self) -> str | None:
        """The columns as one text; None for a test of the whole table."""
        return ", ".join(self.columns) or None

    @property
    def name(self) -> str:
        """The name of the test: check type, table and columns."""
        return f"{self.rule_type} of {'.'.join(filter(None, (self.table_name, self.column_name)))}"

    def record(
        self, *, table_group_id: str, at: datetime, test_suite_key: str = DEFAULT_SUITE
    ) -> TestRecord:
        """The row to store when the proposal is confirmed."""
        return TestRecord(
            test_id=self.test_id,
            table_group_id=table_group_id,
            test_suite_key=test_suite_key,
            name=self.name,
            rule_type=self.rule_type,
            definition=definition_text(self.columns, self.parameters),
            table_id=self.table_id,
            table_name=self.table_name,
            column_name=self.column_name,
            severity=self.severity,
            origin=TestOrigin.PROPOSED,
            reason=self.reason,
            profile_run_id=self.profile_run_id,
            created_at=at,
            updated_at=at,
        )


@dataclass(frozen=True, slots=True)
class Merge:
    """What to do with proposals: add `new`, update `refreshed`, leave `kept` as they are.

    A refreshed pair is the stored test and what it should become.
    """

    new: tuple[ProposedTest, ...] = ()
    refreshed: tuple[tuple[TestRecord, ProposedTest], ...] = ()
    kept: tuple[TestRecord, ...] = field(default=())


def propose(
    snapshot: Snapshot,
    columns: Sequence[ColumnProfile],
    *,
    others: Mapping[str, Sequence[ColumnProfile]] | None = None,
) -> tuple[ProposedTest, ...]:
    """The tests a profile suggests; none for a table without rows.

    `columns` is the profile of the table at `snapshot`. `others` are the profiles of the other
    tables of its group, by the name a test reads them under (catalog.schema.table or a path).
    """
    rows = columns[0].row_count if columns else None
    if not rows:
        return ()
    ideas = [
        *_table_ideas(snapshot, rows),
        *(idea for column in columns for idea in column_ideas(column)),
        *reference_ideas(columns, others or {}),
    ]
    return tuple(_proposed(idea, columns[0]) for idea in ideas)


def merge_proposals(existing: Iterable[TestRecord], proposed: Sequence[ProposedTest]) -> Merge:
    """Compare proposals with stored tests (removed ones among them).

    A test that a person made, locked or removed is kept as it is, and no proposal is added beside
    a test of the same check type on the same columns. An active state is never touched.
    """
    by_id: dict[str, TestRecord] = {}
    by_subject: dict[tuple[str, str, str | None], TestRecord] = {}
    for test in existing:
        by_id[test.test_id] = test
        if test.deleted_at is None:
            by_subject[(test.table_id, test.rule_type, test.column_name)] = test
    new: list[ProposedTest] = []
    refreshed: list[tuple[TestRecord, ProposedTest]] = []
    kept: list[TestRecord] = []
    for proposal in proposed:
        subject = (proposal.table_id, proposal.rule_type, proposal.column_name)
        stored = by_id.get(proposal.test_id) or by_subject.get(subject)
        if stored is None:
            new.append(proposal)
        elif _may_refresh(stored, proposal):
            refreshed.append((stored, proposal))
        else:
            kept.append(stored)
    return Merge(tuple(new), tuple(refreshed), tuple(kept))


def _may_refresh(stored: TestRecord, proposal: ProposedTest) -> bool:
    """Whether a stored proposal is untouched by people and says something else by now."""
    if stored.is_locked or stored.origin is not TestOrigin.PROPOSED or stored.deleted_at:
        return False
    definition = definition_text(proposal.columns, proposal.parameters)
    return stored.test_id == proposal.test_id and (stored.definition, stored.reason) != (
        definition,
        proposal.reason,
    )


def _table_ideas(snapshot: Snapshot, rows: int) -> Iterator[Idea]:
    seen = f"{rows:,} rows{_at(snapshot.version)}"
    least = max(1, int(rows * (1 - ROW_LOSS)))
    yield Idea(
        "row_count_range",
        (),
        {"min_count": least},
        f"{seen}; fewer than {least:,} ({100 * ROW_LOSS:g} % less) looks like a load cut short",
    )
    yield Idea(
        "row_count_change",
        (),
        {"max_percent": ROW_CHANGE_PERCENT},
        f"{seen}; a change of more than {ROW_CHANGE_PERCENT:g} % between two runs is worth a look",
    )
    types = {column.name: column.data_type for column in snapshot.columns}
    yield Idea(
        "schema_unchanged",
        (),
        {"columns": types},
        f"{len(types)} columns{_at(snapshot.version)}; readers rely on them",
    )


def _proposed(idea: Idea, column: ColumnProfile) -> ProposedTest:
    return ProposedTest(
        test_id=derived_id(column.table_id, "proposal", idea.rule_type, *idea.columns),
        rule_type=idea.rule_type,
        columns=idea.columns,
        parameters=idea.parameters,
        severity=idea.severity or find_check_type(idea.rule_type).severity,
        reason=idea.reason,
        table_id=column.table_id,
        table_name=column.table_name,
        profile_run_id=column.profile_run_id,
    )


def _at(version: int | None) -> str:
    return "" if version is None else f" at version {version}"
