"""Retention: what is old goes; what later work needs stays.

Old runs, profiles, closed alerts, ended jobs, resolved incidents and events of the outbox go, and
answers to requests past their time, however long the rest is kept. Always kept: runs and jobs that
have not ended, the newest complete run of every test and every table, the last job of every
schedule, open alerts, open incidents and the last one of every key, the runs that kept alerts,
open incidents and tests point at, the versions of tests, API keys and the audit log.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from dq_databricks.engine.retry import retrying
from dq_databricks.lifecycle.lease import Held
from dq_databricks.lifecycle.site import Site
from dq_databricks.lifecycle.state import DEADLINE_S
from dq_databricks.lifecycle.upkeep.due import due_rows, expired_rows
from dq_databricks.lifecycle.upkeep.terms import Due
from dq_databricks.model.progress import Progress, Steps, silent
from dq_databricks.sql.statement import Statement


@dataclass(frozen=True, slots=True)
class PurgedTable:
    """One table: its rows, how many were due, how many were removed; the last two None in a
    dry run.

    Writers go on meanwhile, so `rows_after` need not be the difference.
    """

    table: str
    rows_before: int
    due: int
    removed: int | None = None
    rows_after: int | None = None


@dataclass(frozen=True, slots=True)
class PurgeReport:
    """What retention let go; `before` None: only what has a time of its own, the rest is kept
    for ever."""

    retention_days: int
    before: datetime | None = None
    tables: tuple[PurgedTable, ...] = ()

    @property
    def due(self) -> int:
        """Rows that were due, of all tables."""
        return sum(table.due for table in self.tables)


def purge(
    site: Site, retention_days: int, *, dry_run: bool = False, progress: Progress = silent
) -> PurgeReport:
    """Remove what is older than `retention_days` in bounded steps, under the lock.

    0: only what has a time of its own. Killed at any point, a repetition goes on. Raises
    SchemaLockedError, LeaseLostError.
    """
    before = site.context.now() - timedelta(days=retention_days) if retention_days else None
    dues = (*(due_rows(site, before) if before else ()), *expired_rows(site))
    counted = _counted(site, dues)
    report = PurgeReport(retention_days, before, counted)
    if dry_run or report.due == 0:
        return report
    with site.lock.hold("purge") as held:
        removed = _remove_all(site, dues, held, progress)
    after = _rows(site, dues)
    tables = [
        replace(table, removed=removed[table.table], rows_after=after[table.table])
        for table in counted
    ]
    return replace(report, tables=tuple(tables))


def _counted(site: Site, dues: Sequence[Due]) -> tuple[PurgedTable, ...]:
    rows = _rows(site, dues)
    return tuple(PurgedTable(due.table, rows[due.table], _count(site, due)) for due in dues)


def _remove_all(
    site: Site, dues: Sequence[Due], held: Held, progress: Progress
) -> Mapping[str, int]:
    steps = Steps(progress, "purge", len(dues))
    removed: dict[str, int] = {}
    for due in dues:
        removed[due.table] = _remove(site, due, held)
        steps.advance()
    return removed


def _remove(site: Site, due: Due, held: Held) -> int:
    """Rows removed from one table, batch by batch until none is due."""
    total = 0
    while True:
        held.keep()
        step = partial(site.engine.execute, due.removal(site))
        count = retrying(step, deadline_s=DEADLINE_S)
        if not count:
            return total
        total += count


def _count(site: Site, due: Due) -> int:
    return int(site.engine.query(due.count(site))["n"][0].as_py())


def _rows(site: Site, dues: Sequence[Due]) -> Mapping[str, int]:
    parts = [
        f"SELECT '{due.table}' AS name, count(*) AS n FROM {site.table_name(due.table).sql}"
        for due in dues
    ]
    answer = site.engine.query(Statement("\nUNION ALL\n".join(parts)))
    return {row["name"]: int(row["n"]) for row in answer.to_pylist()}
