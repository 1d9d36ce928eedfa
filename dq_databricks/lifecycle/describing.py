"""DESCRIBE DETAIL and DESCRIBE HISTORY, answered alike by every engine. Reads no data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from dq_databricks.engine.protocol import Engine
from dq_databricks.errors import EngineError
from dq_databricks.sql.identifiers import TableName
from dq_databricks.sql.statement import Statement


def describe_detail(engine: Engine, table: TableName) -> Mapping[str, Any]:
    """What a table is, by column of DESCRIBE DETAIL. Raises TableNotFoundError."""
    rows = engine.query(Statement(f"DESCRIBE DETAIL {table.sql}")).to_pylist()
    if not rows:
        raise EngineError(f"DESCRIBE DETAIL {table}: no answer")
    row: Mapping[str, Any] = rows[0]
    return row


def describe_history(
    engine: Engine, table: TableName, *, most: int | None = None
) -> list[Mapping[str, Any]]:
    """The commits that the log still holds, newest first, at most `most`."""
    limit = "" if most is None else f" LIMIT {int(most)}"
    rows: list[Mapping[str, Any]] = engine.query(
        Statement(f"DESCRIBE HISTORY {table.sql}{limit}")
    ).to_pylist()
    return rows


def text_map(found: Any) -> dict[str, str]:
    """A map as engines hand it over: as a dictionary, as pairs, as JSON, or nothing."""
    pairs = dict(json.loads(found) if isinstance(found, str) else found or ())
    return {str(key): str(value) for key, value in pairs.items()}
