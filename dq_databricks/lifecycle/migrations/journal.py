"""The journal of migrations: which statement was seen through, by whom, with what outcome."""

from __future__ import annotations

from datetime import datetime

from dq_databricks.lifecycle.lease import Held
from dq_databricks.lifecycle.site import Site
from dq_databricks.model.migration import Direction, MigrationStep, Outcome
from dq_databricks.sql.split import ScriptStatement
from dq_databricks.store.filters import eq, is_not_null

MOST_REASON_CHARS = 2000


class Journal:
    """Notes the steps of one runner.

    `gathers` keeps the notes until `flush`: where a schema is made anew there is nothing yet that
    a lost note could hide, and a commit for each statement would double the time it takes.
    """

    def __init__(self, site: Site, held: Held, *, gathers: bool) -> None:
        self._table = site.table(MigrationStep)
        self._context = site.context
        self._held = held
        self._gathers = gathers
        self._kept: list[MigrationStep] = []

    def note(
        self,
        version: int,
        direction: Direction,
        number: int,
        statement: ScriptStatement,
        outcome: Outcome,
        started_at: datetime,
        *,
        reason: str | None = None,
        batch: int | None = None,
        batch_key: str | None = None,
        affected_rows: int | None = None,
    ) -> None:
        """Note that statement `number` (from 1) of a file came to `outcome`."""
        spent = self._context.now() - started_at
        self._kept.append(
            MigrationStep(
                step_id=self._context.new_id(),
                version=version,
                direction=direction,
                statement=number,
                line=statement.line,
                outcome=outcome,
                reason=None if reason is None else reason[:MOST_REASON_CHARS],
                batch=batch,
                batch_key=batch_key,
                affected_rows=affected_rows,
                started_at=started_at,
                duration_ms=max(0, round(spent.total_seconds() * 1000)),
                owner=self._held.owner,
                fence=self._held.fence,
            )
        )
        if not self._gathers and outcome is not Outcome.SKIPPED:
            self.flush()

    def flush(self) -> None:
        """Write what was noted, in one commit."""
        kept, self._kept = self._kept, []
        self._table.append(kept)

    def last_batch(self, version: int, direction: Direction, number: int) -> MigrationStep | None:
        """The last batch of a statement that was done; None when it has not begun."""
        conditions = (
            eq("version", version),
            eq("direction", direction),
            eq("statement", number),
            eq("outcome", Outcome.DONE),
            is_not_null("batch_key"),
        )
        found = self._table.select(*conditions, order_by=("-batch", "-started_at"), limit=1)
        return next(iter(found), None)
