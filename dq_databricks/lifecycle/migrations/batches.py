"""Work through a large table in bounded batches by key: resumable, counted before and after.

The statement's condition no longer holds for a row that is done. So a batch may be carried out
twice, or late, and rows that others add meanwhile are found by one more pass at the end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dq_databricks.engine.protocol import Engine
from dq_databricks.engine.retry import retrying
from dq_databricks.errors import MigrationError, OutcomeUnknownError, WriteConflictError
from dq_databricks.lifecycle.migrations.batched import (
    Batched,
    Key,
    batched,
    is_key_type,
    key_of,
    key_text,
)
from dq_databricks.model.progress import Progress, silent
from dq_databricks.sql.relation import TableRelation
from dq_databricks.sql.split import ScriptStatement
from dq_databricks.sql.statement import Statement

DEADLINE_S = 60.0
# Others may add rows while we work; whoever adds them faster than this must be stopped first.
MOST_PASSES = 10


@dataclass(frozen=True, slots=True)
class Batch:
    """One batch that is done: its number, its last key as a JSON list, and the rows it changed."""

    number: int
    key: str
    rows: int


@dataclass(frozen=True, slots=True)
class BatchReport:
    """What a run did. `due` counts the rows that met the condition when it began.

    `rows_after` may be above `rows_before`, less the rows removed, when others added rows.
    """

    batches: int
    due: int
    changed: int
    rows_before: int
    rows_after: int


def nothing() -> None:
    """Do nothing."""


def run_batches(
    engine: Engine,
    statement: ScriptStatement,
    *,
    on_batch: Callable[[Batch], None],
    after: str | None = None,
    first: int = 1,
    keep: Callable[[], None] = nothing,
    progress: Progress = silent,
) -> BatchReport:
    """Carry out a statement with a batch mark, batch by batch, until no row meets its condition.

    `after` is the key of the last batch that was journaled, `first` the number of the next one.
    `keep` is called before each batch, `on_batch` after it. Rows without a key are the last batch.
    Raises MigrationError for a statement or key that cannot be cut, a condition that still holds
    once a row is done, or counts that do not add up; children of EngineError.
    """
    work = batched(statement)
    run = _Run(engine, work, _key_types(engine, work), on_batch, keep, progress, first)
    return run.run(after)


class _Run:
    def __init__(
        self,
        engine: Engine,
        work: Batched,
        types: tuple[str, ...],
        on_batch: Callable[[Batch], None],
        keep: Callable[[], None],
        progress: Progress,
        first: int,
    ) -> None:
        self._engine = engine
        self._work = work
        self._types = types
        self._on_batch = on_batch
        self._keep = keep
        self._progress = progress
        self._first = first
        self._number = first
        self._changed = 0
        self._due = 0

    def run(self, after: str | None) -> BatchReport:
        rows_before, self._due = self._count(self._work.count_rows()), self._left()
        self._refuse_many_nulls()
        start, left, passes = key_of(after, self._types), self._due, 0
        while left:
            if passes == MOST_PASSES:
                raise self._endless(left)
            self._pass(start)
            start, left, passes = None, self._left(), passes + 1
        rows_after = self._count(self._work.count_rows())
        self._refuse_lost_rows(rows_before, rows_after)
        batches = self._number - self._first
        return BatchReport(batches, self._due, self._changed, rows_before, rows_after)

    def _pass(self, after: Key | None) -> None:
        """Batches above `after` to the last key there is, then the rows without a key."""
        is_first = True
        while (end := self._end(after)) is not None:
            upto, rows = end
            self._one(self._work.step(after, upto), key_text(upto), rows)
            if is_first:
                self._refuse_lasting(after, upto, rows)
            after, is_first = upto, False
        if nulls := self._refuse_many_nulls():
            self._one(self._work.null_step(), key_text([None] * len(self._types)), nulls)
            if (left := self._count(self._work.count_nulls())) >= nulls:
                raise self._lasting(left, nulls)

    def _end(self, after: Key | None) -> tuple[Key, int] | None:
        found = self._engine.query(self._work.find_end(after)).to_pylist()
        if not found:
            return None
        *key, rows = found[0].values()
        return tuple(key), int(rows)

    def _one(self, step: Statement, key: str, expected: int) -> None:
        self._keep()
        rows = self._execute(step, expected)
        self._changed += rows
        batch = Batch(self._number, key, rows)
        self._number += 1
        self._on_batch(batch)
        total = max(self._due, self._changed, 1)
        self._progress(self._work.label, self._changed, total)

    def _execute(self, step: Statement, expected: int) -> int:
        """Rows changed; those that were expected where the engine does not tell."""
        in_doubt = False

        def attempt() -> int | None:
            nonlocal in_doubt
            try:
                return self._engine.execute(step)
            except OutcomeUnknownError as error:
                # What was done no longer meets the condition, so it may be sent again.
                in_doubt = True
                raise WriteConflictError(f"{self._work.label}: the reply was lost") from error

        rows = retrying(attempt, deadline_s=DEADLINE_S)
        return expected if rows is None or in_doubt else rows

    def _refuse_lasting(self, after: Key | None, upto: Key, rows: int) -> None:
        """Find a condition that never ends at the first batch, not after the whole table."""
        left = self._count(self._work.count_between(after, upto))
        if left >= rows:
            raise self._lasting(left, rows)

    def _refuse_many_nulls(self) -> int:
        nulls = self._count(self._work.count_nulls())
        if nulls > self._work.size:
            raise MigrationError(
                f"{self._work.label}: {nulls} rows that meet the condition have no value in "
                f"{' or '.join(self._work.key)}; they would be one batch, which may have "
                f"{self._work.size} rows: choose a key that is never NULL, or a larger size"
            )
        return nulls

    def _refuse_lost_rows(self, before: int, after: int) -> None:
        removed = self._changed if self._work.deletes else 0
        if after < before - removed:
            raise MigrationError(
                f"{self._work.label}: {self._work.table} had {before} rows before and has {after} "
                f"now, though {removed} were to be removed; somebody else removed rows "
                "meanwhile: look what happened, then run the migration again"
            )

    def _lasting(self, left: int, rows: int) -> MigrationError:
        return MigrationError(
            f"{self._work.label}: {left} of {rows} rows still meet the condition after their "
            f"batch was done; {self._due} rows met it before, {self._left()} meet it now: write a "
            "WHERE that no longer holds for a row once the row is done"
        )

    def _endless(self, left: int) -> MigrationError:
        return MigrationError(
            f"{self._work.label}: {left} rows meet the condition after {MOST_PASSES} passes; "
            f"{self._due} met it before and {self._changed} were changed: others keep adding "
            "such rows; stop them, then run the migration again"
        )

    def _left(self) -> int:
        return self._count(self._work.count_due())

    def _count(self, statement: Statement) -> int:
        return int(self._engine.query(statement).column("found")[0].as_py())


def _key_types(engine: Engine, work: Batched) -> tuple[str, ...]:
    snapshot = engine.inspect(TableRelation(work.table))
    types = []
    for name in work.key:
        column = snapshot.column(name)
        if column is None:
            known = ", ".join(column.name for column in snapshot.columns)
            raise MigrationError(
                f"{work.label}: {work.table} has no column {name} to batch by; it has {known}"
            )
        if not is_key_type(column.data_type):
            raise MigrationError(
                f"{work.label}: {name} is {column.data_type}; batches need a key of text, whole "
                "numbers, decimals, dates or timestamps"
            )
        types.append(column.data_type)
    return tuple(types)
