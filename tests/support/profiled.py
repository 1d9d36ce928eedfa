"""Column profiles made up for tests: rows of nothing odd, changed where a test wants it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from dq_databricks.engine.protocol import ColumnInfo, Snapshot
from dq_databricks.model.profile import ColumnProfile
from dq_databricks.profiling.semantic import semantic_type
from dq_databricks.sql.identifiers import TableName
from dq_databricks.sql.relation import TableRelation

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def column(name: str = "c", data_type: str = "STRING", **measures: Any) -> ColumnProfile:
    """A column of 1,000 rows; `top` and `shapes` are (text, rows) of its values and patterns."""
    general = {"STRING": "text", "DOUBLE": "float", "BIGINT": "integer"}
    listed = {
        field: json.dumps([{key: text, "count": rows} for text, rows in measures.pop(given)])
        for given, field, key in (
            ("top", "top_values", "value"),
            ("shapes", "patterns", "pattern"),
        )
        if given in measures
    }
    table = measures.pop("table", "t")
    profile = ColumnProfile.model_validate(
        {
            "profile_run_id": "run",
            "table_id": f"id of {table}",
            "table_name": table,
            "table_version": 3,
            "column_name": name,
            "position": 0,
            "data_type": data_type,
            "general_type": general.get(data_type, data_type.lower()),
            "row_count": 1_000,
            "null_count": 0,
            "distinct_count": 500,
            "distinct_is_exact": True,
            "profiled_at": NOW,
            **listed,
            **measures,
        }
    )
    return profile.model_copy(update={"semantic_type": semantic_type(profile)})


def snapshot_of(*columns: ColumnProfile) -> Snapshot:
    """The table these columns were profiled in."""
    return Snapshot(
        relation=TableRelation(TableName("main", "s", "t")),
        columns=tuple(
            ColumnInfo(entry.column_name, entry.data_type, position=number)
            for number, entry in enumerate(columns)
        ),
        version=3,
        fingerprint="f",
    )
