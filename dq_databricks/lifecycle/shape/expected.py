"""The shape that migration files make of a schema, told from their statements alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

from sqlglot import exp

from dq_databricks.engine.protocol import Capability, EngineFacts
from dq_databricks.errors import MigrationError
from dq_databricks.lifecycle.migrations.look_first import missing_capability
from dq_databricks.lifecycle.migrations.looks import table_name
from dq_databricks.lifecycle.migrations.scripts import LEDGER_VERSION, PLACEHOLDER, Script
from dq_databricks.lifecycle.shape.draft import Draft
from dq_databricks.lifecycle.shape.keys import foreign_key, primary_key
from dq_databricks.lifecycle.shape.shape import SchemaShape, ViewShape
from dq_databricks.lifecycle.shape.views import view_of, view_text
from dq_databricks.sql.identifiers import quote
from dq_databricks.sql.parse import excerpt, parse_statement, shared_tree

_DEFINES = re.compile(r"(CREATE|ALTER|DROP|COMMENT)\b", re.IGNORECASE)
_UNSET = re.compile(
    r"ALTER\s+TABLE\s+(?P<table>.+?)\s+UNSET\s+TBLPROPERTIES\s+(?:IF\s+EXISTS\s+)?\((?P<keys>.*)\)",
    re.IGNORECASE | re.DOTALL,
)
_NAMES = re.compile(r"'([^']*)'")


def expected_shape(
    scripts: Sequence[Script],
    versions: int | Collection[int],
    facts: EngineFacts,
    catalog: str,
    schema: str,
) -> SchemaShape:
    """What the scripts up to a version, or those of some versions, make on an engine.

    The tables that the runner itself stands on (version 0) are always part of it. Raises
    MigrationError for a statement whose effect on the shape is not known.
    """
    chosen = range(versions + 1) if isinstance(versions, int) else versions
    tables = _Tables(catalog, schema, keeps_keys=facts.has(Capability.KEY_CONSTRAINTS))
    for script in sorted(scripts, key=lambda script: script.version):
        if script.version in chosen or script.version == LEDGER_VERSION:
            for statement in script.statements(catalog, schema):
                if missing_capability(statement, facts) is None:
                    tables.apply(statement.text)
    return tables.shape()


class _Tables:
    """The tables of a schema while statements work on them."""

    def __init__(self, catalog: str, schema: str, *, keeps_keys: bool) -> None:
        self._drafts: dict[str, Draft] = {}
        self._views: dict[str, ViewShape] = {}
        self._within = (catalog, schema)
        self._keeps_keys = keeps_keys

    def shape(self) -> SchemaShape:
        tables = {name: self._drafts[name].shape() for name in sorted(self._drafts)}
        return SchemaShape(tables, dict(self._views))

    def apply(self, text: str) -> None:
        """Do to the drafts what `text` does to tables and views; rows are no concern."""
        if not _DEFINES.match(text):
            return
        if match := _UNSET.match(text):
            self._unset(match["table"], _NAMES.findall(match["keys"]))
            return
        tree = shared_tree(text)
        kind = str(tree.args.get("kind")).upper()
        if isinstance(tree, exp.Create) and kind == "TABLE":
            self._create(tree)
        elif isinstance(tree, exp.Drop) and kind == "TABLE":
            for table in tree.args.get("tables") or [tree.this]:
                self._drop(table)
        elif isinstance(tree, exp.Comment):
            self._comment(tree, kind)
        elif isinstance(tree, exp.Alter) and kind == "TABLE":
            self._alter(tree)
        elif (view := view_of(tree)) is not None:
            self._create_view(view)
        elif isinstance(tree, exp.Drop) and kind == "VIEW":
            self._views.pop(_name((tree.args.get("tables") or [tree.this])[0]), None)
        else:
            raise _unknown(tree)

    # --- tables ----------------------------------------------------------------------------

    def _create(self, tree: exp.Create) -> None:
        if not isinstance(tree.this, exp.Schema):
            raise _unknown(tree)
        name = _name(tree.this.this)
        if name in self._drafts:
            return
        draft = self._drafts[name] = Draft(name)
        given = tree.this.expressions
        draft.add_columns([item for item in given if isinstance(item, exp.ColumnDef)])
        for item in given:
            if not isinstance(item, exp.ColumnDef):
                self._constrain(draft, item)
        properties = tree.args.get("properties")
        for entry in properties.expressions if properties else []:
            _describe(draft, entry)

    def _create_view(self, tree: exp.Create) -> None:
        if isinstance(tree.this, exp.Schema):
            raise _unknown(tree)
        name = _name(tree.this)
        if name not in self._views or tree.args.get("replace"):
            text = view_text(tree.expression.sql("databricks"), *self._within)
            self._views[name] = ViewShape(name, text)

    def _drop(self, table: exp.Expression) -> None:
        name = _name(table)
        self._drafts.pop(name, None)
        self._drop_references(name)

    def _comment(self, tree: exp.Comment, kind: str) -> None:
        text = tree.expression.name or None
        if kind == "TABLE":
            self._draft(tree.this).comment = text
        elif kind == "COLUMN":
            column = tree.this
            draft = self._known(str(column.text("table")).lower(), tree)
            draft.change(column.name, lambda found: replace(found, comment=text))
        else:
            raise _unknown(tree)

    def _unset(self, table: str, names: Sequence[str]) -> None:
        found = parse_statement(f"SELECT * FROM {table}").find(exp.Table)
        if found is None:
            raise MigrationError(f"UNSET TBLPROPERTIES names no table: {excerpt(table)}")
        draft = self._draft(found)
        for name in names:
            draft.properties.pop(name, None)

    # --- ALTER TABLE -----------------------------------------------------------------------

    def _alter(self, tree: exp.Alter) -> None:
        draft = self._draft(tree.this)
        for action in tree.args.get("actions") or []:
            change = _CHANGES.get(type(action))
            if change is None:
                raise _unknown(tree)
            change(self, draft, action)

    def _add_columns(self, draft: Draft, action: exp.Expression) -> None:
        found = action.expressions if isinstance(action, exp.Schema) else [action]
        draft.add_columns([item for item in found if isinstance(item, exp.ColumnDef)])

    def _change_column(self, draft: Draft, action: exp.Expression) -> None:
        draft.change_column(action.this.name, action)

    def _rename_column(self, draft: Draft, action: exp.Expression) -> None:
        name = action.args["to"].name
        draft.change(action.this.name, lambda found: replace(found, name=name))

    def _set_properties(self, draft: Draft, action: exp.Expression) -> None:
        for entry in action.find_all(exp.Property):
            _describe(draft, entry)

    def _cluster(self, draft: Draft, action: exp.Expression) -> None:
        _describe(draft, action)

    def _add_constraints(self, draft: Draft, action: exp.Expression) -> None:
        for constraint in action.expressions:
            self._constrain(draft, constraint)

    def _remove(self, draft: Draft, action: exp.Expression) -> None:
        """DROP COLUMN, DROP COLUMNS and DROP CONSTRAINT."""
        targets = action.args.get("tables") or [action.this]
        names = [
            part.name
            for target in targets
            for part in (target.expressions if isinstance(target, exp.Schema) else [target])
        ]
        if str(action.args.get("kind")).upper() == "CONSTRAINT":
            for name in names:
                self._drop_key(draft, draft.drop_constraint(name))
        else:
            draft.drop_columns(names)

    def _drop_primary_key(self, draft: Draft, action: exp.Expression) -> None:
        text = " ".join(action.sql("databricks").upper().split())
        if not text.startswith("DROP PRIMARY KEY"):
            raise _unknown(action)
        for name in [n for n, kept in draft.keys.items() if kept.startswith("PRIMARY KEY")]:
            self._drop_key(draft, draft.keys.pop(name))

    # --- constraints -----------------------------------------------------------------------

    def _constrain(self, draft: Draft, constraint: exp.Expression) -> None:
        """A named CHECK, PRIMARY KEY or FOREIGN KEY."""
        kinds = constraint.expressions if isinstance(constraint, exp.Constraint) else []
        if len(kinds) != 1:
            raise _unknown(constraint)
        kind = kinds[0]
        if isinstance(kind, exp.CheckColumnConstraint):
            draft.add_check(constraint.name, kind.this.sql("databricks"))
        elif self._keeps_keys:
            draft.keys[constraint.name] = self._key(kind)

    def _key(self, kind: exp.Expression) -> str:
        columns = [column.name for column in kind.expressions]
        if isinstance(kind, exp.PrimaryKey):
            return primary_key(columns)
        reference = kind.args.get("reference")
        if not isinstance(kind, exp.ForeignKey) or not isinstance(reference, exp.Reference):
            raise _unknown(kind)
        parent = reference.this
        theirs = [column.name for column in parent.expressions]
        return foreign_key(columns, table_name(parent.this), theirs, within=self._within)

    def _drop_key(self, draft: Draft, definition: str | None) -> None:
        """Without its primary key nothing can refer to a table."""
        if definition is not None and definition.startswith("PRIMARY KEY"):
            self._drop_references(draft.name)

    def _drop_references(self, name: str) -> None:
        reference = f" REFERENCES {PLACEHOLDER}.{quote(name)} ("
        for draft in self._drafts.values():
            draft.keys = {n: text for n, text in draft.keys.items() if reference not in text}

    # --- below -----------------------------------------------------------------------------

    def _draft(self, table: exp.Expression) -> Draft:
        return self._known(_name(table), table)

    def _known(self, name: str, node: exp.Expression) -> Draft:
        if name not in self._drafts:
            raise MigrationError(
                f"{excerpt(node.sql('databricks'))}: no migration before it makes table {name}; "
                "correct that file"
            )
        return self._drafts[name]


_Change = Callable[[_Tables, Draft, exp.Expression], None]
_CHANGES: Mapping[type[exp.Expression], _Change] = {
    exp.Schema: _Tables._add_columns,
    exp.ColumnDef: _Tables._add_columns,
    exp.AlterColumn: _Tables._change_column,
    exp.RenameColumn: _Tables._rename_column,
    exp.AlterSet: _Tables._set_properties,
    exp.ClusterProperty: _Tables._cluster,
    exp.AddConstraint: _Tables._add_constraints,
    exp.Drop: _Tables._remove,
    exp.Command: _Tables._drop_primary_key,
}


def _describe(draft: Draft, entry: exp.Expression) -> None:
    """What a CREATE TABLE says after its columns, or an ALTER TABLE sets."""
    if isinstance(entry, exp.SchemaCommentProperty):
        draft.comment = entry.this.name or None
    elif isinstance(entry, exp.ClusterProperty):
        draft.clustering = tuple(column.name for column in entry.expressions)
    elif type(entry) is exp.Property:
        draft.properties[entry.this.name] = entry.args["value"].name
    elif not isinstance(entry, exp.FileFormatProperty):
        raise _unknown(entry)


def _name(table: exp.Expression) -> str:
    return table_name(table).table.lower()


def _unknown(node: exp.Expression) -> MigrationError:
    return MigrationError(
        f"{excerpt(node.sql('databricks'))}: what this does to the shape of the schema is not "
        "known, so it could not be verified; write it as another statement"
    )
