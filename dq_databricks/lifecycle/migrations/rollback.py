"""Undo migrations: newest first, under the lock, each a new entry of the ledger.

Before the first statement of a version the ledger says `failed` and readers are told the lower
version: whoever comes after a runner that was killed either finishes the rollback or applies the
version again; nobody takes a half-removed version for a whole one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dq_databricks.errors import EngineError, MigrationError
from dq_databricks.lifecycle.lease import Held
from dq_databricks.lifecycle.migrations.journal import Journal
from dq_databricks.lifecycle.migrations.ledger import Ledger, standing_version
from dq_databricks.lifecycle.migrations.look_first import Live
from dq_databricks.lifecycle.migrations.plan import Undo, undos
from dq_databricks.lifecycle.migrations.recording import Recorder, Subject
from dq_databricks.lifecycle.migrations.runner import make_life_tables
from dq_databricks.lifecycle.migrations.scripts import Script, shipped_scripts, statements_of
from dq_databricks.lifecycle.migrations.steps import Steps, Tally
from dq_databricks.lifecycle.site import Site
from dq_databricks.lifecycle.state import SCHEMA_VERSION, read_version, write_values
from dq_databricks.model.migration import Direction, MigrationState


@dataclass(frozen=True, slots=True)
class RollbackReport:
    """What a rollback did; `version` is where the schema is now."""

    catalog: str
    schema: str
    version: int
    rolled_back: tuple[str, ...]
    statements_executed: int


def rollback(
    site: Site, to: int | None = None, scripts: Sequence[Script] | None = None
) -> RollbackReport:
    """Undo every version above `to`; None undoes the last one.

    Raises WrongUseError, IrreversibleError (before anything is run), MigrationError for a
    statement that failed, SchemaLockedError, LeaseLostError.
    """
    files = scripts or shipped_scripts()
    ledger = Ledger(site.engine, site.catalog, site.schema, site.context)
    undos(files, ledger.latest() or {}, to)
    make_life_tables(site, files, _live(site))
    with site.lock.hold("rollback") as held:
        history = ledger.latest() or {}
        return _Undoing(site, held, Recorder(site, history)).run(undos(files, history, to))


class _Undoing:
    def __init__(self, site: Site, held: Held, recorder: Recorder) -> None:
        self._site = site
        self._held = held
        self._recorder = recorder
        self._journal = Journal(site, held, gathers=False)
        self._executed = 0

    def run(self, undone: Sequence[Undo]) -> RollbackReport:
        for undo in undone:
            self._one(undo)
        names = tuple(undo.name for undo in undone)
        version = standing_version(self._recorder.history)
        site = self._site
        return RollbackReport(site.catalog, site.schema, version, names, self._executed)

    def _one(self, undo: Undo) -> None:
        started_at = self._site.context.now()
        subject = Subject(undo.version, undo.name, undo.checksum, undo.text)
        self._held.keep()
        if self._recorder.history[undo.version].state is not MigrationState.FAILED:
            message = "its rollback has not ended"
            self._recorder.record(
                subject, MigrationState.FAILED, Tally(), started_at, message=message
            )
        self._tell_version()
        steps = self._steps(undo)
        try:
            steps.run(statements_of(undo.text, self._site.catalog, self._site.schema))
        except EngineError as error:
            raise MigrationError(
                f"ddl/rollback/{undo.name}.sql, statement {steps.tally.done + 1}: {error}; version "
                f"{undo.version} is half undone: mend the cause and roll back again, or run "
                "`dq migrate` to have it whole again"
            ) from error
        self._held.keep()
        self._recorder.record(subject, MigrationState.ROLLED_BACK, steps.tally, started_at)
        self._executed += steps.tally.executed

    def _steps(self, undo: Undo) -> Steps:
        return Steps(
            self._site,
            self._held,
            self._journal,
            _live(self._site),
            undo.version,
            Direction.DOWN,
        )

    def _tell_version(self) -> None:
        site, version = self._site, standing_version(self._recorder.history)
        if read_version(site.engine, site.catalog, site.schema) not in (None, version):
            values = {SCHEMA_VERSION: str(version)}
            write_values(site.engine, site.catalog, site.schema, values, at=site.context.now())


def _live(site: Site) -> Live:
    return Live(frozenset(site.engine.tables(site.catalog, site.schema)))
