"""Drop the schema that a renaming left behind: only what was copied, only while it says so."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dq_databricks.engine.protocol import Engine
from dq_databricks.errors import EngineError, RenameError, TableNotFoundError
from dq_databricks.lifecycle.lease import Held
from dq_databricks.lifecycle.migrations.scripts import shipped_scripts
from dq_databricks.lifecycle.moving.carrying import RENAMED_VERSIONS, store_settings
from dq_databricks.lifecycle.moving.copying import (
    Copying,
    carry_out,
    edited_statement,
    late_statement,
    latest_version,
)
from dq_databricks.lifecycle.moving.job import EMPTY_TABLES
from dq_databricks.lifecycle.moving.standing import settle
from dq_databricks.lifecycle.moving.target import same_schema
from dq_databricks.lifecycle.shape.live import live_table
from dq_databricks.lifecycle.shape.views import made_views
from dq_databricks.lifecycle.site import Site
from dq_databricks.lifecycle.state import Operation, Phase, read_state, read_values
from dq_databricks.model.ids import Context
from dq_databricks.model.progress import Progress, silent
from dq_databricks.model.setting import Setting
from dq_databricks.settings import Settings
from dq_databricks.sql.identifiers import TableName, quote
from dq_databricks.sql.statement import Statement

Versions = Mapping[str, Mapping[str, int]]
"""By schema and table: the version that was verified when the schema was renamed."""


@dataclass(frozen=True, slots=True)
class LateRows:
    """What somebody wrote to a table of the old schema after the renaming.

    `added` rows were brought over by their key. `edited` rows were not: the new schema has its
    own state of them.
    """

    table: str
    added: int
    edited: int


@dataclass(frozen=True, slots=True)
class DroppedSchema:
    """An old schema that is gone, with its `tables`."""

    schema: str
    tables: tuple[str, ...]
    late: tuple[LateRows, ...] = ()


@dataclass(frozen=True, slots=True)
class DropReport:
    """The old schemas that were dropped; none when there was none left."""

    catalog: str
    schema: str
    dropped: tuple[DroppedSchema, ...]


def kept_schemas(engine: Engine, settings: Settings, context: Context) -> tuple[str, ...]:
    """The old schemas that `drop_old` would drop, in the order of the renamings."""
    new, _ = _new_schema(Site.of(engine, settings, context))
    return tuple(_versions(new))


def drop_old(
    engine: Engine, settings: Settings, context: Context, *, progress: Progress = silent
) -> DropReport:
    """Drop the schemas that renamings to this one (or from it) left behind.

    Rows that came into them late are brought over first. Repeating it is harmless, and completes
    what was killed. Raises RenameError when a schema holds what was not copied, SchemaLockedError.
    """
    new, _ = _new_schema(Site.of(engine, settings, context))
    dropped: list[DroppedSchema] = []
    # The lock of the new schema keeps it from being renamed back while the old one goes.
    with new.lock.hold("dropping the old schema") as held:
        for schema in _versions(new):
            dropped += _drop_schema(new, schema, held, progress)
            rest = {name: found for name, found in _versions(new).items() if name != schema}
            store_settings(new, {RENAMED_VERSIONS: json.dumps(rest, sort_keys=True)})
    return DropReport(new.catalog, new.schema, tuple(dropped))


# --- below ---------------------------------------------------------------------------------------


def _new_schema(site: Site) -> tuple[Site, Operation]:
    """The schema that counts, opened if only that was missing, and what stands there."""
    operation = settle(site).operation
    if operation.phase is Phase.MOVED:
        return _new_schema(_named(site, operation.other))
    if operation.phase is not Phase.OPEN:
        raise RenameError(
            f"{site.name} is {operation.phase} ({operation.other}): finish that before the old "
            "schema is dropped"
        )
    return site, operation


def _named(site: Site, schema: str) -> Site:
    return Site(site.engine, site.catalog, schema, site.context, site.user, site.lock_options)


def _versions(new: Site) -> Versions:
    stored = read_values(new.engine, new.catalog, new.schema, RENAMED_VERSIONS)
    found: Versions = json.loads(stored.get(RENAMED_VERSIONS, "{}"))
    return found


def _drop_schema(
    new: Site, schema: str, held: Held, progress: Progress
) -> tuple[DroppedSchema, ...]:
    old, versions = _named(new, schema), _versions(new)[schema]
    found = new.engine.tables(old.catalog, schema)
    if found and not _is_moved(old, new):
        # Somebody made a schema of their own with that name: it is none of ours.
        return ()
    views = [name for name in new.engine.views(old.catalog, schema) if name.table in _made()]
    found = [name for name in found if name not in views]
    _check_copied(old, found, versions)
    late = _bring_late(new, old, versions, held)
    for view in views:
        _drop(old, new, Statement(f"DROP VIEW IF EXISTS {view.sql}"), held)
    _drop_tables(old, new, found, held, progress)
    held.keep()
    carry_out(new.engine, Statement(f"DROP SCHEMA IF EXISTS {quote(old.catalog, schema)}"))
    return (DroppedSchema(schema, tuple(name.table for name in found), late),)


def _is_moved(old: Site, new: Site) -> bool:
    operation = read_state(old.engine, old.catalog, old.schema).operation
    state = read_state(new.engine, new.catalog, new.schema)
    ours = (new.schema, *state.renamed_from)
    moved = operation.phase is Phase.MOVED
    return moved and any(same_schema(operation.other, name) for name in ours)


def _check_copied(old: Site, found: Sequence[TableName], versions: Mapping[str, int]) -> None:
    copied = {*versions, *EMPTY_TABLES, Setting.TABLE}
    if left := [name.table for name in found if name.table not in copied]:
        raise RenameError(
            f"{old.name} holds what was not copied: {', '.join(left)}; nothing was dropped: move "
            "or drop that first"
        )


def _bring_late(
    new: Site, old: Site, versions: Mapping[str, int], held: Held
) -> tuple[LateRows, ...]:
    found: list[LateRows] = []
    for table, verified in versions.items():
        held.keep()
        try:
            version = latest_version(new.engine, old.table_name(table))
        except TableNotFoundError:
            continue  # dropped by a run that was killed
        if version != verified:
            found.append(_bring_rows(new, old, table, (verified, version)))
    return tuple(late for late in found if late.added or late.edited)


def _bring_rows(new: Site, old: Site, table: str, versions: tuple[int, int]) -> LateRows:
    name = old.table_name(table)
    shape = live_table(new.engine, name)
    copying = Copying(name, new.table_name(table), shape, Operation())
    try:
        edited = new.engine.query(edited_statement(copying, *versions)).to_pylist()[0]
        added = carry_out(new.engine, late_statement(copying, *versions))
    except EngineError as error:
        raise RenameError(
            f"{name} was written to after the renaming, and what is new cannot be told or brought "
            f"over: {error}; nothing was dropped: look at it, then drop that table by hand"
        ) from error
    return LateRows(table, added, int(edited["edited"]))


def _drop_tables(
    old: Site, new: Site, found: Sequence[TableName], held: Held, progress: Progress
) -> None:
    """Drop the tables, the one that says what became of the schema last.

    A table that others refer to goes after them, so what fails is tried once more.
    """
    names = [name for name in found if name.table != Setting.TABLE]
    last = [name for name in found if name.table == Setting.TABLE]
    for batch in (names, last):
        waiting = list(batch)
        while waiting:
            failed = [name for name in waiting if not _drop_table(old, new, name, held)]
            progress("dropping", len(found) - len(failed), len(found))
            if len(failed) == len(waiting):
                new.engine.execute(_drop_statement(failed[0]))
            waiting = failed


def _drop_table(old: Site, new: Site, name: TableName, held: Held) -> bool:
    try:
        _drop(old, new, _drop_statement(name), held)
    except EngineError:
        return False
    return True


def _drop(old: Site, new: Site, statement: Statement, held: Held) -> None:
    held.keep()
    if not _is_moved(old, new):
        raise RenameError(
            f"{old.name} is not the schema that was renamed any more: the rest of it was kept"
        )
    carry_out(new.engine, statement)


def _made() -> frozenset[str]:
    """The views of the migrations: the new schema has them over its own tables."""
    return made_views(shipped_scripts())


def _drop_statement(name: TableName) -> Statement:
    return Statement(f"DROP TABLE IF EXISTS {name.sql}")
