"""Statements that look before they act, so that running one twice, or at once, does no harm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from dq_databricks.engine.protocol import Capability, Engine, EngineFacts
from dq_databricks.errors import EngineError, MigrationError, TableNotFoundError
from dq_databricks.lifecycle.migrations.looks import is_done, table_name
from dq_databricks.lifecycle.shape.views import view_of, view_text
from dq_databricks.model.migration import Outcome
from dq_databricks.sql.identifiers import TableName, quote
from dq_databricks.sql.parse import shared_tree
from dq_databricks.sql.relation import TableRelation
from dq_databricks.sql.split import ScriptStatement
from dq_databricks.sql.statement import Statement

# Only Databricks keeps keys, so this capability is how the mark `databricks` is recognised.
_DATABRICKS = Capability.KEY_CONSTRAINTS


@dataclass(slots=True)
class Live:
    """Tables and views that stood in the schema when a run began, and tables it has made since.

    What the run made itself needs no look before; a failure is looked at in any case.
    """

    there: frozenset[TableName]
    made: set[TableName] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A table with columns, by name. Their types are written out only where they are compared."""

    table: TableName
    columns: Mapping[str, exp.ColumnDef]
    creates: bool


def missing_capability(statement: ScriptStatement, facts: EngineFacts) -> str | None:
    """The first name of the statement's mark that the engine lacks; None: it runs here."""
    for name in sorted(statement.only):
        if name == "databricks" and facts.has(_DATABRICKS):
            continue
        if name in set(Capability) and facts.has(Capability(name)):
            continue
        return name
    return None


def carry_out(engine: Engine, statement: ScriptStatement, live: Live) -> Outcome:
    """Run `statement` unless its effect is already there; notes the tables it makes in `live`.

    A statement that fails is looked at once more: somebody else may have just done the same.
    Raises MigrationError for an object of that name but another shape, and children of EngineError.
    """
    if statement.only:
        engine.execute(Statement(statement.text))
        return Outcome.DONE
    if (wanted := _wanted(statement.text)) is not None:
        return _bring_about(engine, statement.text, wanted, live)
    if (view := view_of(shared_tree(statement.text))) is not None:
        return _make_view(engine, statement.text, view, live)
    if not _on_new(statement.text, live) and is_done(engine, statement.text):
        return Outcome.ADOPTED
    if (question := _update_question(statement.text)) is not None and not _any(engine, question):
        return Outcome.ADOPTED
    engine.execute(Statement(statement.text))
    return Outcome.DONE


def _on_new(text: str, live: Live) -> bool:
    """Whether the statement is about a table this run has just made: nothing to look for."""
    tree = shared_tree(text)
    return isinstance(tree, exp.Alter) and table_name(tree.this) in live.made


def _bring_about(engine: Engine, text: str, wanted: _Wanted, live: Live) -> Outcome:
    new = wanted.creates and wanted.table not in live.there
    own = new or wanted.table in live.made
    missing = None if own else _missing_columns(engine, wanted)
    if missing == []:
        return Outcome.ADOPTED
    try:
        engine.execute(Statement(_text_for(text, wanted, missing)))
    except EngineError:
        # Two runners at once: the other one may just have done it.
        if _missing_columns(engine, wanted) == []:
            return Outcome.ADOPTED
        raise
    if new:
        live.made.add(wanted.table)
    return Outcome.DONE


def _make_view(engine: Engine, text: str, tree: exp.Create, live: Live) -> Outcome:
    """Make or replace a view unless it says the same already.

    Raises MigrationError for something else of that name that the statement does not replace.
    """
    name = table_name(tree.this)
    if name in live.there and _has_view(engine, name, tree):
        return Outcome.ADOPTED
    try:
        engine.execute(Statement(text))
    except EngineError:
        # Two runners at once: the other one may just have done it.
        if _has_view(engine, name, tree):
            return Outcome.ADOPTED
        raise
    return Outcome.DONE


def _has_view(engine: Engine, name: TableName, tree: exp.Create) -> bool:
    """Whether the view stands there as the statement has it, as far as that may be read."""
    views, within = engine.views(name.catalog, name.schema), (name.catalog, name.schema)
    found, replaces = views.get(name), bool(tree.args.get("replace"))
    if name in views and found is None:
        return not replaces
    wanted = view_text(tree.expression.sql("databricks"), *within)
    if found is not None and view_text(found, *within) == wanted:
        return True
    is_there = name in engine.tables(*within)
    if is_there and (name not in views or not replaces):
        kind = "view of another text" if name in views else "table"
        raise MigrationError(
            f"{name}: a {kind} has that name; it was not made by this software: rename it or "
            "choose another schema"
        )
    return False


def _missing_columns(engine: Engine, wanted: _Wanted) -> list[str] | None:
    """Columns the live table lacks; None when there is no table. Raises on other types."""
    try:
        live = engine.inspect(TableRelation(wanted.table)).columns
    except TableNotFoundError:
        return None
    types = {column.name.lower(): column.data_type.upper() for column in live}
    for name, column in wanted.columns.items():
        data_type = _type(column)
        if types.get(name.lower(), data_type) != data_type:
            raise MigrationError(
                f"{wanted.table}: column {name} is {types[name.lower()]}, {data_type} is needed; "
                "the table was made or changed by other hands: rename it or choose another schema"
            )
    missing = [name for name in wanted.columns if name.lower() not in types]
    if missing and wanted.creates:
        raise MigrationError(
            f"{wanted.table}: the table exists without column {missing[0]}; it was not made by "
            "this software: rename it or choose another schema"
        )
    return missing


def _text_for(text: str, wanted: _Wanted, missing: Sequence[str] | None) -> str:
    if wanted.creates or missing is None or len(missing) == len(wanted.columns):
        return text
    added = ", ".join(_definition(wanted.columns[name]) for name in missing)
    return f"ALTER TABLE {wanted.table.sql} ADD COLUMNS ({added})"


def _wanted(text: str) -> _Wanted | None:
    """The table and columns that a CREATE TABLE or ADD COLUMNS brings; None for all others."""
    tree = shared_tree(text)
    if isinstance(tree, exp.Create) and tree.kind == "TABLE" and isinstance(tree.this, exp.Schema):
        return _columns(tree.this.this, tree.this.expressions, creates=True)
    if isinstance(tree, exp.Alter) and tree.args.get("actions"):
        schemas = [item for item in tree.args["actions"] if isinstance(item, exp.Schema)]
        if len(schemas) == 1:
            return _columns(tree.this, schemas[0].expressions, creates=False)
    return None


def _columns(table: exp.Expression, found: Sequence[exp.Expression], *, creates: bool) -> _Wanted:
    columns = [column for column in found if isinstance(column, exp.ColumnDef)]
    return _Wanted(
        table_name(table),
        {column.name: column for column in columns},
        creates,
    )


def _definition(column: exp.ColumnDef) -> str:
    return f"{quote(column.name)} {_type(column)}"


def _type(column: exp.ColumnDef) -> str:
    return str(column.args["kind"].sql("databricks")).upper()


def _update_question(text: str) -> Statement | None:
    """Whether an UPDATE of a whole table would find a row; None for other statements."""
    tree = shared_tree(text)
    if not isinstance(tree, exp.Update) or tree.args.get("where") is None:
        return None
    condition = tree.args["where"].this.sql("databricks")
    return Statement(
        f"SELECT 1 AS found FROM {table_name(tree.this).sql} WHERE {condition} LIMIT 1"
    )


def _any(engine: Engine, question: Statement) -> bool:
    return bool(engine.query(question).num_rows)
