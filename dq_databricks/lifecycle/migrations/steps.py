"""Statements of a migration, one after the other: kept under the lock, looked at, journaled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from dq_databricks.engine.retry import retrying
from dq_databricks.errors import EngineError, MigrationError
from dq_databricks.lifecycle.lease import Held
from dq_databricks.lifecycle.migrations.batches import Batch, run_batches
from dq_databricks.lifecycle.migrations.journal import Journal
from dq_databricks.lifecycle.migrations.look_first import Live, carry_out, missing_capability
from dq_databricks.lifecycle.site import Site
from dq_databricks.model.migration import Direction, Outcome
from dq_databricks.model.progress import Progress, silent
from dq_databricks.sql.split import ScriptStatement

DEADLINE_S = 60.0


@dataclass(slots=True)
class Tally:
    """What became of the statements of one file.

    `skipped` holds line and reason of each that the engine does not understand.
    """

    done: int = 0
    executed: int = 0
    adopted: int = 0
    skipped: list[dict[str, str]] = field(default_factory=list)


class Steps:
    """Carries out the statements of one file, or of its rollback."""

    def __init__(
        self,
        site: Site,
        held: Held,
        journal: Journal,
        live: Live,
        version: int,
        direction: Direction = Direction.UP,
        progress: Progress = silent,
    ) -> None:
        self.tally = Tally()
        self._progress = progress
        self._site = site
        self._held = held
        self._journal = journal
        self._live = live
        self._version = version
        self._direction = direction

    def run(self, statements: Sequence[ScriptStatement]) -> Tally:
        """Carry out `statements`; the tally also stands in `tally` when one of them fails.

        Raises LeaseLostError, MigrationError and children of EngineError.
        """
        for number, statement in enumerate(statements, start=1):
            self._held.keep()
            outcome = self._one(number, statement)
            self.tally.executed += outcome is Outcome.DONE
            self.tally.adopted += outcome is Outcome.ADOPTED
            self.tally.done += outcome is not Outcome.SKIPPED
        return self.tally

    def _one(self, number: int, statement: ScriptStatement) -> Outcome:
        started_at = self._site.context.now()
        note = partial(self._journal.note, self._version, self._direction, number, statement)
        if (lacking := missing_capability(statement, self._site.engine.facts)) is not None:
            reason = f"skipped: capability {lacking}"
            self.tally.skipped.append({"line": str(statement.line), "reason": reason})
            note(Outcome.SKIPPED, started_at, reason=reason)
            return Outcome.SKIPPED
        try:
            if statement.batch is not None:
                outcome = self._in_batches(number, statement)
            else:
                outcome = self._carry_out(statement)
        except (EngineError, MigrationError) as error:
            note(Outcome.FAILED, started_at, reason=str(error))
            raise
        note(outcome, started_at)
        return outcome

    def _carry_out(self, statement: ScriptStatement) -> Outcome:
        action = partial(carry_out, self._site.engine, statement, self._live)
        return retrying(action, deadline_s=DEADLINE_S)

    def _in_batches(self, number: int, statement: ScriptStatement) -> Outcome:
        """Go on after the last batch that was journaled; each batch is journaled as it is done."""
        last = self._journal.last_batch(self._version, self._direction, number)
        report = run_batches(
            self._site.engine,
            statement,
            after=None if last is None else last.batch_key,
            first=1 if last is None or last.batch is None else last.batch + 1,
            on_batch=partial(self._note_batch, number, statement),
            keep=self._held.keep,
            progress=self._progress,
        )
        return Outcome.DONE if report.batches else Outcome.ADOPTED

    def _note_batch(self, number: int, statement: ScriptStatement, batch: Batch) -> None:
        self._journal.note(
            self._version,
            self._direction,
            number,
            statement,
            Outcome.DONE,
            self._site.context.now(),
            batch=batch.number,
            batch_key=batch.key,
            affected_rows=batch.rows,
        )
