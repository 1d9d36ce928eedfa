"""The columns each table is drilled into by, as the migrations declare them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from dq_databricks.lifecycle.migrations.scripts import shipped_scripts

_CLUSTER = re.compile(
    r"ALTER\s+TABLE\s+`\{schema\}`\.(?P<table>\w+)\s+CLUSTER\s+BY\s+"
    r"(?:NONE|\((?P<columns>[^)]*)\))",
    re.IGNORECASE,
)


@cache
def clustering_columns() -> Mapping[str, tuple[str, ...]]:
    """The columns by table name; a table without any is absent. The last statement counts."""
    declared = {
        found["table"]: tuple(
            part.strip().strip("`") for part in (found["columns"] or "").split(",") if part.strip()
        )
        for script in shipped_scripts()
        for found in _CLUSTER.finditer(script.text)
    }
    return {table: columns for table, columns in declared.items() if columns}
