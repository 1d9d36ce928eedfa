"""What a migration or a rollback would do: the exact SQL for this engine, and what is lost."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from dq_databricks.errors import EngineError, IrreversibleError, WrongUseError
from dq_databricks.lifecycle.migrations.ledger import (
    Allowances,
    History,
    Ledger,
    pending_scripts,
    standing_version,
)
from dq_databricks.lifecycle.migrations.look_first import missing_capability
from dq_databricks.lifecycle.migrations.looks import table_name
from dq_databricks.lifecycle.migrations.scripts import Script, statements_of
from dq_databricks.lifecycle.site import Site
from dq_databricks.model.migration import Direction, MigrationState
from dq_databricks.sql.parse import shared_tree
from dq_databricks.sql.split import ScriptStatement
from dq_databricks.sql.statement import Statement

_DESTRUCTIVE = re.compile(r"^--\s*destructive:\s*(?P<why>.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class PlannedStatement:
    """One statement as it would be sent; `skipped` says why this engine is not sent it."""

    version: int
    file: str
    line: int
    sql: str
    skipped: str | None = None


@dataclass(frozen=True, slots=True)
class Loss:
    """Data that would be gone: `rows` of a table, or rows with a value in one of its columns."""

    version: int
    table: str
    column: str | None
    rows: int
    why: str


@dataclass(frozen=True, slots=True)
class MigrationPlan:
    """What would be done, in order. `losses` names only what holds data now."""

    catalog: str
    schema: str
    direction: Direction
    from_version: int
    to_version: int
    statements: tuple[PlannedStatement, ...]
    losses: tuple[Loss, ...] = ()

    @property
    def loses_data(self) -> bool:
        """Whether rows would be gone."""
        return any(loss.rows for loss in self.losses)


def plan_up(
    site: Site, scripts: Sequence[Script], to: int | None, allowed: Allowances
) -> MigrationPlan:
    """What `migrate` would do. Raises as `migrate` does for files that disagree with the ledger."""
    history = _history(site)
    due = pending_scripts(scripts, history, allowed)
    due = tuple(script for script in due if to is None or script.version <= to)
    at = standing_version(history)
    planned = [
        _planned(site, script.version, script.name, statement)
        for script in due
        for statement in script.statements(site.catalog, site.schema)
    ]
    last = max([at, *(script.version for script in due)])
    return MigrationPlan(site.catalog, site.schema, Direction.UP, at, last, tuple(planned))


@dataclass(frozen=True, slots=True)
class Undo:
    """One version to be undone, with the text that does it, as it was when it was applied."""

    version: int
    name: str
    checksum: str
    text: str


def undos(scripts: Sequence[Script], history: History, to: int | None) -> tuple[Undo, ...]:
    """The versions above `to` (None: the last one), newest first, each with its rollback.

    A rollback that was stopped half-way left its version `failed`: it is among them again.
    Raises WrongUseError when there is nothing to undo, IrreversibleError naming every version that
    cannot be undone, and why.
    """
    there = sorted(
        (v for v, entry in history.items() if entry.state is not MigrationState.ROLLED_BACK),
        reverse=True,
    )
    if to is not None and not to >= 0:
        raise WrongUseError(f"rollback to {to}: write 0 or more")
    wanted = there[:1] if to is None else [version for version in there if version > to]
    if not wanted:
        at = there[0] if there else 0
        raise WrongUseError(f"nothing to roll back: the schema is at version {at}")
    known = {script.version: script for script in scripts}
    firm = [v for v in wanted if _rollback_text(history, known, v) is None]
    if firm:
        raise IrreversibleError(_cannot(firm, history, known))
    return tuple(
        Undo(v, history[v].name, history[v].checksum, _rollback_text(history, known, v) or "")
        for v in wanted
    )


def plan_down(site: Site, scripts: Sequence[Script], to: int | None) -> MigrationPlan:
    """What `rollback` would do and what data would be lost. Raises as `undos` does."""
    history = _history(site)
    undone = undos(scripts, history, to)
    planned: list[PlannedStatement] = []
    losses: list[Loss] = []
    for undo in undone:
        statements = statements_of(undo.text, site.catalog, site.schema)
        planned += [_planned(site, undo.version, f"rollback/{undo.name}", s) for s in statements]
        losses += _losses(site, undo, statements)
    left = [v for v, e in history.items() if v < undone[-1].version]
    return MigrationPlan(
        site.catalog,
        site.schema,
        Direction.DOWN,
        undone[0].version,
        max(left, default=0),
        tuple(planned),
        tuple(losses),
    )


def _history(site: Site) -> History:
    return Ledger(site.engine, site.catalog, site.schema, site.context).latest() or {}


def _planned(site: Site, version: int, name: str, statement: ScriptStatement) -> PlannedStatement:
    lacking = missing_capability(statement, site.engine.facts)
    skipped = None if lacking is None else f"skipped: capability {lacking}"
    return PlannedStatement(version, f"ddl/{name}.sql", statement.line, statement.text, skipped)


def _rollback_text(history: History, known: dict[int, Script], version: int) -> str | None:
    """The rollback as it was when the version was applied; else the file's of today."""
    script = known.get(version)
    return history[version].rollback_sql or (script.rollback if script else None)


def _cannot(firm: Sequence[int], history: History, known: dict[int, Script]) -> str:
    reasons = [
        f"{history[v].name}" + (f" ({known[v].irreversible})" if v in known else "") for v in firm
    ]
    return (
        f"cannot be rolled back: {'; '.join(reasons)}. Nothing was run; go back to version "
        f"{max(firm)} at most, or bring the whole schema back to a restore point with "
        "`dq restore`"
    )


def _losses(site: Site, undo: Undo, statements: Sequence[ScriptStatement]) -> list[Loss]:
    found = _DESTRUCTIVE.search(undo.text)
    why = found["why"].strip() if found else "the rollback removes it"
    losses = []
    for statement in statements:
        tree = shared_tree(statement.text)
        table, columns = _removed(tree)
        for column in columns:
            rows = _rows(site, table, column)
            losses += [Loss(undo.version, str(table_name(table)), column, rows, why)] * bool(rows)
    return losses


def _removed(tree: exp.Expression) -> tuple[exp.Expression, list[str | None]]:
    """The table a statement removes data from, and the columns; None stands for whole rows."""
    kind = str(tree.args.get("kind")).upper()
    if isinstance(tree, exp.Drop) and kind == "TABLE":
        return (tree.args.get("tables") or [tree.this])[0], [None]
    if isinstance(tree, exp.Alter):
        drops = [a for a in tree.args.get("actions") or [] if isinstance(a, exp.Drop)]
        names = [
            column.name
            for drop in drops
            if str(drop.args.get("kind")).upper() == "COLUMN"
            for column in drop.args.get("tables") or [drop.this]
        ]
        return tree.this, list(names)
    if isinstance(tree, exp.Delete | exp.TruncateTable):
        return tree.find(exp.Table) or tree, [None]
    return tree, []


def _rows(site: Site, table: exp.Expression, column: str | None) -> int:
    counted = "*" if column is None else exp.column(column, quoted=True).sql("databricks")
    text = f"SELECT count({counted}) AS n FROM {table_name(table).sql}"
    try:
        return int(site.engine.query(Statement(text)).column(0)[0].as_py())
    except EngineError:  # it is not there (any more), so nothing of it is lost
        return 0
