"""The daily care of the metadata: restore points, retention, compaction, vacuum.

Safe beside running writers: compaction and vacuum change no row, a conflict is tried again, and a
table that cannot be done leaves the others alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from dq_databricks.engine.protocol import Engine
from dq_databricks.errors import (
    EngineError,
    LeaseLostError,
    QualityError,
    SchemaBehindError,
    SchemaBusyError,
    SchemaLockedError,
    SchemaNewerError,
)
from dq_databricks.lifecycle.migrations.scripts import latest_version
from dq_databricks.lifecycle.points.backup import daily_point, expire_points
from dq_databricks.lifecycle.site import Site
from dq_databricks.lifecycle.state import Phase, read_state
from dq_databricks.lifecycle.upkeep.compacting import Care, MaintainedTable
from dq_databricks.lifecycle.upkeep.describing import own_tables
from dq_databricks.lifecycle.upkeep.purge import PurgeReport, purge
from dq_databricks.model.ids import Context
from dq_databricks.model.life import RestorePoint
from dq_databricks.model.progress import Progress, Steps, silent
from dq_databricks.settings import Settings
from dq_databricks.store.filters import is_null

# What keeps one part of the work from being done; the rest is done all the same.
_PROBLEMS = (EngineError, SchemaLockedError, LeaseLostError)


@dataclass(frozen=True, slots=True)
class MaintainReport:
    """What was done, or in a dry run what would be.

    `daily_point` is None when today already had one, and in a dry run. `problems` says what could
    not be done and why, beside the errors of single tables.
    """

    schema: str
    is_dry_run: bool
    expired_points: tuple[str, ...]
    daily_point: str | None
    purge: PurgeReport
    tables: tuple[MaintainedTable, ...]
    problems: tuple[str, ...]

    @property
    def is_complete(self) -> bool:
        """Whether everything that was due is done."""
        return not self.problems and not any(table.error for table in self.tables)


def maintain(
    engine: Engine,
    settings: Settings,
    context: Context,
    *,
    dry_run: bool = False,
    progress: Progress = silent,
) -> MaintainReport:
    """Expire and make restore points, purge by retention, compact and vacuum where it is due.

    Raises SchemaBusyError when the schema is (or begins to be) renamed or restored,
    SchemaBehindError and SchemaNewerError when it is not at the version of this software.
    """
    site = Site.of(engine, settings, context)
    check_open(site)
    work = _Work(site, settings, is_dry_run=dry_run, progress=progress)
    expired, today = work.points()
    purged = work.purge()
    return MaintainReport(
        schema=site.name,
        is_dry_run=dry_run,
        expired_points=expired,
        daily_point=today,
        purge=purged,
        tables=work.tables(),
        problems=tuple(work.problems),
    )


def check_open(site: Site) -> None:
    """Raise SchemaBusyError unless the schema is open, SchemaBehindError or SchemaNewerError
    unless it is at the version that this software knows.
    """
    state = read_state(site.engine, site.catalog, site.schema)
    operation = state.operation
    if operation.phase is not Phase.OPEN:
        raise SchemaBusyError(
            f"{site.name} cannot be maintained: it is {operation.phase} ({operation.other}) since "
            f"{operation.since}, by {operation.by}; repeat when that has ended"
        )
    known = latest_version()
    if state.version is None or state.version < known:
        has = "no metadata tables" if state.version is None else f"version {state.version}"
        raise SchemaBehindError(f"{site.name} has {has}, {known} is needed: run `dq migrate`")
    if state.version > known:
        raise SchemaNewerError(
            f"{site.name} is at version {state.version}, this software knows {known}: upgrade "
            "dq-databricks before it takes care of that schema"
        )


class _Work:
    """One run of the upkeep; collects in `problems` what could not be done."""

    def __init__(
        self, site: Site, settings: Settings, *, is_dry_run: bool, progress: Progress
    ) -> None:
        self.problems: list[str] = []
        self._site = site
        self._settings = settings
        self._is_dry_run = is_dry_run
        self._progress = progress

    def points(self) -> tuple[tuple[str, ...], str | None]:
        """The names of points that expired, and of the point of today."""
        if self._is_dry_run:
            now = self._site.context.now()
            due = [p for p in self._live_points() if p.expires_at and p.expires_at <= now]
            return _names(due), None
        to = (self._site.engine, self._settings, self._site.context)
        try:
            expired = _names(expire_points(*to))
            made = daily_point(*to)
        except _PROBLEMS as error:
            self._note("restore points", error)
            return (), None
        return expired, made.name if made else None

    def purge(self) -> PurgeReport:
        """Rows that retention lets go."""
        days = self._settings.retention_days
        try:
            return purge(self._site, days, dry_run=self._is_dry_run, progress=self._progress)
        except _PROBLEMS as error:
            self._note("purge", error)
            return PurgeReport(days)

    def tables(self) -> tuple[MaintainedTable, ...]:
        """Each table compacted and vacuumed, where it is due."""
        care = Care(
            self._site,
            self._oldest_point(),
            check=partial(check_open, self._site),
            is_dry_run=self._is_dry_run,
        )
        names = own_tables(self._site)
        steps, done = Steps(self._progress, "tables", len(names)), []
        for name in names:
            done.append(care.take(name))
            steps.advance()
        return tuple(done)

    def _oldest_point(self) -> datetime | None:
        return min((point.created_at for point in self._live_points()), default=None)

    def _live_points(self) -> Sequence[RestorePoint]:
        return self._site.table(RestorePoint).select(is_null("removed_at")).items

    def _note(self, what: str, error: QualityError) -> None:
        self.problems.append(f"{what}: {error}")


def _names(points: Iterable[RestorePoint]) -> tuple[str, ...]:
    return tuple(point.name for point in points)
