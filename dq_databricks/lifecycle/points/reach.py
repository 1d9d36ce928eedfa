"""Whether versions can still be reached: is their log there, are their files, and for how long."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from dq_databricks.errors import (
    DamagedTableError,
    SqlError,
    TableNotFoundError,
    UnsupportedError,
)
from dq_databricks.lifecycle.points.looking import TableLog, read_log
from dq_databricks.lifecycle.site import Site
from dq_databricks.sql.identifiers import quote
from dq_databricks.sql.relation import TableRelation
from dq_databricks.sql.statement import Statement

# What engines say of a version whose log or files are gone.
GONE = (DamagedTableError, SqlError, TableNotFoundError, UnsupportedError)


@dataclass(slots=True)
class Reach:
    """Looks at the tables of one schema; each log and each version is looked at once."""

    site: Site
    _logs: dict[str, TableLog | None] = field(default_factory=dict)
    _opened: dict[tuple[str, int], int | str] = field(default_factory=dict)

    def log(self, table: str) -> TableLog | None:
        """The log of a table; None when there is no such table."""
        if table not in self._logs:
            try:
                self._logs[table] = read_log(self.site.engine, self.site.table_name(table))
            except TableNotFoundError:
                self._logs[table] = None
        return self._logs[table]

    def missing(self, table: str, version: int, table_id: str | None = None) -> str | None:
        """Why a version is not in the log; None when it is there."""
        log = self.log(table)
        if log is None:
            return f"{table} was dropped since (UNDROP TABLE may bring it back)"
        if None not in (table_id, log.table_id) and table_id != log.table_id:
            return f"{table} was made anew since, so version {version} is not of this table"
        if version > log.latest:
            return f"{table} has no version {version}, its latest is {log.latest}"
        if version < log.first.version:
            return (
                f"the log of {table} begins at version {log.first.version}, version {version} was "
                f"cleaned up after {_days(log.log_retention)}"
            )
        return None

    def rows(self, table: str, version: int) -> int | str:
        """The rows of a version, all its files opened; or why it cannot be read."""
        key = (table, version)
        if key not in self._opened:
            try:
                self._opened[key] = self._read(table, version)
            except GONE as error:
                self._opened[key] = f"version {version} of {table} cannot be read: {error}"
        return self._opened[key]

    def unreachable(self, tables: Mapping[str, int], ids: Mapping[str, str]) -> tuple[str, ...]:
        """Why these versions cannot be reached, as the logs tell; empty: they can.

        Files are opened only of versions that a VACUUM may have touched by now.
        """
        return tuple(
            why
            for table, version in tables.items()
            if (why := self._by_log(table, version, ids.get(table))) is not None
        )

    def lost_from(self, table: str, version: int) -> datetime | None:
        """From when on VACUUM or the clean-up of the log may take a version; None: no table.

        The latest version counts as replaced now: sooner it cannot be.
        """
        log = self.log(table)
        if log is None:
            return None
        return (log.replaced_at(version) or self.site.context.now()) + log.retention

    def _by_log(self, table: str, version: int, table_id: str | None) -> str | None:
        if (why := self.missing(table, version, table_id)) is not None:
            return why
        log, lost_from = self.log(table), self.lost_from(table, version)
        at_risk = lost_from is not None and lost_from <= self.site.context.now()
        if log is None or version == log.latest or not at_risk:
            return None
        found = self.rows(table, version)
        return found if isinstance(found, str) else None

    def _read(self, table: str, version: int) -> int:
        """Count rows in a way that no statistics answer, so every file is opened."""
        relation = TableRelation(self.site.table_name(table), version)
        column = quote(self.site.engine.inspect(relation).columns[0].name)
        text = (
            f"SELECT count(*) AS row_count, sum(CASE WHEN {column} IS NULL THEN 1 ELSE 0 END) "
            f"AS nulls FROM {relation.sql}"
        )
        return int(self.site.engine.query(Statement(text))["row_count"][0].as_py())


def _days(span: timedelta) -> str:
    days = span / timedelta(days=1)
    return f"{days:g} day{'' if days == 1 else 's'}"
