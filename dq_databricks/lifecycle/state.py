"""What `dq_settings` says of its schema: version, who may read it, what is being done to it.

Only columns of version 1 are touched, so it works on a schema of any version.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import partial

import pyarrow as pa

from dq_databricks.engine.protocol import Engine
from dq_databricks.engine.retry import retrying
from dq_databricks.errors import TableNotFoundError
from dq_databricks.model.life import Lease
from dq_databricks.model.setting import Setting
from dq_databricks.sql.identifiers import TableName
from dq_databricks.sql.statement import Statement

DEADLINE_S = 60.0

SCHEMA_VERSION = "schema_version"
READER_VERSION = "reader_version"
OPERATION = "schema_operation"
SCHEMA_NAME = "data_quality_schema"
RENAMED_FROM = "renamed_from"
AUTO_MANAGE = "data_quality_auto_manage_tables"
_READ = (SCHEMA_VERSION, READER_VERSION, OPERATION, RENAMED_FROM, AUTO_MANAGE)

RESTORES = "restores"
"""The row of the leases that counts restores."""

_LEASE = pa.schema(
    [
        ("name", pa.string()),
        ("fence", pa.int64()),
        ("beat", pa.int64()),
        ("lease_s", pa.float64()),
        ("acquired_at", pa.timestamp("us", tz="UTC")),
        ("expires_at", pa.timestamp("us", tz="UTC")),
    ]
)
_COLUMNS = pa.schema(
    [("key", pa.string()), ("value", pa.string()), ("updated_at", pa.timestamp("us", tz="UTC"))]
)


class Phase(StrEnum):
    """What is being done to a schema. Writers work in `open` only, readers in `renaming` too."""

    OPEN = "open"
    RENAMING = "renaming"
    ARRIVING = "arriving"
    MOVED = "moved"
    RESTORING = "restoring"


@dataclass(frozen=True, slots=True)
class Operation:
    """The phase of a schema and the job that put it there.

    `other` is the schema it is renamed to (renaming, moved) or comes from (arriving), or the
    restore point it goes back to; `since` and `by` say when and by whom.
    """

    phase: Phase = Phase.OPEN
    job: str = ""
    other: str = ""
    since: str = ""
    by: str = ""

    @property
    def text(self) -> str:
        """The stored form: JSON with sorted keys, so equal operations are equal texts."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def of(cls, text: str | None) -> Operation:
        """The operation that `text` stores; open when nothing was ever stored."""
        if text is None:
            return cls()
        values = json.loads(text)
        return cls(**{**values, "phase": Phase(values["phase"])})


@dataclass(frozen=True, slots=True)
class SchemaState:
    """What one read tells. `version` is None when the schema has no tables.

    `restores` counts the restores that were ever begun; nothing brings it back.
    """

    version: int | None = None
    reader_version: int = 1
    operation: Operation = field(default_factory=Operation)
    renamed_from: tuple[str, ...] = ()
    auto_manage: bool | None = None
    restores: int = 0


def read_state(engine: Engine, catalog: str, schema: str) -> SchemaState:
    """The state of a schema, by one statement (two in a schema older than the leases)."""
    values = _read_with_restores(engine, catalog, schema)
    managed = values.get(AUTO_MANAGE)
    return SchemaState(
        version=int(values[SCHEMA_VERSION]) if SCHEMA_VERSION in values else None,
        reader_version=int(values.get(READER_VERSION, "1")),
        operation=Operation.of(values.get(OPERATION)),
        renamed_from=tuple(json.loads(values.get(RENAMED_FROM, "[]"))),
        auto_manage=None if managed is None else managed != "false",
        restores=int(values.get(RESTORES, "0")),
    )


