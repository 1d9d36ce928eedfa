"""One in-memory DuckDB with its own signed `delta` extension; a cursor for each call."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path

import duckdb
import duckdb_extension_delta
import pyarrow as pa

from dq_databricks.engine.local import macros
from dq_databricks.engine.local.failures import reading
from dq_databricks.errors import MissingExtraError
from dq_databricks.sql.statement import Parameter

_SETTINGS = (
    "SET GLOBAL errors_as_json = true",
    # It knows files by the second of their change, and would show what was there before.
    "SET GLOBAL enable_external_file_cache = false",
    "SET GLOBAL python_enable_replacements = false",
)


class Database:
    """Opens DuckDB at the first query; safe to use from several threads."""

    def __init__(self, *, threads: int, memory_limit: str) -> None:
        self._threads = threads
        self._memory_limit = memory_limit
        self._lock = threading.Lock()
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._running: set[duckdb.DuckDBPyConnection] = set()

    def query(
        self,
        sql: str,
        parameters: Mapping[str, Parameter],
        *,
        what: str,
        rows: Mapping[str, pa.Table] | None = None,
    ) -> pa.Table:
        """The answer to DuckDB SQL that may read the Arrow tables `rows` by name.

        `what` names the statement in errors. Types are those every engine gives.
        """
        with reading(what):
            cursor = self._cursor()
            try:
                for name, table in (rows or {}).items():
                    cursor.register(name, table)
                return _answer(cursor.execute(sql, dict(parameters)))
            finally:
                self._forget(cursor)

    def cancel(self) -> None:
        """Interrupt every query in flight."""
        with self._lock:
            for cursor in self._running:
                cursor.interrupt()

    def close(self) -> None:
        """Give back memory and threads; closing twice is harmless."""
        with self._lock:
            connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        with self._lock:
            if self._connection is None:
                self._connection = self._open()
            cursor = self._connection.cursor()
            self._running.add(cursor)
            return cursor

    def _forget(self, cursor: duckdb.DuckDBPyConnection) -> None:
        with self._lock:
            self._running.discard(cursor)
        cursor.close()

    def _open(self) -> duckdb.DuckDBPyConnection:
        config: dict[str, str | bool | int | float | list[str]] = {
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
        if self._threads:
            config["threads"] = self._threads
        if self._memory_limit:
            config["memory_limit"] = self._memory_limit
        connection = duckdb.connect(":memory:", config=config)
        # Where there is no script (python -c, a worker), it would be printed to stdout.
        connection.execute("SET enable_progress_bar = false")
        connection.execute(f"LOAD '{_text(str(_extension()))}'")
        for setting in _SETTINGS:
            connection.execute(setting)
        macros.register(connection)
        return connection


def _answer(cursor: duckdb.DuckDBPyConnection) -> pa.Table:
    kinds = [column[1] for column in cursor.description or ()]
    return macros.normalise_types(cursor.to_arrow_table(), kinds)


def _extension() -> Path:
    """The extension file that came with its package; DuckDB checks its signature when it loads."""
    folder = Path(duckdb_extension_delta.__file__).parent
    for path in sorted(folder.rglob("delta.duckdb_extension")):
        return path
    raise MissingExtraError(
        f"no delta.duckdb_extension below {folder}; "
        f"pip install --force-reinstall duckdb-extension-delta=={duckdb.__version__}"
    )


def _text(value: str) -> str:
    return value.replace("'", "''")
