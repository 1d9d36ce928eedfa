"""Few large files instead of many small ones, and no files that nobody can ask for any more."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from dq_databricks.engine.retry import retrying
from dq_databricks.errors import EngineError
from dq_databricks.lifecycle.site import Site
from dq_databricks.lifecycle.state import DEADLINE_S
from dq_databricks.lifecycle.upkeep.clustering import clustering_columns
from dq_databricks.lifecycle.upkeep.describing import Commit, Detail, read_commits, read_detail
from dq_databricks.model.tables import LIFE_TABLES
from dq_databricks.sql.identifiers import TableName, quote
from dq_databricks.sql.statement import Statement

COMPACT_FILES = 100
COMPACT_COMMITS = 100
# Nobody reads or writes for longer than this, so no file in use is taken away.
LONGEST_WORK = timedelta(hours=168)
_MARGIN = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class MaintainedTable:
    """One table, and the statements that were (in a dry run: would be) carried out on it.

    `commits` are those since it was last compacted, counted up to COMPACT_COMMITS. `error` says
    why a statement could not be carried out; the table is as it was then.
    """

    table: str
    files: int | None = None
    size_bytes: int | None = None
    commits: int | None = None
    statements: tuple[str, ...] = ()
    files_after: int | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Care:
    """Compacts and vacuums tables of one schema, whose oldest restore point was made at
    `oldest_point`.

    `check` is called before anything is changed; what it raises ends the work.
    """

    site: Site
    oldest_point: datetime | None
    check: Callable[[], None]
    is_dry_run: bool = False

    def take(self, name: TableName) -> MaintainedTable:
        """Do what is due for one table; an error is part of the answer."""
        done = MaintainedTable(name.table)
        try:
            detail = read_detail(self.site, name)
            commits = commits_since_compaction(self._newest_commits(name))
            done = replace(done, files=detail.files, size_bytes=detail.size_bytes, commits=commits)
            done = replace(done, statements=self._due(name, detail, commits))
            return done if self.is_dry_run else self._carry_out(name, done)
        except EngineError as error:
            return replace(done, error=str(error))

    def retention(self, table: str, detail: Detail) -> timedelta:
        """How long replaced files are kept: for as long as a restore point, a reader or a writer
        may need them."""
        spans = [detail.deleted_file_retention, LONGEST_WORK]
        if self.oldest_point is not None and table not in LIFE_TABLES:
            spans.append(self.site.context.now() - self.oldest_point + _MARGIN)
        return max(spans)

    def _newest_commits(self, name: TableName) -> Sequence[Commit]:
        return read_commits(self.site, name, most=COMPACT_COMMITS)

    def _due(self, name: TableName, detail: Detail, commits: int) -> tuple[str, ...]:
        found = [_compaction(name, detail, commits), self._vacuum(name, detail)]
        return tuple(statement for statement in found if statement is not None)

    def _vacuum(self, name: TableName, detail: Detail) -> str | None:
        """None when the table is too young to hold a file that may go."""
        retention = self.retention(name.table, detail)
        if (
            detail.created_at is not None
            and self.site.context.now() - detail.created_at < retention
        ):
            return None
        hours = math.ceil(retention / timedelta(hours=1))
        return f"VACUUM {name.sql} RETAIN {hours} HOURS"

    def _carry_out(self, name: TableName, due: MaintainedTable) -> MaintainedTable:
        for text in due.statements:
            self.check()
            step = partial(self.site.engine.execute, Statement(text))
            retrying(step, deadline_s=DEADLINE_S)
        if not due.statements:
            return replace(due, files_after=due.files)
        return replace(due, files_after=read_detail(self.site, name).files)


def commits_since_compaction(commits: Sequence[Commit]) -> int:
    """How many of `commits`, newest first, were made since the last OPTIMIZE."""
    for number, commit in enumerate(commits):
        if commit.operation.upper().startswith("OPTIMIZE"):
            return number
    return len(commits)


def _compaction(name: TableName, detail: Detail, commits: int) -> str | None:
    has_many_files = (detail.files or 0) >= COMPACT_FILES
    if not has_many_files and commits < COMPACT_COMMITS:
        return None
    columns = clustering_columns().get(name.table, ())
    # Ordering rewrites the whole table; a clustered one is ordered by the plain statement.
    if columns and has_many_files and not detail.is_clustered:
        return f"OPTIMIZE {name.sql} ZORDER BY ({', '.join(quote(c) for c in columns)})"
    return f"OPTIMIZE {name.sql}"
