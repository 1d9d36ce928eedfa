"""A table as a warehouse describes it: its version, columns and size, without reading its data."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa

from dq_databricks.engine.protocol import ColumnInfo, Snapshot
from dq_databricks.engine.warehouse.types import canonical_type
from dq_databricks.errors import (
    SqlError,
    TableNotFoundError,
    UnsupportedError,
)
from dq_databricks.sql.identifiers import TableName, quote
from dq_databricks.sql.relation import FileRelation, Relation, TableRelation
from dq_databricks.sql.statement import Statement

Query = Callable[[Statement], pa.Table]

_COLUMNS = """\
SELECT column_name, full_data_type, is_nullable, comment, ordinal_position
FROM {catalog}.information_schema.columns
WHERE lower(table_schema) = lower(:schema) AND lower(table_name) = lower(:table)
ORDER BY ordinal_position"""
_TABLES = """\
SELECT table_name
FROM {catalog}.information_schema.tables
WHERE lower(table_schema) = lower(:schema)"""
_VIEWS = """\
SELECT table_name, view_definition
FROM {catalog}.information_schema.views
WHERE lower(table_schema) = lower(:schema)"""
# What a server says of a view, or of a table in a format without versions.
_NOT_VERSIONED = (SqlError, UnsupportedError)
_WITHOUT_INFORMATION_SCHEMA = (TableNotFoundError, SqlError, UnsupportedError)


@dataclass(frozen=True, slots=True)
class _Commit:
    version: int
    at: datetime | None


def inspect(query: Query, relation: Relation) -> Snapshot:
    """Describe `relation` in three statements (four for an older version, one if foreign)."""
    _check_readable(relation)
    commit = None if relation.is_foreign else _commit(query, relation)
    if commit is None:
        return _unversioned(query, relation)
    detail = _detail(query, relation)
    latest = relation.version is None
    return Snapshot(
        relation=relation.at(commit.version),
        columns=_columns(query, relation, commit.version),
        version=commit.version,
        fingerprint=f"{detail.get('id')}:{commit.version}",
        modified_at=commit.at,
        file_count=detail.get("numFiles") if latest else None,
        size_bytes=detail.get("sizeInBytes") if latest else None,
    )


def tables(query: Query, catalog: str, schema: str) -> Sequence[TableName]:
    """Tables and views of a schema by name; none when it does not exist."""
    text = _TABLES.format(catalog=quote(catalog))
    try:
        rows = query(Statement(text, {"schema": schema})).to_pylist()
    except TableNotFoundError:
        return []
    return sorted(TableName(catalog, schema, row["table_name"]) for row in rows)


def views(query: Query, catalog: str, schema: str) -> Mapping[TableName, str | None]:
    """Views of a schema and the SELECT of each; the catalog shows that to owners only."""
    text = _VIEWS.format(catalog=quote(catalog))
    try:
        rows = query(Statement(text, {"schema": schema})).to_pylist()
    except TableNotFoundError:
        return {}
    found = {TableName(catalog, schema, row["table_name"]): row["view_definition"] for row in rows}
    return dict(sorted(found.items()))


def _check_readable(relation: Relation) -> None:
    if isinstance(relation, FileRelation) and relation.file_format == "csv":
        raise UnsupportedError(
            f"{relation.path}: a SQL warehouse reads CSV files without header or types; load them"
            " into a table first, or use the local engine"
        )


def _commit(query: Query, relation: Relation) -> _Commit | None:
    """The commit to pin: the asked version, else the latest; None without versions."""
    if isinstance(relation, FileRelation) and relation.file_format != "delta":
        return None
    name = relation.at(None).sql
    limit = " LIMIT 1" if relation.version is None else ""
    try:
        history = query(Statement(f"DESCRIBE HISTORY {name}{limit}")).to_pylist()
    except _NOT_VERSIONED:
        return None
    for entry in history:
        if relation.version in (None, entry["version"]):
            return _Commit(int(entry["version"]), entry["timestamp"])
    return _Commit(relation.version, None) if relation.version is not None else None


def _detail(query: Query, relation: Relation) -> Mapping[str, Any]:
    rows = query(Statement(f"DESCRIBE DETAIL {relation.at(None).sql}")).to_pylist()
    return rows[0] if rows else {}


def _unversioned(query: Query, relation: Relation) -> Snapshot:
    if relation.version is not None:
        raise UnsupportedError(
            f"{relation}: has no versions, so version {relation.version} cannot be read"
        )
    return Snapshot(
        relation=relation,
        columns=_columns(query, relation, None),
        version=None,
        # Nothing tells whether a view or plain files changed: never the same twice.
        fingerprint=f"unversioned:{uuid.uuid4()}",
    )


def _columns(query: Query, relation: Relation, version: int | None) -> tuple[ColumnInfo, ...]:
    if isinstance(relation, TableRelation) and relation.version is None:
        described = _from_catalog(query, relation.name)
        if described:
            return described
    return _from_query(query, relation.at(version))


def _from_catalog(query: Query, name: TableName) -> tuple[ColumnInfo, ...]:
    text = _COLUMNS.format(catalog=quote(name.catalog))
    try:
        rows = query(Statement(text, {"schema": name.schema, "table": name.table})).to_pylist()
    except _WITHOUT_INFORMATION_SCHEMA:
        return ()
    return tuple(
        ColumnInfo(
            name=row["column_name"],
            data_type=canonical_type(row["full_data_type"]),
            nullable=row["is_nullable"] != "NO",
            position=position,
            comment=row["comment"],
        )
        for position, row in enumerate(rows)
    )


def _from_query(query: Query, relation: Relation) -> tuple[ColumnInfo, ...]:
    """Columns as a SELECT gives them: any relation at any version, without nullability."""
    rows = query(Statement(f"DESCRIBE QUERY SELECT * FROM {relation.sql}")).to_pylist()
    return tuple(
        ColumnInfo(
            name=row["col_name"],
            data_type=canonical_type(row["data_type"]),
            position=position,
            comment=row["comment"] or None,
        )
        for position, row in enumerate(rows)
    )
