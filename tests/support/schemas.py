"""Short hands about whole schemas: their fingerprint, their rows, and states frozen on disk."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from dq_databricks.engine.protocol import Engine
from dq_databricks.lifecycle.migrations.scripts import shipped_scripts
from dq_databricks.lifecycle.shape.expected import expected_shape
from dq_databricks.lifecycle.shape.live import live_shape
from dq_databricks.sql.identifiers import TableName, quote
from dq_databricks.sql.statement import Statement

FROZEN = Path(__file__).parents[1] / "data" / "schema"
FROZEN_SCHEMA = "dq_metadata"

Rows = Counter[tuple[tuple[str, str], ...]]
"""How often each row occurs; a row is its columns and their values, so its order is its own."""


def fingerprint_of(engine: Engine, catalog: str, schema: str) -> str:
    """The fingerprint of a live schema: equal for equal schemas on every engine."""
    return live_shape(engine, catalog, schema).fingerprint


def clean_fingerprint(engine: Engine, catalog: str, schema: str) -> str:
    """The fingerprint that a clean install of the newest version has on this engine."""
    scripts = shipped_scripts()
    return expected_shape(scripts, scripts[-1].version, engine.facts, catalog, schema).fingerprint


def thaw(version: str, home: Path) -> None:
    """Put the lake of a frozen state (``v1``) below `home`."""
    shutil.copytree(FROZEN / version / "lake", home / "lake")


def rows_of(engine: Engine, table: TableName, columns: Sequence[str]) -> Rows:
    """All rows of a table, in these columns."""
    listed = ", ".join(map(quote, columns))
    found = engine.query(Statement(f"SELECT {listed} FROM {table.sql}")).to_pylist()
    return Counter(tuple((name, repr(row[name])) for name in columns) for row in found)
