"""The version of the schema in `dq_settings`: one cheap read, written last of all.

Only columns of version 1 are touched, so it works on a schema of any version.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial

import pyarrow as pa

from dq_databricks.engine.protocol import Engine
from dq_databricks.engine.retry import retrying
from dq_databricks.errors import TableNotFoundError
from dq_databricks.model.setting import Setting
from dq_databricks.sql.identifiers import TableName
from dq_databricks.sql.statement import Statement

SCHEMA_VERSION = "schema_version"
DEADLINE_S = 60.0
_COLUMNS = pa.schema(
    [("key", pa.string()), ("value", pa.string()), ("updated_at", pa.timestamp("us", tz="UTC"))]
)


def read_version(engine: Engine, catalog: str, schema: str) -> int | None:
    """The version the schema is at; None when it has never been migrated."""
    found = read_value(engine, catalog, schema, SCHEMA_VERSION)
    return None if found is None else int(found)


def read_value(engine: Engine, catalog: str, schema: str, key: str) -> str | None:
    """A stored setting, read from a schema of any version; None when it was never stored."""
    name = TableName(catalog, schema, Setting.TABLE)
    text = f"SELECT `value` FROM {name.sql} WHERE `key` = :setting"
    try:
        found = engine.query(Statement(text, {"setting": key})).column(0).to_pylist()
    except TableNotFoundError:
        return None
    return found[0] if found else None


def write_version(engine: Engine, catalog: str, schema: str, version: int, *, at: datetime) -> None:
    """Store the version; repeating it is harmless, so a lost reply needs no look."""
    name = TableName(catalog, schema, Setting.TABLE)
    row = {"key": SCHEMA_VERSION, "value": str(version), "updated_at": at}
    rows = pa.Table.from_pylist([row], schema=_COLUMNS)
    retrying(partial(engine.merge, name, rows, on=Setting.KEY), deadline_s=DEADLINE_S)
