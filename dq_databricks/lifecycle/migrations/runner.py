"""Bring a schema to the version this software works with: in order, recorded, any number of times.

One runner at a time holds the lock of the schema. Delta commits each DDL statement alone, so every
statement still looks first: a runner that was killed is completed by the next one, and one that
was stopped and wakes late does no harm.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from dq_databricks.engine.protocol import Engine
from dq_databricks.errors import EngineError, MigrationError, WrongUseError
from dq_databricks.lifecycle.lease import Held, LockOptions
from dq_databricks.lifecycle.migrations.journal import Journal
from dq_databricks.lifecycle.migrations.ledger import (
    STRICT,
    Allowances,
    History,
    Ledger,
    pending_scripts,
    standing_version,
)
from dq_databricks.lifecycle.migrations.look_first import Live, carry_out
from dq_databricks.lifecycle.migrations.recording import Recorder, Subject
from dq_databricks.lifecycle.migrations.scripts import LEDGER_VERSION, Script, shipped_scripts
from dq_databricks.lifecycle.migrations.seal import check_sealed
from dq_databricks.lifecycle.migrations.steps import Steps, Tally
from dq_databricks.lifecycle.site import Site
from dq_databricks.lifecycle.state import (
    READER_VERSION,
    SCHEMA_VERSION,
    read_state,
    read_version,
    write_values,
)
from dq_databricks.model.ids import Context
from dq_databricks.model.migration import MigrationState
from dq_databricks.model.progress import Progress, silent
from dq_databricks.model.tables import LIFE_TABLES


@dataclass(frozen=True, slots=True)
class MigrationReport:
    """What a run of the migrations did. `statements_executed` is 0 when nothing was pending.

    `adopted` counts statements whose effect was there already. `skipped` holds file, line and
    reason of the statements this engine does not understand.
    """

    catalog: str
    schema: str
    version: int
    applied: tuple[str, ...] = ()
    statements_executed: int = 0
    adopted: int = 0
    skipped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MigrateOptions:
    """How to migrate: up to which version (None: the newest), and what to let pass.

    `before_data` is called once, under the lock, before the first script that touches rows of a
    schema that was there before.
    """

    to: int | None = None
    allowed: Allowances = STRICT
    lock: LockOptions = field(default_factory=LockOptions)
    before_data: Callable[[], object] | None = None
    progress: Progress = silent


def migrate(
    engine: Engine,
    catalog: str,
    schema: str,
    context: Context,
    user: str,
    *,
    scripts: Sequence[Script] | None = None,
    options: MigrateOptions | None = None,
) -> MigrationReport:
    """Apply what is pending, in order, and record it. The schema itself must exist.

    Raises EditedMigrationError, SchemaNewerError, MigrationError (missing or out of order file,
    failed statement, foreign table of the same name), SchemaLockedError, LeaseLostError; a file
    that failed is recorded and resumed by the next run.
    """
    chosen = options or MigrateOptions()
    site = Site(engine, catalog, schema, context, user, chosen.lock)
    return _Runner(site, scripts or shipped_scripts(), chosen).run()


def pending(
    engine: Engine,
    catalog: str,
    schema: str,
    context: Context,
    *,
    scripts: Sequence[Script] | None = None,
) -> tuple[Script, ...]:
    """The migrations that `migrate` would apply now. Raises as `migrate` does; changes nothing."""
    known = numbered(scripts or shipped_scripts())
    return pending_scripts(known, Ledger(engine, catalog, schema, context).latest() or {})


def numbered(scripts: Sequence[Script]) -> tuple[Script, ...]:
    """The scripts that have a row in the ledger."""
    return tuple(script for script in scripts if script.version != LEDGER_VERSION)


def make_life_tables(site: Site, scripts: Sequence[Script], live: Live) -> int:
    """Make the tables a runner stands on where they are missing; how many statements ran."""
    names = {name.table for name in live.there}
    if names >= LIFE_TABLES:
        return 0
    statements = scripts[0].statements(site.catalog, site.schema)
    outcomes = [carry_out(site.engine, statement, live) for statement in statements]
    return sum(outcome == "done" for outcome in outcomes)


class _Runner:
    def __init__(self, site: Site, scripts: Sequence[Script], options: MigrateOptions) -> None:
        self._site = site
        self._scripts = scripts
        self._numbered = numbered(scripts)
        self._options = options
        self._executed = 0
        self._adopted = 0
        self._skipped: list[str] = []
        self._backed_up = False

    def run(self) -> MigrationReport:
        due = self._due(self._history())
        if self._scripts is shipped_scripts():
            check_sealed(due)
        if not due and read_version(self._site.engine, self._site.catalog, self._site.schema):
            return self._report((), self._history() or {})
        live = Live(frozenset(self._site.engine.tables(self._site.catalog, self._site.schema)))
        self._executed += make_life_tables(self._site, self._scripts, live)
        with self._site.lock.hold("migration") as held:
            return self._under_lock(held, live)

    def _under_lock(self, held: Held, live: Live) -> MigrationReport:
        """Look again: another runner may have done the work while this one waited."""
        history = self._history() or {}
        due = self._due(history)
        is_new = not history and not any(t.table == "dq_settings" for t in live.there)
        journal = Journal(self._site, held, gathers=is_new)
        recorder = Recorder(self._site, history)
        if not is_new:
            self._refuse_while_busy()
            live = Live(frozenset(self._site.engine.tables(self._site.catalog, self._site.schema)))
        for number, script in enumerate(due):
            self._options.progress("migrations", number, len(due))
            self._back_up(script, is_new=is_new)
            self._apply(script, held, journal, live, recorder)
        held.keep()
        journal.flush()
        self._keep_version(recorder.history)
        self._options.progress("migrations", len(due), max(1, len(due)))
        return self._report(due, recorder.history)

    def _refuse_while_busy(self) -> None:
        operation = read_state(self._site.engine, self._site.catalog, self._site.schema).operation
        if operation.phase != "open":
            raise MigrationError(
                f"{self._site.name} is {operation.phase} ({operation.other}, since "
                f"{operation.since} by {operation.by}): finish that first with "
                f"`dq {'restore --resume' if operation.phase == 'restoring' else 'rename'}`"
            )

    def _history(self) -> History | None:
        site = self._site
        return Ledger(site.engine, site.catalog, site.schema, site.context).latest()

    def _due(self, history: History | None) -> tuple[Script, ...]:
        due = pending_scripts(self._numbered, history or {}, self._options.allowed)
        if (to := self._options.to) is None:
            return due
        newest = self._numbered[-1].version
        if not 1 <= to <= newest:
            raise WrongUseError(f"migrate to {to}: the files have versions 1 to {newest}")
        if (at := standing_version(history or {})) > to:
            raise WrongUseError(
                f"migrate to {to}: the schema is at version {at}; to go back, use "
                f"`dq migrate rollback --to {to}`"
            )
        return tuple(script for script in due if script.version <= to)

    def _back_up(self, script: Script, *, is_new: bool) -> None:
        if is_new or self._backed_up or not script.touches_rows:
            return
        self._backed_up = True
        if self._options.before_data is not None:
            self._options.before_data()

    def _apply(
        self, script: Script, held: Held, journal: Journal, live: Live, recorder: Recorder
    ) -> None:
        started_at = self._site.context.now()
        progress = self._options.progress
        steps = Steps(self._site, held, journal, live, script.version, progress=progress)
        subject = Subject(script.version, script.name, script.checksum, script.rollback)
        try:
            steps.run(script.statements(self._site.catalog, self._site.schema))
        except (EngineError, MigrationError) as error:
            message = f"ddl/{script.name}.sql, statement {steps.tally.done + 1}: {error}"
            journal.flush()
            recorder.record(
                subject, MigrationState.FAILED, steps.tally, started_at, message=message
            )
            raise MigrationError(
                f"{message}; the schema stays below version {script.version}: "
                "mend the cause and run the migration again, it resumes here"
            ) from error
        held.keep()
        recorder.record(subject, MigrationState.APPLIED, steps.tally, started_at)
        self._count(script, steps.tally)

    def _count(self, script: Script, tally: Tally) -> None:
        self._executed += tally.executed
        self._adopted += tally.adopted
        self._skipped += [
            f"{script.name}:{item['line']} {item['reason']}" for item in tally.skipped
        ]

    def _keep_version(self, history: History) -> None:
        """Store the version last of all, so whoever reads it finds everything below it."""
        version, site = standing_version(history), self._site
        state = read_state(site.engine, site.catalog, site.schema)
        reader = max(
            (s.version for s in self._numbered if s.breaks_readers and s.version <= version),
            default=1,
        )
        if (state.version, state.reader_version) != (version, reader):
            values = {SCHEMA_VERSION: str(version), READER_VERSION: str(reader)}
            write_values(site.engine, site.catalog, site.schema, values, at=site.context.now())

    def _report(self, due: Sequence[Script], history: History) -> MigrationReport:
        return MigrationReport(
            self._site.catalog,
            self._site.schema,
            standing_version(history),
            tuple(script.name for script in due),
            self._executed,
            self._adopted,
            tuple(self._skipped),
        )
