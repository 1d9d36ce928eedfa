"""Whether what a statement brings about is there already: properties, constraints, drops, comments.

A statement that changes nothing is still a metadata change to Delta and fails every writer that is
at work, so it is not sent. What is not known here is no reason to hold a statement back.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from sqlglot import exp

from dq_databricks.engine.protocol import Engine
from dq_databricks.errors import TableNotFoundError
from dq_databricks.lifecycle.describing import describe_detail, text_map
from dq_databricks.sql.identifiers import TableName
from dq_databricks.sql.parse import parse_statement, shared_tree
from dq_databricks.sql.relation import TableRelation

CONSTRAINT = "delta.constraints."
_UNSET = re.compile(
    r"ALTER\s+TABLE\s+(?P<table>.+?)\s+UNSET\s+TBLPROPERTIES\s+(?:IF\s+EXISTS\s+)?\((?P<keys>.*)\)",
    re.IGNORECASE | re.DOTALL,
)
_KEY = re.compile(r"'([^']*)'")


def is_done(engine: Engine, text: str) -> bool:
    """Whether carrying out `text` would change nothing; False where that is not known."""
    if match := _UNSET.match(text):
        table = parse_statement(f"SELECT * FROM {match['table']}").find(exp.Table)
        return table is not None and _without(engine, table_name(table), match["keys"])
    tree = shared_tree(text)
    if isinstance(tree, exp.Drop) and str(tree.args.get("kind")).upper() == "TABLE":
        return not _exists(engine, table_name((tree.args.get("tables") or [tree.this])[0]))
    if isinstance(tree, exp.Drop) and str(tree.args.get("kind")).upper() == "VIEW":
        name = table_name((tree.args.get("tables") or [tree.this])[0])
        return name not in engine.tables(name.catalog, name.schema)
    if isinstance(tree, exp.Comment) and str(tree.args.get("kind")).upper() == "TABLE":
        return bool(
            describe_detail(engine, table_name(tree.this))["description"] == tree.expression.name
        )
    if isinstance(tree, exp.Alter):
        actions = tree.args.get("actions") or []
        looks = [_LOOKS.get(type(action)) for action in actions]
        name = table_name(tree.this)
        return bool(actions) and all(
            look is not None and look(engine, name, action)
            for look, action in zip(looks, actions, strict=True)
        )
    return False


def table_name(table: exp.Expression) -> TableName:
    """The full name of a table in a statement of a script."""
    return TableName(*(str(table.text(part)) for part in ("catalog", "db", "this")))


def _properties(engine: Engine, table: TableName) -> Mapping[str, str]:
    return text_map(describe_detail(engine, table)["properties"])


def _exists(engine: Engine, table: TableName) -> bool:
    try:
        engine.inspect(TableRelation(table))
    except TableNotFoundError:
        return False
    return True


def _without(engine: Engine, table: TableName, keys: str) -> bool:
    live = _properties(engine, table)
    return not any(key in live for key in _KEY.findall(keys))


def _set(engine: Engine, table: TableName, action: exp.Expression) -> bool:
    live = _properties(engine, table)
    wanted = [(p.this.name, p.args["value"].name) for p in action.find_all(exp.Property)]
    return bool(wanted) and all(live.get(key) == value for key, value in wanted)


def _constrained(engine: Engine, table: TableName, action: exp.Expression) -> bool:
    live = _properties(engine, table)
    return all(f"{CONSTRAINT}{c.name}".lower() in live for c in action.expressions)


def _dropped(engine: Engine, table: TableName, action: exp.Expression) -> bool:
    kind = str(action.args.get("kind")).upper()
    targets = [target.name.lower() for target in action.args.get("tables") or [action.this]]
    if kind == "CONSTRAINT":
        live = _properties(engine, table)
        return not any(f"{CONSTRAINT}{name}" in live for name in targets)
    if kind == "COLUMN":
        columns = {c.name.lower() for c in engine.inspect(TableRelation(table)).columns}
        return not columns & set(targets)
    return False


def _commented(engine: Engine, table: TableName, action: exp.Expression) -> bool:
    comment = action.args.get("comment")
    column = engine.inspect(TableRelation(table)).column(action.this.name)
    return comment is not None and column is not None and column.comment == comment.name


_LOOKS: Mapping[type[exp.Expression], Callable[[Engine, TableName, exp.Expression], bool]] = {
    exp.AlterSet: _set,
    exp.AddConstraint: _constrained,
    exp.Drop: _dropped,
    exp.AlterColumn: _commented,
}
