"""DESCRIBE, SHOW and the information schema, answered from folders and logs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
from sqlglot import exp

from dq_databricks.engine.local.lake import Lake
from dq_databricks.engine.local.log import LogFiles
from dq_databricks.engine.local.relations import FILE_FORMATS, Relations
from dq_databricks.engine.local.snapshot import Inspector
from dq_databricks.engine.protocol import Snapshot
from dq_databricks.errors import TableNotFoundError, UnsupportedError
from dq_databricks.sql.parse import parse_statement
from dq_databricks.sql.relation import FileRelation, Relation, TableRelation

_DESCRIBE = re.compile(
    r"\s*DESC(?:RIBE)?\s+(?:(HISTORY|DETAIL|TABLE\s+EXTENDED|TABLE|EXTENDED)\s+)?"
    r"(.+?)(?:\s+LIMIT\s+(\d+))?\s*;?\s*",
    re.IGNORECASE | re.DOTALL,
)
_SHOW = re.compile(
    r"\s*SHOW\s+(TABLES|VIEWS|SCHEMAS|DATABASES|CATALOGS)(?:\s+(?:IN|FROM)\s+(.+?))?\s*;?\s*",
    re.IGNORECASE | re.DOTALL,
)
_TEXT_MAP = pa.map_(pa.string(), pa.string())
_UTC = pa.timestamp("us", "UTC")
_HISTORY = pa.schema(
    [
        ("version", pa.int64()),
        ("timestamp", _UTC),
        ("userName", pa.string()),
        ("operation", pa.string()),
        ("operationParameters", _TEXT_MAP),
        ("readVersion", pa.int64()),
        ("isolationLevel", pa.string()),
        ("isBlindAppend", pa.bool_()),
        ("operationMetrics", _TEXT_MAP),
        ("userMetadata", pa.string()),
        ("engineInfo", pa.string()),
    ]
)
_DETAIL = pa.schema(
    [
        ("format", pa.string()),
        ("id", pa.string()),
        ("name", pa.string()),
        ("description", pa.string()),
        ("location", pa.string()),
        ("createdAt", _UTC),
        ("lastModified", _UTC),
        ("partitionColumns", pa.list_(pa.string())),
        ("clusteringColumns", pa.list_(pa.string())),
        ("numFiles", pa.int64()),
        ("sizeInBytes", pa.int64()),
        ("properties", _TEXT_MAP),
        ("minReaderVersion", pa.int32()),
        ("minWriterVersion", pa.int32()),
        ("tableFeatures", pa.list_(pa.string())),
    ]
)
_COLUMNS = pa.schema(
    [("col_name", pa.string()), ("data_type", pa.string()), ("comment", pa.string())]
)


class Describer:
    """Answers statements that list or describe; None for any other statement."""

    def __init__(self, relations: Relations, inspector: Inspector) -> None:
        self._relations = relations
        self._lake: Lake = relations.lake
        self._inspector = inspector

    def answer(self, text: str) -> pa.Table | None:
        """The rows of a DESCRIBE or SHOW statement."""
        if match := _SHOW.fullmatch(text):
            return self._show(match[1].upper(), match[2])
        if not (match := _DESCRIBE.fullmatch(text)):
            return None
        kind = " ".join((match[1] or "TABLE").upper().split())
        rows = _DESCRIBERS[kind](self, self._relation(match[2]))
        return rows.slice(0, int(match[3])) if match[3] else rows

    def _show(self, kind: str, where: str | None) -> pa.Table:
        if kind == "CATALOGS":
            return pa.table({"catalog": pa.array(self._lake.catalogs(), pa.string())})
        parts = _name_parts(where) if where else []
        if kind in ("SCHEMAS", "DATABASES"):
            found = self._lake.schemas(parts[0] if parts else self._relations.catalog)
            return pa.table({"databaseName": pa.array(found, pa.string())})
        if not parts:
            raise UnsupportedError(f"SHOW {kind}: say in which schema: SHOW {kind} IN main.default")
        catalog, schema = (self._relations.catalog, *parts)[-2:]
        names = self._lake.views(catalog, schema)
        if kind == "TABLES":
            names = sorted({*names, *self._lake.tables(catalog, schema)})
        return pa.table(
            {
                "database": pa.array([schema] * len(names), pa.string()),
                "tableName": pa.array([name.table for name in names], pa.string()),
                "isTemporary": pa.array([False] * len(names), pa.bool_()),
            }
        )

    def _relation(self, text: str) -> Relation:
        table = parse_statement(f"SELECT * FROM {text}").find(exp.Table)
        if table is None:
            raise TableNotFoundError(f"DESCRIBE {text}: names no table")
        if not table.catalog and table.db.lower() in FILE_FORMATS:
            file_format: Any = table.db.lower()
            return FileRelation(file_format, table.name)
        return TableRelation(self._relations.table_name(table))

    def _folder(self, relation: Relation) -> Path:
        if isinstance(relation, FileRelation):
            return Path(relation.path).absolute()
        return self._lake.folder(relation.name)

    def _columns(self, relation: Relation) -> pa.Table:
        rows = [
            {"col_name": c.name, "data_type": c.data_type.lower(), "comment": c.comment}
            for c in self._inspector.inspect(relation).columns
        ]
        return pa.Table.from_pylist(rows, schema=_COLUMNS)

    def _history(self, relation: Relation) -> pa.Table:
        log = self._relations.tables.log(self._folder(relation), table=str(relation))
        rows = [_commit_row(log, version) for version in reversed(log.commits)]
        return pa.Table.from_pylist(rows, schema=_HISTORY)

    def _detail(self, relation: Relation) -> pa.Table:
        folder = self._folder(relation)
        state = self._relations.tables.state(folder, None, table=str(relation))
        found: Snapshot = self._inspector.inspect(relation)
        features = {
            f for key in ("readerFeatures", "writerFeatures") for f in state.protocol.get(key) or ()
        }
        row = {
            "format": "delta",
            "id": state.metadata.get("id"),
            "name": str(relation),
            "description": state.metadata.get("description"),
            "location": folder.as_uri(),
            "createdAt": _at(state.metadata.get("createdTime")),
            "lastModified": found.modified_at,
            "partitionColumns": state.partition_columns,
            # Unknown: this engine clusters no table, and Spark says it elsewhere in the log.
            "clusteringColumns": None,
            "numFiles": found.file_count,
            "sizeInBytes": found.size_bytes,
            "properties": list(state.configuration.items()),
            "minReaderVersion": state.protocol.get("minReaderVersion"),
            "minWriterVersion": state.protocol.get("minWriterVersion"),
            "tableFeatures": sorted(features),
        }
        return pa.Table.from_pylist([row], schema=_DETAIL)


_DESCRIBERS: Mapping[str, Callable[[Describer, Relation], pa.Table]] = {
    "HISTORY": Describer._history,
    "DETAIL": Describer._detail,
    "TABLE": Describer._columns,
    "EXTENDED": Describer._columns,
    "TABLE EXTENDED": Describer._columns,
}


def _commit_row(log: LogFiles, version: int) -> dict[str, Any]:
    path = log.commit_path(version)
    info: dict[str, Any] = {}
    for line in path.read_bytes().splitlines():
        if b'"commitInfo"' in line:
            info = json.loads(line).get("commitInfo") or info
    stamp = info.get("inCommitTimestamp") or info.get("timestamp")
    return {
        **{key: info.get(key) for key in ("userName", "operation", "readVersion")},
        **{key: info.get(key) for key in ("isolationLevel", "isBlindAppend", "engineInfo")},
        "version": version,
        "timestamp": _at(stamp if stamp is not None else path.stat().st_mtime * 1000),
        "operationParameters": _text_map(info.get("operationParameters")),
        "operationMetrics": _text_map(info.get("operationMetrics")),
        "userMetadata": info.get("userMetadata"),
    }


def _text_map(values: Mapping[str, Any] | None) -> list[tuple[str, str | None]]:
    return [
        (key, value if value is None or isinstance(value, str) else json.dumps(value))
        for key, value in (values or {}).items()
    ]


def _at(milliseconds: float | None) -> datetime | None:
    return None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC)


def _name_parts(text: str) -> list[str]:
    table = parse_statement(f"SELECT * FROM {text}").find(exp.Table)
    return [part.name for part in table.parts] if table is not None else []
