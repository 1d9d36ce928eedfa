"""What a table's log tells of it: its commits, its id, how long it keeps what was replaced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from dq_databricks.engine.protocol import Engine
from dq_databricks.errors import RestoreError
from dq_databricks.lifecycle.describing import describe_detail, describe_history, text_map
from dq_databricks.lifecycle.upkeep.describing import (
    DEFAULT_DELETED_FILES,
    DEFAULT_LOG,
    DELETED_FILES,
    LOG,
    span_of,
)
from dq_databricks.sql.identifiers import TableName


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit. `restored` is the version it brought back; None: it did something else."""

    version: int
    at: datetime
    restored: int | None = None

    def holds(self, version: int) -> bool:
        """Whether the table is, after this commit, as it was at `version`."""
        return version in (self.version, self.restored)


@dataclass(frozen=True, slots=True)
class TableLog:
    """One table as its log describes it; `commits` by version, oldest first."""

    table: str
    table_id: str | None
    commits: Mapping[int, Commit]
    file_retention: timedelta
    log_retention: timedelta

    @property
    def first(self) -> Commit:
        """The oldest commit that is still in the log."""
        return next(iter(self.commits.values()))

    @property
    def latest(self) -> int:
        """The version that is read now."""
        return max(self.commits)

    @property
    def retention(self) -> timedelta:
        """How long a version can be reached after it was replaced."""
        return min(self.file_retention, self.log_retention)

    def replaced_at(self, version: int) -> datetime | None:
        """When the commit after `version` was made; None: `version` is the latest."""
        later = (commit.at for commit in self.commits.values() if commit.version > version)
        return next(later, None)

    def version_at(self, moment: datetime) -> int | None:
        """The version that was read at `moment`; None: the table was made later.

        Raises RestoreError when the log no longer reaches back so far.
        """
        found: int | None = None
        # A commit that seems older than the one before it is not: clocks differ.
        for commit in self.commits.values():
            if commit.at > moment:
                break
            found = commit.version
        if found is None and self.first.version > 0:
            raise RestoreError(
                f"{self.table} cannot be restored to {moment:%Y-%m-%d %H:%M:%S} UTC: its log "
                f"begins at {self.first.at:%Y-%m-%d %H:%M:%S} UTC with version "
                f"{self.first.version}; choose a later time"
            )
        return found


def read_log(engine: Engine, name: TableName) -> TableLog:
    """The log of a table, in two statements. Raises TableNotFoundError."""
    detail = describe_detail(engine, name)
    properties = text_map(detail["properties"])
    commits = read_commits(engine, name)
    return TableLog(
        table=name.table,
        table_id=detail.get("id"),
        commits={commit.version: commit for commit in reversed(commits)},
        file_retention=span_of(properties.get(DELETED_FILES), DEFAULT_DELETED_FILES),
        log_retention=span_of(properties.get(LOG), DEFAULT_LOG),
    )


def read_commits(engine: Engine, name: TableName, *, most: int | None = None) -> tuple[Commit, ...]:
    """The commits of a table, newest first, at most `most`."""
    rows = describe_history(engine, name, most=most)
    return tuple(Commit(int(row["version"]), row["timestamp"], _restored(row)) for row in rows)


def read_id(engine: Engine, name: TableName) -> str | None:
    """The id that a table keeps for as long as it lives."""
    found: str | None = describe_detail(engine, name).get("id")
    return found


def _restored(row: Mapping[str, Any]) -> int | None:
    if row["operation"] != "RESTORE":
        return None
    told = text_map(row.get("operationParameters")).get("version", "")
    return int(told) if told.isdecimal() else None
