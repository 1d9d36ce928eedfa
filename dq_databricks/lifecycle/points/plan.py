"""What a restore would do, table by table, and what would be lost by it. Changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from dq_databricks.engine.protocol import Engine
from dq_databricks.errors import EngineError
from dq_databricks.lifecycle.points.entries import (
    APPLIED,
    ROLLED_BACK,
    ledger_changes,
    versions_in,
)
from dq_databricks.lifecycle.points.reach import Reach
from dq_databricks.lifecycle.points.target import find_target
from dq_databricks.lifecycle.points.versions import (
    current_versions,
    ids_of,
    settings_at,
    versions_of,
)
from dq_databricks.lifecycle.site import Site
from dq_databricks.lifecycle.state import read_state
from dq_databricks.model.ids import Context
from dq_databricks.model.life import RestorePoint
from dq_databricks.model.setting import Setting
from dq_databricks.model.tables import KEYS
from dq_databricks.settings import Settings
from dq_databricks.sql.identifiers import quote
from dq_databricks.sql.relation import TableRelation
from dq_databricks.sql.statement import Statement

BIRTH = 0
"""The version of a table that was just made."""


class Action(StrEnum):
    """What is done to a table. A table younger than the point is emptied, never dropped."""

    RESTORE = "restore"
    EMPTY = "empty"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class TableStep:
    """One table: from the version now to the version then.

    `from_version` None: there is no such table now. `why_not` None: the version can be reached.
    `rows_lost` are rows whose key is not in the version then. None: not known.
    """

    table: str
    action: Action
    from_version: int | None
    to_version: int
    rows_now: int | None = None
    rows_then: int | None = None
    rows_lost: int | None = None
    why_not: str | None = None


@dataclass(frozen=True, slots=True)
class RestorePlan:
    """A restore as it would be carried out now, the table of settings last.

    `rolled_back` are schema versions that would no longer stand, `applied` those that would again.
    """

    point: RestorePoint
    schema_version_now: int | None
    tables: tuple[TableStep, ...]
    rolled_back: tuple[int, ...] = ()
    applied: tuple[int, ...] = ()

    @property
    def why_not(self) -> tuple[str, ...]:
        """Why the point cannot be reached; empty: it can."""
        return tuple(step.why_not for step in self.tables if step.why_not is not None)

    @property
    def is_reachable(self) -> bool:
        """Whether every table can be brought back."""
        return not self.why_not


def plan_restore(
    engine: Engine,
    settings: Settings,
    context: Context,
    *,
    point: str | None = None,
    at: datetime | None = None,
) -> RestorePlan:
    """What `restore` would do now; `at` without a zone is UTC.

    Raises NotFoundError, ParameterError, and RestoreError for a time that cannot be restored.
    """
    site = Site.of(engine, settings, context)
    reach = Reach(site)
    target = find_target(reach, point=point, at=at, keep_days=settings.restore_days)
    now = current_versions(site)
    steps = tuple(_with_rows(reach, step) for step in steps_to(reach, target, now))
    changes = ledger_changes(site, target.schema_version)
    state = read_state(site.engine, site.catalog, site.schema)
    return RestorePlan(
        target,
        state.version,
        steps,
        rolled_back=versions_in(changes, ROLLED_BACK),
        applied=versions_in(changes, APPLIED),
    )


def steps_to(reach: Reach, target: RestorePoint, now: Mapping[str, int]) -> tuple[TableStep, ...]:
    """What is to be done to each table, each version that is needed opened once.

    `now` holds the latest versions.
    """
    then, ids = versions_of(target), ids_of(target)
    steps = [_step(reach, table, version, now, ids) for table, version in then.items()]
    younger = sorted(set(now) - set(then))
    steps += [_step(reach, table, BIRTH, now, {}, Action.EMPTY) for table in younger]
    return tuple(sorted(steps, key=lambda step: (step.table == Setting.TABLE, step.table)))


def _step(
    reach: Reach,
    table: str,
    version: int,
    now: Mapping[str, int],
    ids: Mapping[str, str],
    action: Action = Action.RESTORE,
) -> TableStep:
    step = TableStep(table, action, now.get(table), version)
    if (why := reach.missing(table, version, ids.get(table))) is not None:
        return replace(step, why_not=why)
    found = reach.rows(table, version)
    if isinstance(found, str):
        return replace(step, why_not=found)
    if table == Setting.TABLE and not settings_at(reach.site, version).is_open:
        why = f"version {version} of {table} says that the schema was being renamed or restored"
        return replace(step, why_not=why)
    log = reach.log(table)
    is_there = log is not None and log.commits[log.latest].holds(version)
    return replace(step, rows_then=found, action=Action.KEEP if is_there else action)


def _with_rows(reach: Reach, step: TableStep) -> TableStep:
    if step.from_version is None:
        return step
    found = reach.rows(step.table, step.from_version)
    rows_now = found if isinstance(found, int) else None
    return replace(step, rows_now=rows_now, rows_lost=_rows_lost(reach, step, rows_now))


def _rows_lost(reach: Reach, step: TableStep, rows_now: int | None) -> int | None:
    """How many rows have a key that the version then has not."""
    if step.action is Action.KEEP:
        return 0
    if step.why_not is not None or rows_now is None or step.rows_then == 0:
        return rows_now if step.rows_then == 0 else None
    if (keys := KEYS.get(step.table)) is None:
        return None
    name = reach.site.table_name(step.table)
    columns = ", ".join(map(quote, keys))
    same = " AND ".join(f"a.{quote(key)} = b.{quote(key)}" for key in keys)
    text = (
        f"SELECT count(*) AS lost FROM (SELECT {columns} FROM {name.sql}) AS a LEFT JOIN "
        f"(SELECT {columns}, 1 AS is_there FROM {TableRelation(name, step.to_version).sql}) "
        f"AS b ON {same} WHERE b.is_there IS NULL"
    )
    try:
        return int(reach.site.engine.query(Statement(text))["lost"][0].as_py())
    except EngineError:  # keys that one of the two versions does not have
        return None
