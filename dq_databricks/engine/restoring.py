"""Going back to an older version where the server has no conditional RESTORE.

The version is looked at before, and the history after: a restore that came late, on top of a
commit nobody looked at, is undone and reported as a conflict.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from dq_databricks.errors import EngineError, SqlError, WriteConflictError
from dq_databricks.sql.identifiers import TableName
from dq_databricks.sql.statement import Statement

Query = Callable[[Statement], pa.Table]
Execute = Callable[[Statement], object]

# More commits than these do not come between a look and the restore that follows it.
_LOOK_BACK = 100


def restore(
    query: Query, execute: Execute, table: TableName, version: int, *, expected_version: int
) -> None:
    """Bring `table` back to `version`; see `Engine.restore`."""
    check_restore(table, version, latest=_latest(query, table), expected=expected_version)
    if version == expected_version:
        return
    execute(restore_statement(table, version))
    landed = _landed(query, table, version, after=expected_version)
    if landed != expected_version + 1:
        undone = _undo(query, execute, table, landed)
        raise WriteConflictError(
            f"restore {table} to version {version}: others committed after version "
            f"{expected_version}; the restore landed as version {landed} and {undone}. "
            "Look at the table and restore again"
        )


def check_restore(table: TableName, version: int, *, latest: int, expected: int) -> None:
    """Raise WriteConflictError unless `expected` is the latest version, SqlError for no version."""
    if latest != expected:
        raise WriteConflictError(
            f"restore {table} to version {version}: its latest version is {latest}, expected was "
            f"{expected}; look at the table and restore again"
        )
    if not 0 <= version <= latest:
        raise SqlError(f"restore {table}: it has no version {version}; its latest is {latest}")


def restore_statement(table: TableName, version: int) -> Statement:
    """The statement that brings `table` back to `version`, whatever is committed now."""
    return Statement(f"RESTORE TABLE {table.sql} TO VERSION AS OF {version}")


def _latest(query: Query, table: TableName) -> int:
    return int(_history(query, table, limit=1)[0]["version"])


def _landed(query: Query, table: TableName, version: int, *, after: int) -> int:
    """The last commit after `after` that restored `version`: ours, or one just like it."""
    for commit in _history(query, table, limit=_LOOK_BACK):
        parameters = dict(commit["operationParameters"] or {})
        restored = (commit["operation"], str(parameters.get("version"))) == (
            "RESTORE",
            str(version),
        )
        if restored and commit["version"] > after:
            return int(commit["version"])
    raise EngineError(
        f"restore {table} to version {version}: the statement was carried out, but its commit is "
        f"not among the last {_LOOK_BACK} of the history; look at DESCRIBE HISTORY {table.sql}"
    )


def _undo(query: Query, execute: Execute, table: TableName, landed: int) -> str:
    """Take back a restore that came late, unless somebody built on it already."""
    if (latest := _latest(query, table)) != landed:
        return f"was not undone, since version {latest} was built on it"
    execute(restore_statement(table, landed - 1))
    return "was undone"


def _history(query: Query, table: TableName, *, limit: int) -> Sequence[Mapping[str, Any]]:
    rows: list[dict[str, Any]] = query(
        Statement(f"DESCRIBE HISTORY {table.sql} LIMIT {limit}")
    ).to_pylist()
    return rows
