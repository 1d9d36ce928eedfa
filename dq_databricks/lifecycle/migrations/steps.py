"""Statements of a migration, one after the other: kept under the lock, looked at, journaled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from dq_databricks.engine.retry import retrying
from dq_databricks.errors import EngineError, MigrationError
from dq_databricks.lifecycle.lease import Held
from dq_databricks.lifecycle.migrations.journal import Journal
from dq_databricks.lifecycle.migrations.look_first import Live, carry_out, missing_capability
from dq_databricks.lifecycle.site import Site
from dq_databricks.model.migration import Direction, Outcome
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
    ) -> None:
        self.tally = Tally()
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
            outcome = self._carry_out(statement)
        except (EngineError, MigrationError) as error:
            note(Outcome.FAILED, started_at, reason=str(error))
            raise
        note(outcome, started_at)
        return outcome

    def _carry_out(self, statement: ScriptStatement) -> Outcome:
        action = partial(carry_out, self._site.engine, statement, self._live)
        return retrying(action, deadline_s=DEADLINE_S)
