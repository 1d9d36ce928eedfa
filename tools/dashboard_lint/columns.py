"""The columns of the views of the metadata schema, told from `ddl/`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.qualify import qualify

from dq_databricks.lifecycle.migrations.scripts import shipped_scripts
from dq_databricks.sql.parse import shared_tree

DIALECT = "databricks"
Columns = Mapping[str, Mapping[str, object]]
_MAKES_VIEW = re.compile(r"CREATE\s+(OR\s+REPLACE\s+)?VIEW\b", re.IGNORECASE)


class QueryError(Exception):
    """A query that cannot be answered over the metadata schema; says why."""


@cache
def schema_columns() -> Columns:
    """The columns of every view; their types are not told."""
    found: dict[str, dict[str, object]] = {}
    for script in shipped_scripts():
        for statement in script.statements("c", "s"):
            _note(found, statement.text)
    return found


def output_columns(sql: str, columns: Columns | None = None) -> tuple[str, ...]:
    """The columns a dataset's query gives. Raises QueryError.

    It must be one SELECT over bare names of views whose columns exist.
    """
    known = schema_columns() if columns is None else columns
    tree = _parsed(sql)
    if not isinstance(tree, exp.Query):
        raise QueryError("it is no SELECT")
    common = {cte.alias for cte in tree.find_all(exp.CTE)}
    for table in tree.find_all(exp.Table):
        if table.args.get("db") is not None:
            raise QueryError(f"{table.sql(DIALECT)} names a schema: write {table.name}")
        if table.name not in known and table.name not in common:
            raise QueryError(f"there is no view {table.name}")
    try:
        schema: dict[str, object] = {name: dict(of) for name, of in known.items()}
        qualified = qualify(tree.copy(), schema=schema, dialect=DIALECT)
    except SqlglotError as error:
        raise QueryError(str(error)) from error
    return tuple(qualified.named_selects) if isinstance(qualified, exp.Query) else ()


def referred_columns(expression: str) -> tuple[str, ...]:
    """The columns of a dataset that the expression of a field reads. Raises QueryError."""
    return tuple(column.name for column in _parsed(expression).find_all(exp.Column))


def _parsed(sql: str) -> exp.Expr:
    try:
        return parse_one(sql, read=DIALECT)
    except SqlglotError as error:
        raise QueryError(f"it does not parse: {error}") from error


def _note(found: dict[str, dict[str, object]], text: str) -> None:
    if not _MAKES_VIEW.match(text):
        return
    tree = shared_tree(text)
    target, query = tree.find(exp.Table), tree.args.get("expression")
    if target is not None and isinstance(query, exp.Query):
        found[target.name] = dict.fromkeys(query.named_selects, "unknown")
