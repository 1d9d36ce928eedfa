"""Describes a relation at one pinned version, from metadata and listings only."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from dq_databricks.engine.protocol import ColumnInfo, Snapshot, TableStatistics
from dq_databricks.engine.spark.types import columns_of, plain
from dq_databricks.errors import SqlError, TableNotFoundError, UnsupportedError
from dq_databricks.sql.identifiers import quote
from dq_databricks.sql.relation import FileRelation, Relation, TableRelation
from dq_databricks.sql.statement import Statement

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

Run = Callable[[Statement], "DataFrame"]
ReadStatistics = Callable[[str, int, Sequence[ColumnInfo]], TableStatistics | None]
"""What the log of the Delta table at a location proves about a version; None: not readable."""


def describe(run: Run, relation: Relation, *, read_statistics: ReadStatistics) -> Snapshot:
    """`relation` pinned to its version, or to its latest one.

    Raises TableNotFoundError, UnsupportedError (CSV, a version of something without versions).
    """
    if isinstance(relation, FileRelation) and relation.file_format != "delta":
        return _files(run, relation)
    commit = None if relation.is_foreign else _commit(run, relation)
    if commit is None:
        return _unversioned(run, relation)
    return _delta(run, relation.at(commit["version"]), commit, read_statistics)


def _delta(
    run: Run, pinned: Relation, commit: Mapping[str, Any], read_statistics: ReadStatistics
) -> Snapshot:
    schema = run(Statement(f"SELECT * FROM {pinned.sql}")).schema
    detail = _rows(run(Statement(f"DESCRIBE DETAIL {pinned.at(None).sql}")))[0]
    is_latest = detail["lastModified"] <= commit["timestamp"]
    columns = columns_of(schema)
    known = read_statistics(detail["location"], commit["version"], columns)
    return Snapshot(
        relation=pinned,
        columns=columns,
        version=commit["version"],
        fingerprint=f"delta:{detail['id']}:{commit['version']}",
        modified_at=commit["timestamp"],
        file_count=detail["numFiles"] if is_latest else None,
        size_bytes=detail["sizeInBytes"] if is_latest else None,
        statistics=known or TableStatistics(),
    )


def _commit(run: Run, relation: Relation) -> Mapping[str, Any] | None:
    """Version and time of the pinned or latest commit; None for what is no Delta table."""
    limit = " LIMIT 1" if relation.version is None else ""
    try:
        history = run(Statement(f"DESCRIBE HISTORY {relation.at(None).sql}{limit}"))
    except (SqlError, UnsupportedError) as no_delta_table:
        if relation.version is not None:
            raise UnsupportedError(
                f"{relation} at version {relation.version}: it is no Delta table, "
                "so it has no versions"
            ) from no_delta_table
        return None
    if relation.version is not None:
        history = history.where(f"version = {int(relation.version)}")
    commits = _rows(history.select("version", "timestamp"))
    if not commits:
        raise SqlError(f"{relation}: no version {relation.version} in its history")
    return commits[0]


def _unversioned(run: Run, relation: Relation) -> Snapshot:
    """A view, or a table of another format: nothing tells when its content changes."""
    if relation.version is not None:
        raise UnsupportedError(
            f"{relation}: has no versions, so version {relation.version} cannot be read"
        )
    columns = columns_of(run(Statement(f"SELECT * FROM {relation.sql}")).schema)
    if not isinstance(relation, TableRelation):
        raise TableNotFoundError(f"{relation}: no Delta table there")
    return Snapshot(relation, columns, version=None, fingerprint="")


def _files(run: Run, relation: FileRelation) -> Snapshot:
    if relation.file_format == "csv":
        raise UnsupportedError(
            f"{relation}: the spark engine reads no CSV files, whose header and types it would "
            "guess; use the local engine, or load them into a table"
        )
    schema = run(Statement(f"SELECT * FROM {relation.sql}")).schema
    listing = f"SELECT path, length, modificationTime FROM binaryFile.{quote(relation.path)}"
    files = sorted(_rows(run(Statement(listing))), key=lambda file: str(file["path"]))
    times: list[datetime] = [file["modificationTime"] for file in files]
    listed = repr([(f["path"], f["length"], f["modificationTime"].isoformat()) for f in files])
    return Snapshot(
        relation=relation,
        columns=columns_of(schema),
        version=None,
        fingerprint=f"files:{hashlib.sha256(listed.encode()).hexdigest()}",
        modified_at=max(times, default=None),
        file_count=len(files),
        size_bytes=sum(file["length"] for file in files),
    )


def _rows(frame: DataFrame) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = plain(frame.toArrow()).to_pylist()
    return rows
