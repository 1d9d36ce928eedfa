"""What a schema says of its renaming."""

from __future__ import annotations

from dataclasses import dataclass

from dq_databricks.engine.protocol import Engine
from dq_databricks.lifecycle.moving.target import same_schema
from dq_databricks.lifecycle.site import Site
from dq_databricks.lifecycle.state import (
    Operation,
    Phase,
    SchemaState,
    change_operation,
    read_state,
)
from dq_databricks.model.ids import Context
from dq_databricks.settings import Settings


@dataclass(frozen=True, slots=True)
class RenameStatus:
    """What a schema says of its renaming: `other` is where it goes, went or comes from.

    `old_schema` is the one it was renamed from, as long as that is kept.
    """

    catalog: str
    schema: str
    phase: Phase
    job: str
    other: str
    since: str
    by: str
    old_schema: str | None
    renamed_from: tuple[str, ...]


def status(engine: Engine, settings: Settings, context: Context) -> RenameStatus:
    """What the schema of `settings` says of its renaming; by one read, two when it was renamed."""
    site = Site.of(engine, settings, context)
    state = site_state(site)
    operation = state.operation
    return RenameStatus(
        catalog=site.catalog,
        schema=site.schema,
        phase=operation.phase,
        job=operation.job,
        other=operation.other,
        since=operation.since,
        by=operation.by,
        old_schema=old_schema(site, state),
        renamed_from=state.renamed_from,
    )


def settle(site: Site) -> SchemaState:
    """The state of a schema, opened if it arrived by a renaming that is done but for that."""
    state = site_state(site)
    operation = state.operation
    if operation.phase is Phase.ARRIVING:
        origin = read_state(site.engine, site.catalog, operation.other).operation
        if origin.phase is Phase.MOVED and origin.job == operation.job:
            open_arrived(site, operation)
            return site_state(site)
    return state


def open_arrived(target: Site, marker: Operation) -> None:
    """Open a target whose source says that it has moved."""
    change_operation(
        target.engine,
        target.catalog,
        target.schema,
        marker,
        Operation(),
        at=target.context.now(),
    )


def site_state(site: Site) -> SchemaState:
    """What the settings table of a schema says of it, by one read."""
    return read_state(site.engine, site.catalog, site.schema)


def old_schema(site: Site, state: SchemaState) -> str | None:
    """The schema that this one was renamed from, as long as that is kept."""
    if not state.renamed_from:
        return None
    old = state.renamed_from[0]
    operation = read_state(site.engine, site.catalog, old).operation
    is_ours = operation.phase is Phase.MOVED and same_schema(operation.other, site.schema)
    return old if is_ours else None
