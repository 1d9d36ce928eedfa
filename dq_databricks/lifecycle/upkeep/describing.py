"""What a table says of itself: its files, its properties, its commits. Reads no data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from dq_databricks.errors import EngineError
from dq_databricks.lifecycle.describing import describe_detail, describe_history, text_map
from dq_databricks.lifecycle.site import Site
from dq_databricks.model.tables import MODELS
from dq_databricks.sql.identifiers import TableName

DELETED_FILES = "delta.deletedFileRetentionDuration"
LOG = "delta.logRetentionDuration"
# What Delta takes where a table says nothing.
DEFAULT_DELETED_FILES = timedelta(days=7)
DEFAULT_LOG = timedelta(days=30)

_INTERVAL = re.compile(r"\s*(?:interval\s+)?(?P<spans>.+?)\s*", re.IGNORECASE)
_SPAN = re.compile(r"(\d+)\s*(week|day|hour|minute|second)s?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Detail:
    """One answer of DESCRIBE DETAIL. Sizes are those of the live files, in bytes."""

    files: int | None
    size_bytes: int | None
    created_at: datetime | None
    location: str | None
    is_clustered: bool = False
    properties: Mapping[str, str] = field(default_factory=dict)

    @property
    def deleted_file_retention(self) -> timedelta:
        """How long files stay after they were replaced."""
        return span_of(self.properties.get(DELETED_FILES), DEFAULT_DELETED_FILES)

    @property
    def log_retention(self) -> timedelta:
        """How long old commits stay in the log."""
        return span_of(self.properties.get(LOG), DEFAULT_LOG)


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit of a table."""

    version: int
    at: datetime
    operation: str


def own_tables(site: Site) -> tuple[TableName, ...]:
    """The tables of this software that stand in the schema, by name; nobody else's."""
    there = set(site.engine.tables(site.catalog, site.schema))
    return tuple(sorted(there & {site.table_name(model.TABLE) for model in MODELS}))


def read_detail(site: Site, table: TableName) -> Detail:
    """What DESCRIBE DETAIL says of a table."""
    row = describe_detail(site.engine, table)
    return Detail(
        files=row.get("numFiles"),
        size_bytes=row.get("sizeInBytes"),
        created_at=row.get("createdAt"),
        location=row.get("location"),
        is_clustered=_is_clustered(row),
        properties=text_map(row.get("properties")),
    )


def read_commits(site: Site, table: TableName, *, most: int | None = None) -> tuple[Commit, ...]:
    """The commits that the log still holds, newest first; at most `most`."""
    rows = describe_history(site.engine, table, most=most)
    return tuple(
        Commit(int(row["version"]), row["timestamp"], str(row["operation"] or "")) for row in rows
    )


def span_of(text: str | None, default: timedelta) -> timedelta:
    """The length of a Delta interval such as ``interval 31 days``; `default` without one.

    Raises EngineError for a text that is no interval of weeks, days, hours, minutes and seconds.
    """
    if text is None:
        return default
    interval = _INTERVAL.fullmatch(text)
    parts = _SPAN.findall(interval["spans"]) if interval else []
    if interval is None or not parts or _SPAN.sub("", interval["spans"]).strip():
        raise EngineError(f"{text!r} is no interval of weeks, days or hours")
    return sum((timedelta(**{f"{unit.lower()}s": int(n)}) for n, unit in parts), timedelta())


def _is_clustered(row: Mapping[str, Any]) -> bool:
    """Whether the table is clustered by columns, or by what the platform chooses."""
    return bool(row.get("clusteringColumns")) or "clustering" in (row.get("tableFeatures") or ())
