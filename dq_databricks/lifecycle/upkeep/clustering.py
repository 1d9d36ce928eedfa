"""The columns each table is drilled into by, as the migrations declare them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from dq_databricks.engine.protocol import Capability, EngineFacts
from dq_databricks.lifecycle.migrations.scripts import latest_version, shipped_scripts
from dq_databricks.lifecycle.shape.expected import expected_shape

# What an engine that understands every statement would make of them.
_EVERYTHING = EngineFacts("everything", frozenset(Capability))


@cache
def clustering_columns() -> Mapping[str, tuple[str, ...]]:
    """The clustering columns by table name; a table without any is absent."""
    shape = expected_shape(shipped_scripts(), latest_version(), _EVERYTHING, "catalog", "schema")
    return {name: table.clustering for name, table in shape.tables.items() if table.clustering}
