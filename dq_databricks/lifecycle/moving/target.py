"""The schema a renaming goes to: is it free, is it ours, and how it is marked as ours."""

from __future__ import annotations

from collections.abc import Sequence

from dq_databricks.engine.protocol import Engine
from dq_databricks.errors import RenameError
from dq_databricks.lifecycle.state import (
    OPERATION,
    Operation,
    Phase,
    SchemaState,
    change_operation,
    read_state,
)
from dq_databricks.model.ids import Context
from dq_databricks.model.setting import Setting
from dq_databricks.sql.identifiers import TableName
from dq_databricks.sql.statement import Statement
from dq_databricks.store.access import Table

_NAMED = 5


def same_schema(one: str, other: str) -> bool:
    """Whether two names mean the same schema; Unity Catalog ignores case."""
    return one.lower() == other.lower()


def check_target(
    engine: Engine, catalog: str, source: str, target: str, *, begun: bool = False
) -> None:
    """Raise RenameError unless `target` is absent, empty or our own half-done target.

    `begun` says that the source already names it as its target: then a settings table without
    rows is ours, made by a run that was killed before it could mark it.
    """
    found = engine.tables(catalog, target)
    if not found:
        return
    where = f"{catalog}.{target}"
    if all(name.table != Setting.TABLE for name in found):
        raise RenameError(
            f"{catalog}.{source} cannot be renamed to {target}: {where} holds {_listed(found)}; "
            "nothing was changed: choose a name that is free, or empty that schema"
        )
    state = read_state(engine, catalog, target)
    if _is_ours(state, source) or (begun and len(found) == 1 and _is_empty(engine, found[0])):
        return
    raise RenameError(
        f"{catalog}.{source} cannot be renamed to {target}: {_told(catalog, target, state, source)}"
    )


def mark_target(
    engine: Engine, catalog: str, target: str, marker: Operation, context: Context
) -> None:
    """Make the target ours, or find that it is. Its settings table must exist.

    What an abandoned renaming of the same source left there is taken over. Raises RenameError
    when somebody else was first.
    """
    name = TableName(catalog, target, Setting.TABLE)
    row = Setting(key=OPERATION, value=marker.text, updated_at=context.now())
    Table(engine, name, Setting, context).insert_missing([row])
    state = read_state(engine, catalog, target)
    if state.operation == marker:
        return
    if not (
        _is_ours(state, marker.other)
        and change_operation(engine, catalog, target, state.operation, marker, at=context.now())
    ):
        told = _told(catalog, target, state, marker.other)
        raise RenameError(f"{catalog}.{marker.other} cannot be renamed to {target}: {told}")


def _is_ours(state: SchemaState, source: str) -> bool:
    operation = state.operation
    return operation.phase is Phase.ARRIVING and same_schema(operation.other, source)


def _is_empty(engine: Engine, table: TableName) -> bool:
    rows = engine.query(Statement(f"SELECT 1 AS found FROM {table.sql} LIMIT 1"))
    return not rows.num_rows


def _told(catalog: str, target: str, state: SchemaState, source: str) -> str:
    where, operation = f"{catalog}.{target}", state.operation
    if operation.phase is Phase.ARRIVING:
        return (
            f"{where} is the half-done target of job {operation.job}, which renames "
            f"{operation.other}; finish or abandon that first, or choose another name"
        )
    if operation.phase is Phase.MOVED and same_schema(operation.other, source):
        return (
            f"{where} is the schema that was renamed to {source} and is still kept; drop it "
            "first: `dq rename --drop-old`"
        )
    at = "of no version" if state.version is None else f"of version {state.version}"
    return f"{where} is a metadata schema {at} of its own; choose a name that is free"


def _listed(found: Sequence[TableName]) -> str:
    names = [name.table for name in found]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
