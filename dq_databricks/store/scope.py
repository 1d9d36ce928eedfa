"""Which rows of a table belong to some projects: the condition every scoped read carries."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dq_databricks.model.alert import Alert
from dq_databricks.model.base import Record
from dq_databricks.model.catalog import Connection, TableEntry, TableGroup
from dq_databricks.model.history import TestVersion
from dq_databricks.model.profile import Anomaly, ColumnProfile, ProfileRun, TableProfile
from dq_databricks.model.testing import TestRecord, TestResult, TestRun
from dq_databricks.store.filters import Condition, escaped, in_query, is_in

FIRST_PROJECT = "default"
TableSql = Callable[[type[Record]], str]
_OF_GROUP = (TableEntry, TestRecord)
_MAY_LACK_PROJECT = (Alert, ProfileRun)
_OF_PROFILE = (TableProfile, ColumnProfile, Anomaly)


def of_projects(
    model: type[Record], projects: Sequence[str], table_sql: TableSql
) -> tuple[Condition, ...]:
    """The condition for the rows of `model` that belong to `projects`; none for shared tables.

    Rows without a project were written before there was another one than the first.
    """
    own = model.model_fields.get("project_key")
    if own is not None and (own.is_required() or FIRST_PROJECT not in projects):
        return (is_in("project_key", projects),)
    chain = _chain(model, table_sql, FIRST_PROJECT in projects)
    if chain is None:
        return ()
    if not projects:
        return (is_in(chain[0], ()),)
    column, query = chain
    marks = ", ".join("{}" for _ in projects)
    return (in_query(column, query.replace("{projects}", marks), *projects),)


def _chain(model: type[Record], table_sql: TableSql, has_first: bool) -> tuple[str, str] | None:
    """The column of `model` that leads to a project, and the query of its allowed values."""

    def select(column: str, source: type[Record], where: str) -> str:
        return f"SELECT {column} FROM {escaped(table_sql(source))} WHERE {where}"

    of_project = "project_key IN ({projects})"
    of_run = f"({of_project} OR project_key IS NULL)" if has_first else of_project
    connections = select("connection_id", Connection, of_project)
    groups = select("table_group_id", TableGroup, f"connection_id IN ({connections})")
    if model is TableGroup:
        return "connection_id", connections
    if model in _OF_GROUP:
        return "table_group_id", groups
    if model in _OF_PROFILE:
        return "profile_run_id", select("profile_run_id", ProfileRun, of_run)
    if model in _MAY_LACK_PROJECT:
        return model.KEY[0], select(model.KEY[0], model, of_run)
    if model is TestResult:
        return "test_run_id", select("test_run_id", TestRun, of_project)
    if model is TestVersion:
        return "test_id", select("test_id", TestRecord, f"table_group_id IN ({groups})")
    return None
