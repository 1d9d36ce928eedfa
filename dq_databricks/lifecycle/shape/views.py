"""Views as texts that can be compared, and carried into a schema of another name."""

from __future__ import annotations

import re
from collections.abc import Iterable

from sqlglot import exp

from dq_databricks.errors import SqlError
from dq_databricks.lifecycle.migrations.scripts import PLACEHOLDER, Script
from dq_databricks.sql.identifiers import TableName, quote
from dq_databricks.sql.parse import parse_statement, shared_tree
from dq_databricks.sql.statement import Statement

_VIEW = re.compile(r"CREATE\s+(OR\s+REPLACE\s+)?VIEW\b", re.IGNORECASE)


def view_text(text: str, catalog: str, schema: str) -> str:
    """One spelling of the SELECT of a view that stands in a schema.

    Engines keep quotes, blanks and comments as they like. Tables of the schema itself are written
    with the placeholder of the migration files. What cannot be parsed stays as it is.
    """
    try:
        tree = parse_statement(text)
    except SqlError:
        return " ".join(text.split())
    for table in tree.find_all(exp.Table):
        if (table.catalog.lower(), table.db.lower()) == (catalog.lower(), schema.lower()):
            table.set("catalog", None)
            table.set("db", exp.to_identifier(PLACEHOLDER.strip("`"), quoted=True))
    return str(tree.sql("databricks", identify=True, comments=False))


def create_view(name: TableName, text: str) -> Statement:
    """The statement that makes, or replaces, a view in the schema of `name` from such a text."""
    select = text.replace(PLACEHOLDER, quote(name.catalog, name.schema))
    return Statement(f"CREATE OR REPLACE VIEW {name.sql} AS {select}")


def view_of(tree: exp.Expression | None) -> exp.Create | None:
    """`tree` when it is a CREATE VIEW."""
    if isinstance(tree, exp.Create) and str(tree.args.get("kind")).upper() == "VIEW":
        return tree
    return None


def made_views(scripts: Iterable[Script]) -> frozenset[str]:
    """Names of all views that migrations make, those of versions that replaced them too."""
    some = (script for script in scripts if _VIEW.search(script.text))
    texts = (statement.text for script in some for statement in script.statements("c", "s"))
    found = (view_of(shared_tree(text)) for text in texts if _VIEW.search(text))
    return frozenset(view.this.name.lower() for view in found if view is not None)
