"""Describes a relation from its log, its footers or its header, without reading its data."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from dq_databricks.engine.local.files import FileSet, list_files, read_footers
from dq_databricks.engine.local.reading import Reader
from dq_databricks.engine.local.relations import Relations
from dq_databricks.engine.local.replay import TableState
from dq_databricks.engine.local.statistics import delta_statistics, parquet_statistics
from dq_databricks.engine.local.types import name_of_arrow_type, name_of_delta_type
from dq_databricks.engine.protocol import ColumnInfo, Snapshot
from dq_databricks.errors import UnsupportedError
from dq_databricks.sql.relation import FileRelation, Relation, TableRelation

_SQL_OF_DUCKDB = {"BIGINT": "BIGINT", "DOUBLE": "DOUBLE", "BOOLEAN": "BOOLEAN", "DATE": "DATE"}


class Inspector:
    """Gives snapshots; see `Engine.inspect`."""

    def __init__(self, relations: Relations, reader: Reader) -> None:
        self._relations = relations
        self._reader = reader

    def inspect(self, relation: Relation) -> Snapshot:
        """The relation at its pinned version, or pinned to its latest."""
        if isinstance(relation, FileRelation):
            return self._file(relation)
        view = self._relations.lake.view(relation.name)
        if view is not None:
            return self._view(relation, view.sql)
        if relation.is_foreign:
            return self._foreign(relation)
        return self._delta(relation, self._relations.lake.folder(relation.name))

    def _file(self, relation: FileRelation) -> Snapshot:
        if relation.file_format == "delta":
            return self._delta(relation, Path(relation.path).absolute())
        if relation.version is not None:
            raise UnsupportedError(f"{relation.path} has no versions; only Delta tables do")
        files = list_files(relation.path, suffix=f".{relation.file_format}")
        return (
            self._csv(relation, files)
            if relation.file_format == "csv"
            else _parquet(relation, files)
        )

    def _delta(self, relation: Relation, folder: Path) -> Snapshot:
        state = self._relations.tables.state(folder, relation.version, table=str(relation))
        columns = delta_columns(state)
        return Snapshot(
            relation=relation.at(state.version),
            columns=columns,
            version=state.version,
            fingerprint=_fingerprint(str(state.metadata.get("id")), str(state.version)),
            modified_at=state.modified_at,
            file_count=len(state.files),
            size_bytes=sum(file.size for file in state.files.values()),
            statistics=delta_statistics(state, columns),
        )

    def _foreign(self, relation: TableRelation) -> Snapshot:
        if relation.version is not None:
            raise UnsupportedError(f"{relation} is a foreign table; it has no versions")
        folder = self._relations.lake.folder(relation.name)
        state = self._relations.tables.state(folder, None, table=str(relation))
        # Nothing tells whether a foreign table changed: never the same twice.
        fingerprint = f"unversioned:{uuid.uuid4()}"
        return Snapshot(relation, delta_columns(state), version=None, fingerprint=fingerprint)

    def _csv(self, relation: FileRelation, files: FileSet) -> Snapshot:
        shape = self._relations.csv_shape(files)
        columns = tuple(
            ColumnInfo(name, _SQL_OF_DUCKDB.get(kind, _csv_type(kind)), position=position)
            for position, (name, kind) in enumerate(shape.columns)
        )
        return _of_files(relation, files, columns)

    def _view(self, relation: TableRelation, sql: str) -> Snapshot:
        if relation.version is not None:
            raise UnsupportedError(f"{relation} is a view; a view has no versions")
        compiled = self._reader.compile(f"SELECT * FROM {relation.name.sql} LIMIT 0", {})
        answer = self._reader.run(compiled, what=f"view {relation}")
        return Snapshot(
            relation=relation,
            columns=arrow_columns(answer.schema),
            version=None,
            fingerprint=_fingerprint(sql, compiled.sql),
        )


def delta_columns(state: TableState) -> tuple[ColumnInfo, ...]:
    """The columns of a Delta table. Raises UnsupportedError for an unknown type."""
    return tuple(
        ColumnInfo(
            name=str(field["name"]),
            data_type=name_of_delta_type(field["type"], column=str(field["name"])),
            nullable=bool(field.get("nullable", True)),
            position=position,
            comment=(field.get("metadata") or {}).get("comment"),
        )
        for position, field in enumerate(state.fields)
    )


def arrow_columns(schema: pa.Schema) -> tuple[ColumnInfo, ...]:
    """The columns of an Arrow schema. Raises UnsupportedError for a type SQL does not have."""
    return tuple(
        ColumnInfo(
            field.name, name_of_arrow_type(field.type, column=field.name), field.nullable, position
        )
        for position, field in enumerate(schema)
    )


def _parquet(relation: FileRelation, files: FileSet) -> Snapshot:
    footers = read_footers(files)
    columns = arrow_columns(footers[0].schema.to_arrow_schema())
    known = parquet_statistics(footers, columns)
    return replace(_of_files(relation, files, columns), statistics=known)


def _of_files(relation: FileRelation, files: FileSet, columns: tuple[ColumnInfo, ...]) -> Snapshot:
    return Snapshot(
        relation=relation,
        columns=columns,
        version=None,
        fingerprint=files.fingerprint,
        modified_at=files.modified_at,
        file_count=len(files.files),
        size_bytes=sum(files.sizes),
    )


def _csv_type(kind: str) -> str:
    if kind.startswith("TIMESTAMP"):
        return "TIMESTAMP" if "ZONE" in kind else "TIMESTAMP_NTZ"
    return kind if kind.startswith("DECIMAL") else "STRING"


def _fingerprint(*parts: str) -> str:
    return hashlib.sha256("\x00".join(parts).encode()).hexdigest()
