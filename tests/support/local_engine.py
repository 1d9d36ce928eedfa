"""The embedded engine for the contract suite."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from dq_databricks.engine.local import LocalEngine
from dq_databricks.engine.local.database import Database
from dq_databricks.engine.protocol import Engine
from dq_databricks.sql.statement import Statement

# Opening DuckDB with its extension costs as much as a hundred queries of these tests.
SHARED = Database(threads=0, memory_limit="")


def reason_to_skip() -> str | None:
    """It runs wherever Python runs."""
    return None


def open_for_tests(folder: Path) -> Engine:
    """An engine below `folder` with an empty schema `main.s`."""
    engine = LocalEngine(folder, durable=False, database=SHARED)
    engine.execute(Statement("CREATE SCHEMA IF NOT EXISTS main.s"))
    return engine


def contender(engine: Engine, folder: Path) -> Callable[[], Engine]:
    """Opens a second engine on the same tables, in any process."""
    return partial(LocalEngine, folder, durable=False)
