"""Rename a metadata schema: copy it under its new name, compare, switch over; keep the old one."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace

from dq_databricks.engine.protocol import Engine
from dq_databricks.errors import (
    EngineError,
    LeaseLostError,
    RenameError,
    SchemaBehindError,
    SchemaBusyError,
    SchemaNewerError,
)
from dq_databricks.lifecycle.lease import Held
from dq_databricks.lifecycle.migrations.scripts import latest_version, shipped_scripts
from dq_databricks.lifecycle.moving.job import CopiedTable, Renaming
from dq_databricks.lifecycle.moving.renaming import STEPS
from dq_databricks.lifecycle.moving.standing import settle, site_state
from dq_databricks.lifecycle.moving.target import check_target, same_schema
from dq_databricks.lifecycle.points.backup import make_point
from dq_databricks.lifecycle.provision import check_format, check_names
from dq_databricks.lifecycle.shape.compare import Difference
from dq_databricks.lifecycle.shape.live import live_shape
from dq_databricks.lifecycle.shape.views import made_views
from dq_databricks.lifecycle.site import Site
from dq_databricks.lifecycle.state import (
    Operation,
    Phase,
    SchemaState,
    change_operation,
)
from dq_databricks.model.ids import Context
from dq_databricks.model.life import PointReason
from dq_databricks.model.progress import Progress, silent
from dq_databricks.settings import Settings


@dataclass(frozen=True, slots=True)
class RenameReport:
    """What a renaming did. `left_behind` names views of other hands, which stay in the old schema.

    `differences` is what the new tables lack of comments, properties, constraints, grants, tags.
    `resumed`: an earlier run had begun it; `was_done`: it had ended before, so nothing was done.
    `restore_point` names the first one of the new schema: those of the old one stay with it.
    """

    catalog: str
    source: str
    target: str
    tables: tuple[CopiedTable, ...] = ()
    left_behind: tuple[str, ...] = ()
    differences: tuple[Difference, ...] = ()
    resumed: bool = False
    was_done: bool = False
    restore_point: str | None = None

    @property
    def row_count(self) -> int:
        """Rows of all tables that were copied."""
        return sum(table.row_count for table in self.tables)


@dataclass(frozen=True, slots=True)
class AbandonReport:
    """A renaming that was given up: `kept_target` still holds what had been copied."""

    catalog: str
    source: str
    target: str
    kept_target: bool


def rename(
    engine: Engine,
    settings: Settings,
    context: Context,
    target: str | None = None,
    *,
    progress: Progress = silent,
) -> RenameReport:
    """Give the metadata schema of `settings` the name `target`, or finish a renaming to it.

    Without `target` the renaming that was begun is finished. The old schema is kept; see
    `drop_old`. Killed at any point, the same call completes it. Raises IdentifierError,
    RenameError, SchemaBehindError, SchemaNewerError, SchemaBusyError, SchemaLockedError,
    LeaseLostError.
    """
    source = Site.of(engine, settings, context)
    _check_request(source, settings, target)
    state = settle(source)
    if (done := _finished(source, state, target)) is not None:
        return done
    _check_version(source, state)
    with source.lock.hold("renaming") as held:
        # Whoever held it before may have finished or changed everything.
        state = site_state(source)
        if (done := _finished(source, state, target)) is not None:
            return done
        report = _carry_through(_begin(source, state, target, held, progress))
    arrived = replace(settings, data_quality_schema=report.target)
    return replace(report, restore_point=_first_point(engine, arrived, context))


def abandon(engine: Engine, settings: Settings, context: Context) -> AbandonReport:
    """Give up a renaming that was begun: the schema is open again under its old name.

    What was copied is kept in the target; a later renaming to it goes on from there.
    Raises RenameError when none is under way, or when it is done already.
    """
    source = Site.of(engine, settings, context)
    if site_state(source).version is None:
        raise SchemaBehindError(f"{source.name} has no metadata tables: nothing is renamed")
    with source.lock.hold("abandoning a renaming"):
        operation = site_state(source).operation
        if operation.phase is not Phase.RENAMING or not _reopen(source, operation):
            raise RenameError(f"{source.name} {_no_renaming(site_state(source).operation)}")
        kept = bool(engine.tables(source.catalog, operation.other))
        return AbandonReport(source.catalog, source.schema, operation.other, kept)


# --- below ---------------------------------------------------------------------------------------


def _check_request(source: Site, settings: Settings, target: str | None) -> None:
    check_names(source.catalog, source.schema)
    check_format(source.engine, settings.data_quality_storage_format)
    if target is None:
        return
    check_names(source.catalog, target)


def _finished(source: Site, state: SchemaState, target: str | None) -> RenameReport | None:
    """The report of a renaming that is done already; opens a target that was not opened yet."""
    if target is not None and same_schema(source.schema, target):
        if not state.renamed_from:
            raise RenameError(f"{source.name} has that name already; give another one")
        return RenameReport(source.catalog, state.renamed_from[0], source.schema, was_done=True)
    moved_to = state.operation.other if state.operation.phase is Phase.MOVED else None
    if moved_to is None and state.version is None and target is not None:
        arrived = settle(replace(source, schema=target))
        if any(same_schema(source.schema, name) for name in arrived.renamed_from):
            moved_to = target
    if moved_to is None:
        return None
    if target is not None and not same_schema(moved_to, target):
        raise RenameError(
            f"{source.name} was renamed to {moved_to} already; rename that one: set "
            f"DQ_SCHEMA={moved_to}"
        )
    settle(replace(source, schema=moved_to))
    return RenameReport(source.catalog, source.schema, moved_to, was_done=True)


def _check_version(source: Site, state: SchemaState) -> None:
    known = latest_version()
    if state.version is None:
        raise SchemaBehindError(f"{source.name} has no metadata tables: there is nothing to rename")
    if state.version < known:
        raise SchemaBehindError(
            f"{source.name} is at version {state.version}, version {known} is needed before it "
            "can be renamed: run `dq migrate`"
        )
    if state.version > known:
        raise SchemaNewerError(
            f"{source.name} is at version {state.version}, this software knows {known}: upgrade "
            "dq-databricks"
        )


def _begin(
    source: Site, state: SchemaState, target: str | None, held: Held, progress: Progress
) -> Renaming:
    operation = _operation(source, state, target)
    shape = live_shape(source.engine, source.catalog, source.schema)
    begun = operation == state.operation
    return Renaming(source, state.operation, operation, held, shape, progress, is_marked=begun)


def _operation(source: Site, state: SchemaState, target: str | None) -> Operation:
    """The operation to carry through: the one that was begun, else a new one."""
    begun = state.operation
    if begun.phase is Phase.RENAMING:
        if target is not None and not same_schema(begun.other, target):
            raise RenameError(
                f"{source.name} is being renamed to {begun.other} (since {begun.since}, by "
                f"{begun.by}); finish that with `dq rename {begun.other}`, or give it up with "
                "`dq rename --abandon`"
            )
        return begun
    if begun.phase is not Phase.OPEN:
        raise SchemaBusyError(f"{source.name} is {begun.phase} ({begun.other}): finish that first")
    if target is None:
        raise RenameError(f"{source.name} is not being renamed: say to what, `dq rename NEW`")
    check_target(source.engine, source.catalog, source.schema, target)
    since = source.context.now().isoformat(timespec="seconds")
    job = source.context.new_id()
    return Operation(Phase.RENAMING, job, target, since, source.user)


def _carry_through(renaming: Renaming) -> RenameReport:
    for step in STEPS:
        renaming.held.keep()
        try:
            step(renaming)
        except LeaseLostError:
            raise
        except RenameError:
            _let_go(renaming)
            raise
        except EngineError as error:
            _let_go(renaming)
            raise _stopped(renaming, step.__name__, error) from error
    return RenameReport(
        catalog=renaming.source.catalog,
        source=renaming.source.schema,
        target=renaming.target.schema,
        tables=renaming.tables,
        left_behind=tuple(sorted(renaming.shape.views.keys() - made_views(shipped_scripts()))),
        differences=tuple(d for found in renaming.differences.values() for d in found),
        resumed=renaming.is_resumed,
    )


def _first_point(engine: Engine, settings: Settings, context: Context) -> str | None:
    """A restore point of the new schema, which starts without any."""
    try:
        reason = PointReason.AFTER_RENAME
        return make_point(engine, settings, context, reason=reason).name
    except (EngineError, SchemaBusyError):
        # It is renamed all the same; the next daily point comes soon.
        return None


def _let_go(renaming: Renaming) -> None:
    """Open the source again when the target was refused before anything of ours was in it."""
    if not renaming.is_marked:
        with suppress(EngineError):
            _reopen(renaming.source, renaming.operation)


def _reopen(source: Site, operation: Operation) -> bool:
    # The open state names the job, so that a late statement of before does not find it again.
    opened = replace(operation, phase=Phase.OPEN)
    return change_operation(
        source.engine,
        source.catalog,
        source.schema,
        operation,
        opened,
        at=source.context.now(),
    )


def _stopped(renaming: Renaming, step: str, error: EngineError) -> RenameError:
    source, target = renaming.source.name, renaming.target.schema
    rest = (
        f"{source} is open as before"
        if not renaming.is_marked
        else f"go on with `dq rename {target}`, or give it up with `dq rename --abandon`"
    )
    where = step.replace("_", " ")
    return RenameError(f"renaming {source} to {target} stopped at {where}: {error}; {rest}")


def _no_renaming(operation: Operation) -> str:
    if operation.phase is Phase.MOVED:
        return (
            f"was renamed to {operation.other} already; to go back, drop the old schema (`dq "
            f"rename --drop-old`) and rename {operation.other}"
        )
    return "is not being renamed: there is nothing to abandon"
