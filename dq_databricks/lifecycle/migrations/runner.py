"""Bring a schema to the version this software works with: in order, recorded, any number of times.

Delta commits each DDL statement alone, so every statement looks first; a runner that was killed is
completed by the next one, and two runners at once both end right.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from importlib import metadata

from dq_databricks.engine.protocol import Engine
from dq_databricks.engine.retry import retrying
from dq_databricks.errors import EngineError, MigrationError
from dq_databricks.lifecycle.migrations.ledger import History, Ledger, new_entry_id, pending_scripts
from dq_databricks.lifecycle.migrations.look_first import Live, carry_out, missing_capability
from dq_databricks.lifecycle.migrations.scripts import LEDGER_VERSION, Script, shipped_scripts
from dq_databricks.lifecycle.state import SCHEMA_VERSION, read_version, write_values
from dq_databricks.model.ids import Context
from dq_databricks.model.migration import AppliedMigration, MigrationState, Outcome
from dq_databricks.sql.split import ScriptStatement

DEADLINE_S = 60.0


@dataclass(frozen=True, slots=True)
class MigrationReport:
    """What a run of the migrations did. `statements_executed` is 0 when nothing was pending.

    `skipped` holds file, line and reason of the statements this engine does not understand.
    """

    catalog: str
    schema: str
    version: int
    applied: tuple[str, ...] = ()
    statements_executed: int = 0
    skipped: tuple[str, ...] = ()


@dataclass(slots=True)
class _Progress:
    done: int = 0
    executed: int = 0
    skipped: tuple[dict[str, str], ...] = ()


def migrate(
    engine: Engine,
    catalog: str,
    schema: str,
    context: Context,
    user: str,
    *,
    scripts: Sequence[Script] | None = None,
) -> MigrationReport:
    """Apply what is pending, in order, and record it. The schema itself must exist.

    Raises EditedMigrationError, MigrationError (missing or out of order file, failed statement,
    foreign table of the same name); a file that failed is recorded and resumed by the next run.
    """
    runner = _Runner(engine, catalog, schema, context, user)
    return runner.run(shipped_scripts() if scripts is None else scripts)


def pending(
    engine: Engine,
    catalog: str,
    schema: str,
    context: Context,
    *,
    scripts: Sequence[Script] | None = None,
) -> tuple[Script, ...]:
    """The migrations that `migrate` would apply now. Raises as `migrate` does; changes nothing."""
    known = _numbered_scripts(shipped_scripts() if scripts is None else scripts)
    return pending_scripts(known, Ledger(engine, catalog, schema, context).latest() or {})


def _numbered_scripts(scripts: Sequence[Script]) -> tuple[Script, ...]:
    return tuple(script for script in scripts if script.version != LEDGER_VERSION)


def _tool_version() -> str:
    try:
        return metadata.version("dq-databricks")
    except metadata.PackageNotFoundError:  # run from a checkout that was never installed
        return "unknown"


class _Runner:
    def __init__(
        self, engine: Engine, catalog: str, schema: str, context: Context, user: str
    ) -> None:
        self._engine = engine
        self._catalog = catalog
        self._schema = schema
        self._context = context
        self._user = user
        self._ledger = Ledger(engine, catalog, schema, context)
        self._live = Live(frozenset())

    def run(self, scripts: Sequence[Script]) -> MigrationReport:
        numbered = _numbered_scripts(scripts)
        history = self._ledger.latest()
        progress = _Progress()
        if history is None or pending_scripts(numbered, history):
            self._live = Live(frozenset(self._engine.tables(self._catalog, self._schema)))
        if history is None:
            progress = self._carry_out(scripts[0], _Progress())
            history = self._ledger.latest() or {}
        due = pending_scripts(numbered, history)
        skipped: list[str] = []
        for script in due:
            step = self._apply(script, history)
            progress.executed += step.executed
            skipped.extend(
                f"{script.name}:{item['line']} {item['reason']}" for item in step.skipped
            )
        self._keep_version(numbered[-1].version)
        names = tuple(script.name for script in due)
        return MigrationReport(
            self._catalog,
            self._schema,
            numbered[-1].version,
            names,
            progress.executed,
            tuple(skipped),
        )

    def _apply(self, script: Script, history: History) -> _Progress:
        started = time.monotonic()
        progress = _Progress()
        try:
            self._carry_out(script, progress)
        except (EngineError, MigrationError) as error:
            message = f"ddl/{script.name}.sql, statement {progress.done + 1}: {error}"
            self._record(script, history, progress, started, error=message)
            raise MigrationError(
                f"{message}; the schema stays below version {script.version}: "
                "mend the cause and run the migration again, it resumes here"
            ) from error
        self._record(script, history, progress, started)
        return progress

    def _carry_out(self, script: Script, progress: _Progress) -> _Progress:
        for statement in script.statements(self._catalog, self._schema):
            outcome = self._one(statement, progress)
            progress.executed += outcome is Outcome.DONE
            progress.done += outcome is not Outcome.SKIPPED
        return progress

    def _one(self, statement: ScriptStatement, progress: _Progress) -> Outcome:
        if (lacking := missing_capability(statement, self._engine.facts)) is not None:
            reason = f"skipped: capability {lacking}"
            progress.skipped += ({"line": str(statement.line), "reason": reason},)
            return Outcome.SKIPPED
        return retrying(
            partial(carry_out, self._engine, statement, self._live), deadline_s=DEADLINE_S
        )

    def _record(
        self,
        script: Script,
        history: History,
        progress: _Progress,
        started: float,
        *,
        error: str | None = None,
    ) -> None:
        before = history.get(script.version)
        sequence = 1 if before is None else before.sequence + 1
        self._ledger.record(
            AppliedMigration(
                entry_id=new_entry_id(script.version, sequence),
                version=script.version,
                sequence=sequence,
                name=script.name,
                checksum=script.checksum,
                state=MigrationState.FAILED if error else MigrationState.APPLIED,
                applied_at=self._context.now(),
                applied_by=self._user,
                rollback_sql=script.rollback,
                tool_version=_tool_version(),
                statement_count=progress.done,
                skipped_statements=json.dumps(progress.skipped) if progress.skipped else None,
                duration_ms=round((time.monotonic() - started) * 1000),
                error_message=error,
            )
        )

    def _keep_version(self, version: int) -> None:
        """Store the version last of all, so whoever reads it finds everything below it."""
        if read_version(self._engine, self._catalog, self._schema) != version:
            now = self._context.now()
            values = {SCHEMA_VERSION: str(version)}
            write_values(self._engine, self._catalog, self._schema, values, at=now)
