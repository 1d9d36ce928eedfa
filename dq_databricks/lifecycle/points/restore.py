"""The whole schema back to a restore point, under the lock; killed at any step it is resumed.

Everything that is needed is opened before anything changes. Each table is looked at, then the
job is found to be still ours, then the table goes back from the very version that was looked at:
a process that was stopped in between and wakes late meets another version, and changes nothing.
The table of settings goes last, and opens the schema again by that one commit.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial

from dq_databricks.engine.protocol import Engine
from dq_databricks.engine.retry import retrying
from dq_databricks.errors import (
    LeaseLostError,
    OutcomeUnknownError,
    SchemaBehindError,
    WriteConflictError,
)
from dq_databricks.lifecycle.lease import Held
from dq_databricks.lifecycle.points.begin import Begun, begin
from dq_databricks.lifecycle.points.entries import (
    APPLIED,
    ROLLED_BACK,
    ledger_changes,
    record_change,
    versions_in,
)
from dq_databricks.lifecycle.points.looking import Commit, read_commits
from dq_databricks.lifecycle.points.plan import Action, TableStep
from dq_databricks.lifecycle.points.settling import Kept, settle
from dq_databricks.lifecycle.points.versions import versions_of
from dq_databricks.lifecycle.site import Site
from dq_databricks.lifecycle.state import DEADLINE_S, read_state, read_version
from dq_databricks.model.ids import Context
from dq_databricks.model.life import RestorePoint
from dq_databricks.model.progress import Progress, silent
from dq_databricks.model.setting import Setting
from dq_databricks.settings import Settings

# More commits than these do not come between a look and the restore that follows it.
_LOOK_BACK = 50


@dataclass(frozen=True, slots=True)
class RestoredTable:
    """What became of one table. `keep`: it was, or was found, as it was then."""

    table: str
    action: Action
    from_version: int | None
    to_version: int


@dataclass(frozen=True, slots=True)
class RestoreReport:
    """What a restore did. `safety_point` is the way back to what was there before it.

    `rolled_back` are schema versions that no longer stand, `applied` those that stand again.
    """

    catalog: str
    schema: str
    point: RestorePoint
    safety_point: RestorePoint
    schema_version: int
    is_resumed: bool
    tables: tuple[RestoredTable, ...]
    rolled_back: tuple[int, ...] = ()
    applied: tuple[int, ...] = ()


def restore(
    engine: Engine,
    settings: Settings,
    context: Context,
    *,
    point: str | None = None,
    at: datetime | None = None,
    resume: bool = False,
    progress: Progress = silent,
) -> RestoreReport:
    """Bring the whole schema back to a restore point, a time (`at`, UTC), or what was begun.

    The same again, or `resume`, finishes a restore that was killed. Tables younger than the point
    are emptied. Raises NotFoundError, ParameterError, SchemaBehindError, SchemaBusyError,
    SchemaLockedError, LeaseLostError, and RestoreError when something needed is gone or another
    restore is half done; then nothing was changed.
    """
    site = Site.of(engine, settings, context)
    if read_version(engine, site.catalog, site.schema) is None:
        raise SchemaBehindError(f"{site.name} has no metadata tables to restore: run `dq migrate`")
    with site.lock.hold("restore") as held:
        begun = begin(site, held, settings, point=point, at=at, resume=resume)
        return _Restore(site, held, begun, progress).run()


class _Restore:
    def __init__(self, site: Site, held: Held, begun: Begun, progress: Progress) -> None:
        self._site = site
        self._held = held
        self._begun = begun
        self._progress = progress

    def run(self) -> RestoreReport:
        point, steps = self._begun.point, self._begun.steps
        done = []
        for number, step in enumerate(steps[:-1]):
            self._progress("tables", number, len(steps))
            done.append(self._table(step))
        rolled_back, applied = self._ledger(point.schema_version)
        kept = Kept.of(self._site)
        done.append(self._table(steps[-1]))
        self._held.keep()
        settle(self._site, self._begun.operation, kept)
        self._progress("tables", len(steps), len(steps))
        return RestoreReport(
            catalog=self._site.catalog,
            schema=self._site.schema,
            point=point,
            safety_point=self._begun.safety_point,
            schema_version=point.schema_version,
            is_resumed=self._begun.is_resumed,
            tables=tuple(done),
            rolled_back=rolled_back,
            applied=applied,
        )

    def _table(self, step: TableStep) -> RestoredTable:
        """Bring one table back; conflicts with writers nobody acknowledges are looked at again."""
        context = self._site.context
        action = retrying(
            partial(self._bring_back, step),
            deadline_s=DEADLINE_S,
            clock=context.monotonic,
            sleep=context.sleep,
        )
        return RestoredTable(step.table, action, step.from_version, step.to_version)

    def _bring_back(self, step: TableStep) -> Action:
        name = self._site.table_name(step.table)
        self._held.keep()
        commits = read_commits(self._site.engine, name, most=_LOOK_BACK)
        if self._is_done(step, commits):
            return Action.KEEP
        # Only now: what was committed up to the look counts for nothing while the job is ours.
        self._check_ours()
        self._held.keep()
        try:
            self._site.engine.restore(name, step.to_version, expected_version=commits[0].version)
        except OutcomeUnknownError as error:
            raise WriteConflictError(f"restore {name}: the reply was lost ({error})") from error
        return step.action if step.action is not Action.KEEP else Action.RESTORE

    def _is_done(self, step: TableStep, commits: tuple[Commit, ...]) -> bool:
        """Whether the table is as it was then.

        The settings open the schema, so others may have changed them since this job did.
        """
        if step.table != Setting.TABLE:
            return commits[0].holds(step.to_version)
        before = versions_of(self._begun.safety_point)[Setting.TABLE]
        return any(c.restored == step.to_version and c.version > before for c in commits)

    def _ledger(self, schema_version: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Record what no longer stands and what stands again; the versions of both."""
        changes = ledger_changes(self._site, schema_version)
        for change in changes:
            self._check_ours()
            self._held.keep()
            record_change(self._site, change)
        return versions_in(changes, ROLLED_BACK), versions_in(changes, APPLIED)

    def _check_ours(self) -> None:
        operation = read_state(self._site.engine, self._site.catalog, self._site.schema).operation
        if operation != self._begun.operation:
            raise LeaseLostError(
                f"the restore of {self._site.name} to {self._begun.point.name} was taken over by "
                f"another runner while this one stood still; the schema is {operation.phase} now"
            )
