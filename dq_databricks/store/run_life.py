"""The life of a run: its row appears first and its terminal state is written last."""

from __future__ import annotations

from typing import TypeVar

from dq_databricks.errors import NotFoundError, VersionConflictError
from dq_databricks.model.profile import ProfileRun
from dq_databricks.model.testing import TestRun
from dq_databricks.model.vocabulary import RunStatus
from dq_databricks.sql.identifiers import quote
from dq_databricks.store.access import Table
from dq_databricks.store.filters import Condition, escaped, in_query, is_in

R = TypeVar("R", ProfileRun, TestRun)
_OPEN = (RunStatus.PENDING, RunStatus.RUNNING)


def finish(table: Table[R], run: R) -> R:
    """Store the terminal state of `run`, once.

    Raises NotFoundError, and VersionConflictError when the run has already ended.
    """
    key = [str(getattr(run, name)) for name in table.model.KEY]
    fixed = {*run.KEY, "started_at"}
    values = {
        name: value
        for name, value in run.__dict__.items()
        if value is not None and name not in fixed
    }
    if table.change(key, values, is_in("status", _OPEN)):
        return run
    stored = table.get(*key)
    if stored is None:
        raise NotFoundError(f"{run.TABLE} has no run {key[0]!r}")
    raise VersionConflictError(
        f"run {key[0]!r} has already ended as {stored.status}; start a new run"
    )


def of_complete_runs(runs: Table[R], column: str) -> Condition:
    """Rows whose run (in `column`) is complete; what a run that died wrote is never shown."""
    key = quote(runs.model.KEY[0])
    query = f"SELECT {key} FROM {escaped(runs.name.sql)} WHERE status = {{}}"
    return in_query(column, query, RunStatus.COMPLETED)