def _read_with_restores(engine: Engine, catalog: str, schema: str) -> Mapping[str, str]:
    """Settings and the count of restores, which a restore does not bring back with the rest."""
    settings = TableName(catalog, schema, Setting.TABLE).sql
    leases = TableName(catalog, schema, Lease.TABLE).sql
    keys = ", ".join(f"'{key}'" for key in _READ)
    text = (
        f"SELECT `key`, `value` FROM {settings} WHERE `key` IN ({keys}) UNION ALL "
        f"SELECT `name`, CAST(fence AS STRING) FROM {leases} WHERE `name` = '{RESTORES}'"
    )
    try:
        rows = engine.query(Statement(text)).to_pylist()
    except TableNotFoundError:
        return read_values(engine, catalog, schema, *_READ)
    return {row["key"]: row["value"] for row in rows if row["value"] is not None}


def count_restore(engine: Engine, catalog: str, schema: str, *, at: datetime) -> None:
    """Count one restore more, before it begins. Counting one twice is harmless."""
    name = TableName(catalog, schema, Lease.TABLE)
    first = {"name": RESTORES, "fence": 0, "beat": 0, "lease_s": 0.0}
    row = pa.Table.from_pylist([{**first, "acquired_at": at, "expires_at": at}], schema=_LEASE)
    make = partial(engine.merge, name, row, on=Lease.KEY, update=False)
    retrying(make, deadline_s=DEADLINE_S)
    count = Statement(
        f"UPDATE {name.sql} SET fence = fence + 1, acquired_at = :at WHERE `name` = '{RESTORES}'",
        {"at": at},
    )
    retrying(partial(engine.execute, count), deadline_s=DEADLINE_S)


def read_version(engine: Engine, catalog: str, schema: str) -> int | None:
    """The version the schema is at; None when it has never been migrated."""
    found = read_values(engine, catalog, schema, SCHEMA_VERSION)
    return int(found[SCHEMA_VERSION]) if found else None


def read_values(engine: Engine, catalog: str, schema: str, *keys: str) -> Mapping[str, str]:
    """Stored settings by key, from a schema of any version; empty when it has no tables."""
    name = TableName(catalog, schema, Setting.TABLE)
    marks = ", ".join(f":k{number}" for number in range(len(keys)))
    text = f"SELECT `key`, `value` FROM {name.sql} WHERE `key` IN ({marks})"
    bound = {f"k{number}": key for number, key in enumerate(keys)}
    try:
        rows = engine.query(Statement(text, bound)).to_pylist()
    except TableNotFoundError:
        return {}
    return {row["key"]: row["value"] for row in rows if row["value"] is not None}


def write_values(
    engine: Engine,
    catalog: str,
    schema: str,
    values: Mapping[str, str],
    *,
    at: datetime,
    update: bool = True,
) -> None:
    """Store settings, only those never stored unless `update`.

    Repeating it is harmless, so a lost reply needs no look.
    """
    name = TableName(catalog, schema, Setting.TABLE)
    rows = [{"key": key, "value": value, "updated_at": at} for key, value in values.items()]
    given = pa.Table.from_pylist(rows, schema=_COLUMNS)
    write = partial(engine.merge, name, given, on=Setting.KEY, update=update)
    retrying(write, deadline_s=DEADLINE_S)


def change_operation(
    engine: Engine,
    catalog: str,
    schema: str,
    before: Operation,
    after: Operation,
    *,
    at: datetime,
) -> bool:
    """Put the schema from `before` into `after`; whether it is in `after` now.

    One conditional statement, so of two callers with different jobs one succeeds.
    """
    name = TableName(catalog, schema, Setting.TABLE)
    first = {"key": OPERATION, "value": Operation().text, "updated_at": at}
    row = pa.Table.from_pylist([first], schema=_COLUMNS)
    if before == Operation():
        make = partial(engine.merge, name, row, on=Setting.KEY, update=False)
        retrying(make, deadline_s=DEADLINE_S)
    change = Statement(
        f"UPDATE {name.sql} SET `value` = :after, updated_at = :at "
        f"WHERE `key` = '{OPERATION}' AND `value` = :before",
        {"after": after.text, "before": before.text, "at": at},
    )
    retrying(partial(engine.execute, change), deadline_s=DEADLINE_S)
    return read_state(engine, catalog, schema).operation == after
