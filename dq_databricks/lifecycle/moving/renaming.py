"""The steps of a renaming, in their order. Each looks first and may be repeated or come late.

Until the last but one step the source is the schema that counts; nothing is ever dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from dq_databricks.errors import RenameError
from dq_databricks.lifecycle.moving.carrying import carry_grants, carry_settings
from dq_databricks.lifecycle.moving.copying import carry_out, make_table
from dq_databricks.lifecycle.moving.job import EMPTY_TABLES, Renaming
from dq_databricks.lifecycle.moving.standing import open_arrived
from dq_databricks.lifecycle.moving.target import check_target, mark_target
from dq_databricks.lifecycle.moving.verifying import verify
from dq_databricks.lifecycle.moving.views import carry_views
from dq_databricks.lifecycle.state import Phase, change_operation
from dq_databricks.model.setting import Setting
from dq_databricks.sql.identifiers import quote
from dq_databricks.sql.statement import Statement

Step = Callable[[Renaming], None]


def mark_source(renaming: Renaming) -> None:
    """Tell writers to wait: the source is being renamed."""
    source = renaming.source
    if renaming.is_resumed:
        return
    done = change_operation(
        source.engine,
        source.catalog,
        source.schema,
        renaming.found,
        renaming.operation,
        at=source.context.now(),
    )
    if not done:
        raise RenameError(f"{source.name} was taken by another job just now: try again")


def create_target(renaming: Renaming) -> None:
    """Make the schema, its settings table and the marker that says whose it is."""
    source, target = renaming.source, renaming.target
    check_target(source.engine, source.catalog, source.schema, target.schema, begun=True)
    create = Statement(f"CREATE SCHEMA IF NOT EXISTS {quote(target.catalog, target.schema)}")
    carry_out(source.engine, create)
    name = Setting.TABLE
    renaming.differences[name] = make_table(source.engine, renaming.copying(name))
    mark_target(source.engine, source.catalog, target.schema, renaming.marker, source.context)
    renaming.is_marked = True


def create_life_tables(renaming: Renaming) -> None:
    """Make the tables that the life of the target is kept in."""
    for name in EMPTY_TABLES:
        renaming.held.keep()
        made = make_table(renaming.source.engine, renaming.copying(name))
        renaming.differences[name] = made


def copy_tables(renaming: Renaming) -> None:
    """Copy each table at the version it has now."""
    for number, name in enumerate(renaming.names):
        renaming.progress("copying", number, len(renaming.names))
        renaming.copy(name)
    renaming.progress("copying", len(renaming.names), len(renaming.names))


def switch(renaming: Renaming) -> None:
    """From here on the target counts: one conditional update of the source."""
    source = renaming.source
    done = change_operation(
        source.engine,
        source.catalog,
        source.schema,
        renaming.operation,
        replace(renaming.operation, phase=Phase.MOVED),
        at=source.context.now(),
    )
    if not done:
        raise RenameError(
            f"the renaming of {source.name} to {renaming.target.schema} was abandoned meanwhile; "
            "the source is still the schema that counts"
        )


def open_target(renaming: Renaming) -> None:
    """Let readers and writers into the target."""
    open_arrived(renaming.target, renaming.marker)


STEPS: Sequence[Step] = (
    mark_source,
    create_target,
    create_life_tables,
    copy_tables,
    verify,
    carry_settings,
    carry_views,
    carry_grants,
    switch,
    open_target,
)
