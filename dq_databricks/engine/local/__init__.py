"""The embedded engine: Delta tables in a folder, written by delta-rs, read by DuckDB.

Databricks SQL and Arrow come in, Arrow goes out. It never opens a socket and starts no process.
"""

from __future__ import annotations

from dq_databricks.engine.local.engine import LocalEngine

__all__ = ["LocalEngine"]
