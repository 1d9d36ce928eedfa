"""Rows of a schema, as the checkers compare them: read raw, so any version of it can be read."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.campaigns.findings import Finding, Kind
from benchmarks.campaigns.jobs import CATALOG
from dq_databricks.engine.protocol import Engine
from dq_databricks.lifecycle.moving.carrying import RENAMED_VERSIONS
from dq_databricks.lifecycle.state import (
    OPERATION,
    READER_VERSION,
    RENAMED_FROM,
    SCHEMA_NAME,
    SCHEMA_VERSION,
)
from dq_databricks.model.setting import Setting
from dq_databricks.model.tables import KEYS, LIFE_TABLES
from dq_databricks.sql.identifiers import TableName, quote
from dq_databricks.sql.relation import TableRelation
from dq_databricks.sql.statement import Statement

Row = tuple[Any, ...]
_MAINTAINED = (
    SCHEMA_VERSION,
    READER_VERSION,
    OPERATION,
    SCHEMA_NAME,
    RENAMED_FROM,
    RENAMED_VERSIONS,
)
"""Settings that the life cycle itself keeps, so they are not compared as rows."""


@dataclass(frozen=True, slots=True)
class TableRows:
    """The rows of one table under the columns it had when they were read."""

    columns: tuple[str, ...]
    rows: Counter[Row]


Content = Mapping[str, TableRows]


def content_of(engine: Engine, schema: str) -> Content:
    """All rows of a schema but those of its own life cycle."""
    names = [name for name in engine.tables(CATALOG, schema) if name.table not in LIFE_TABLES]
    return {name.table: _read(engine, name, _columns(engine, name)) for name in names}


def missing(engine: Engine, schema: str, wanted: Content) -> Iterator[Finding]:
    """The rows of `wanted` that are not there exactly as they were, exactly once."""
    for table, before in wanted.items():
        name = TableName(CATALOG, schema, table)
        after = _read(engine, name, before.columns)
        yield from _compare(f"{schema}.{table}", before.rows, after.rows)


def _compare(where: str, before: Counter[Row], after: Counter[Row]) -> Iterator[Finding]:
    lost = [row for row in before if row not in after]
    doubled = [row for row in before if after[row] > before[row]]
    if lost:
        yield Finding(Kind.LOST_ROW, f"{where}: changed or gone: {lost[0]}", len(lost))
    if doubled:
        yield Finding(Kind.DOUBLED_ROW, f"{where}: more than once: {doubled[0]}", len(doubled))


def doubled_keys(engine: Engine, schema: str) -> Iterator[Finding]:
    """Keys that stand in more than one row of their table."""
    for name in engine.tables(CATALOG, schema):
        if (key := KEYS.get(name.table)) is None:
            continue
        columns = ", ".join(quote(column) for column in key)
        # Rows of the frozen states leave out keys that later versions brought.
        known = " AND ".join(f"{quote(column)} IS NOT NULL" for column in key)
        grouped = f"WHERE {known} GROUP BY {columns} HAVING count(*) > 1"
        text = f"SELECT {columns} FROM {name.sql} {grouped}"
        if found := engine.query(Statement(text)).to_pylist():
            yield Finding(Kind.DOUBLED_ROW, f"{name}: {found[0]} stands twice", len(found))


@dataclass(frozen=True, slots=True)
class Ack:
    """A key that was acknowledged, and when its writing began and ended, in wall seconds."""

    key: str
    began: float
    ended: float


def acks_of(files: Iterable[Path]) -> tuple[Ack, ...]:
    """What the writers noted. The last line of a killed one may be half written."""
    lines = (line for file in files for line in file.read_text("utf-8").splitlines(keepends=True))
    return tuple(Ack(**json.loads(line)) for line in lines if line.endswith("\n"))


def unkept(keys: Mapping[str, int], acks: Collection[Ack], where: str) -> Iterator[Finding]:
    """Acknowledged rows that are not there exactly once; `keys` counts the rows of each key."""
    lost = [ack.key for ack in acks if keys.get(ack.key, 0) == 0]
    doubled = [ack.key for ack in acks if keys.get(ack.key, 0) > 1]
    if lost:
        text = f"{where}: {len(lost)} of {len(acks)} acknowledged rows are gone, as {lost[0]}"
        yield Finding(Kind.LOST_ROW, text, len(lost))
    if doubled:
        text = f"{where}: acknowledged rows stand more than once, as {doubled[0]}"
        yield Finding(Kind.DOUBLED_ROW, text, len(doubled))


def keys_of(engine: Engine, schema: str, table: str) -> Counter[str]:
    """How often each key of a table with one key column stands in it."""
    (column,) = KEYS[table]
    name = TableName(CATALOG, schema, table)
    found = engine.query(Statement(f"SELECT {quote(column)} AS k FROM {name.sql}"))
    return Counter(found.column("k").to_pylist())


def _columns(engine: Engine, name: TableName) -> tuple[str, ...]:
    return tuple(column.name for column in engine.inspect(TableRelation(name)).columns)


def _read(engine: Engine, name: TableName, columns: Sequence[str]) -> TableRows:
    listed = ", ".join(quote(column) for column in columns)
    text = f"SELECT {listed} FROM {name.sql}"
    if name.table == Setting.TABLE:
        kept = ", ".join(f"'{key}'" for key in _MAINTAINED)
        text += f" WHERE `key` NOT IN ({kept})"
    rows = engine.query(Statement(text)).to_pylist()
    return TableRows(tuple(columns), Counter(tuple(map(_value, row.values())) for row in rows))


def _value(value: Any) -> Any:
    return json.dumps(value, default=str) if isinstance(value, list | dict) else value
