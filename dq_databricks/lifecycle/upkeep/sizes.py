"""How big the metadata is, how long its history, and what runs on it now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import unquote, urlparse

from dq_databricks.errors import EngineError
from dq_databricks.lifecycle.site import Site
from dq_databricks.lifecycle.state import Operation, read_state
from dq_databricks.lifecycle.upkeep.describing import (
    Commit,
    Detail,
    own_tables,
    read_commits,
    read_detail,
)
from dq_databricks.model.base import Record
from dq_databricks.model.life import Lease
from dq_databricks.model.profile import ProfileRun
from dq_databricks.model.progress import Progress, Steps, silent
from dq_databricks.model.testing import TestRun
from dq_databricks.model.vocabulary import RunStatus
from dq_databricks.sql.identifiers import TableName, quote
from dq_databricks.sql.statement import Statement

FILE_BUDGET = 200
"""Live files a table may have before reading it becomes slow."""
LONG_RUN = timedelta(hours=1)
_DAY = timedelta(hours=24)
_RUNS: tuple[tuple[str, type[Record]], ...] = (("test", TestRun), ("profile", ProfileRun))


@dataclass(frozen=True, slots=True)
class TableSize:
    """One table. Sizes in bytes; None: this engine does not tell, or `error` says why.

    `unreferenced_bytes` is what lies in the folder beside the live files: earlier versions, and
    what writers that died left behind. `budget_share` is live files over FILE_BUDGET.
    """

    table: str
    rows: int | None = None
    files: int | None = None
    size_bytes: int | None = None
    unreferenced_bytes: int | None = None
    budget_share: float | None = None
    versions: int | None = None
    oldest_version: int | None = None
    oldest_at: datetime | None = None
    newest_version: int | None = None
    newest_at: datetime | None = None
    commits_last_day: int | None = None
    deleted_files_kept_h: float | None = None
    log_kept_h: float | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class OpenRun:
    """A run that has not ended. `is_long`: it started longer ago than was asked for."""

    kind: str
    run_id: str
    status: str
    started_at: datetime
    age_s: float
    is_long: bool


@dataclass(frozen=True, slots=True)
class LockHolder:
    """Who holds the lock of the schema; `is_expired` when the lease ran out by our clock."""

    holder: str | None
    purpose: str | None
    acquired_at: datetime
    expires_at: datetime
    is_expired: bool


@dataclass(frozen=True, slots=True)
class SizeReport:
    """The tables, biggest first, what they come to, and what runs now."""

    schema: str
    at: datetime
    table_count: int
    rows: int
    files: int
    size_bytes: int
    unreferenced_bytes: int | None
    over_budget: tuple[str, ...]
    operation: Operation
    lock: LockHolder | None
    open_runs: tuple[OpenRun, ...]
    tables: tuple[TableSize, ...]


def report(
    site: Site, *, long_run: timedelta = LONG_RUN, progress: Progress = silent
) -> SizeReport:
    """Sizes and history of every table, and what runs on the schema now. Changes nothing.

    A table that cannot be read is reported with its error.
    """
    names = own_tables(site)
    steps = Steps(progress, "tables", len(names))
    sizes = []
    for name in names:
        sizes.append(_size(site, name))
        steps.advance()
    ordered = tuple(sorted(sizes, key=lambda size: (-(size.size_bytes or 0), size.table)))
    spare = [size.unreferenced_bytes for size in ordered if size.unreferenced_bytes is not None]
    return SizeReport(
        schema=site.name,
        at=site.context.now(),
        table_count=len(ordered),
        rows=sum(size.rows or 0 for size in ordered),
        files=sum(size.files or 0 for size in ordered),
        size_bytes=sum(size.size_bytes or 0 for size in ordered),
        unreferenced_bytes=sum(spare) if spare else None,
        over_budget=tuple(size.table for size in ordered if (size.files or 0) >= FILE_BUDGET),
        operation=read_state(site.engine, site.catalog, site.schema).operation,
        lock=_lock(site, names),
        open_runs=_open_runs(site, names, long_run),
        tables=ordered,
    )


def _size(site: Site, name: TableName) -> TableSize:
    try:
        detail, commits = read_detail(site, name), read_commits(site, name)
        return _sized(site, name, detail, commits)
    except EngineError as error:
        return TableSize(name.table, error=str(error))


def _sized(site: Site, name: TableName, detail: Detail, commits: Sequence[Commit]) -> TableSize:
    day_ago = site.context.now() - _DAY
    newest, oldest = (commits[0], commits[-1]) if commits else (None, None)
    return TableSize(
        table=name.table,
        rows=_count(site, name),
        files=detail.files,
        size_bytes=detail.size_bytes,
        unreferenced_bytes=_unreferenced(detail),
        budget_share=None if detail.files is None else detail.files / FILE_BUDGET,
        versions=len(commits),
        oldest_version=oldest.version if oldest else None,
        oldest_at=oldest.at if oldest else None,
        newest_version=newest.version if newest else None,
        newest_at=newest.at if newest else None,
        commits_last_day=sum(commit.at >= day_ago for commit in commits),
        deleted_files_kept_h=detail.deleted_file_retention.total_seconds() / 3600,
        log_kept_h=detail.log_retention.total_seconds() / 3600,
    )


def _count(site: Site, name: TableName) -> int:
    counted = site.engine.query(Statement(f"SELECT count(*) AS n FROM {name.sql}"))
    return int(counted["n"][0].as_py())


def _unreferenced(detail: Detail) -> int | None:
    """Bytes of the table's folder beside its live files, where the folder is on this machine."""
    place = urlparse(detail.location or "")
    if place.scheme != "file" or detail.size_bytes is None:
        return None
    folder = Path(unquote(place.path))
    return max(0, _folder_bytes(folder) - detail.size_bytes)


def _folder_bytes(folder: Path) -> int:
    files = (path for path in folder.rglob("*.parquet") if "_delta_log" not in path.parts)
    return sum(_file_bytes(path) for path in files)


def _file_bytes(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:  # a vacuum was faster
        return 0


def _lock(site: Site, names: Sequence[TableName]) -> LockHolder | None:
    lease = site.lock.holder() if site.table_name(Lease.TABLE) in names else None
    if lease is None or lease.owner is None:
        return None
    return LockHolder(
        holder=lease.holder,
        purpose=lease.purpose,
        acquired_at=lease.acquired_at,
        expires_at=lease.expires_at,
        is_expired=lease.expires_at < site.context.now(),
    )


def _open_runs(site: Site, names: Sequence[TableName], long_run: timedelta) -> tuple[OpenRun, ...]:
    found = [
        run
        for kind, model in _RUNS
        if site.table_name(model.TABLE) in names
        for run in _open_runs_of(site, kind, model, long_run)
    ]
    return tuple(sorted(found, key=lambda run: run.started_at))


def _open_runs_of(
    site: Site, kind: str, model: type[Record], long_run: timedelta
) -> Iterator[OpenRun]:
    now, key = site.context.now(), model.KEY[0]
    asked = Statement(
        f"SELECT {quote(key)} AS run_id, status, started_at "
        f"FROM {site.table_name(model.TABLE).sql} WHERE status IN (:pending, :running)",
        {"pending": RunStatus.PENDING.value, "running": RunStatus.RUNNING.value},
    )
    for row in site.engine.query(asked).to_pylist():
        age = now - row["started_at"]
        yield OpenRun(kind=kind, age_s=age.total_seconds(), is_long=age > long_run, **row)
