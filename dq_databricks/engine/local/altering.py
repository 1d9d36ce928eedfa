"""What ALTER TABLE changes: columns, comments, constraints and properties."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from deltalake import Schema
from sqlglot import exp

from dq_databricks.engine.local.files import check_names
from dq_databricks.engine.local.types import delta_type_of
from dq_databricks.engine.local.writing import OpenTable
from dq_databricks.errors import SqlError, TableExistsError, UnsupportedError
from dq_databricks.sql.parse import excerpt

# Properties that start with `delta.` switch on behaviour; only these are honoured or harmless.
_DELTA_PROPERTIES = re.compile(
    r"delta\.(appendOnly|isolationLevel|logRetentionDuration|deletedFileRetentionDuration|"
    r"checkpointInterval|dataSkippingNumIndexedCols|dataSkippingStatsColumns|"
    r"enableChangeDataFeed|enableDeletionVectors|columnMapping\.mode|autoOptimize\.\w+|"
    r"targetFileSize|tuneFileSizesForRewrites|minReaderVersion|minWriterVersion)"
)


def unsupported(node: exp.Expression, reason: str) -> UnsupportedError:
    """The error for a statement outside the subset."""
    return UnsupportedError(f"{excerpt(node.sql('databricks'))}: {reason}")


def field_of(definition: exp.Expression) -> dict[str, Any]:
    """A column as the log writes it."""
    if not isinstance(definition, exp.ColumnDef) or definition.args.get("kind") is None:
        raise unsupported(
            definition, "constraints of a table are added by ALTER TABLE … ADD CONSTRAINT … CHECK"
        )
    metadata: dict[str, str] = {}
    nullable = True
    for constraint in definition.args.get("constraints") or []:
        kind = constraint.args.get("kind")
        if isinstance(kind, exp.NotNullColumnConstraint) and not kind.args.get("allow_null"):
            nullable = False
        elif isinstance(kind, exp.CommentColumnConstraint):
            metadata["comment"] = kind.name
        else:
            raise unsupported(definition, "a column may have NOT NULL and COMMENT, nothing else")
    data_type = delta_type_of(definition.args["kind"], column=definition.name)
    return {
        "name": definition.name,
        "type": data_type,
        "nullable": nullable,
        "metadata": metadata,
    }


def property_of(entry: exp.Expression) -> tuple[str, str]:
    """Key and value of a table property; UnsupportedError for one that is not honoured."""
    key, value = entry.this.name, entry.args["value"].name
    if key.startswith("delta.") and not _DELTA_PROPERTIES.fullmatch(key):
        raise UnsupportedError(f"table property {key}: delta-rs cannot honour it")
    return key, value


def _add_columns(table: OpenTable, action: exp.Expression) -> None:
    definitions = action.expressions if isinstance(action, exp.Schema) else [action]
    fields = [field_of(definition) for definition in definitions]
    for field in fields:
        if not field["nullable"]:
            raise UnsupportedError(f"ADD COLUMN {field['name']}: a new column cannot be NOT NULL")
    if twice := [f["name"] for f in fields if table.column(f["name"]) is not None]:
        raise TableExistsError(f"table {table.name} has a column {twice[0]!r} already")
    check_names([f["name"] for f in fields], what=f"ALTER TABLE {table.name}")
    table.delta.alter.add_columns(
        Schema.from_json(json.dumps({"type": "struct", "fields": fields})).fields
    )


def _alter_column(table: OpenTable, action: exp.Expression) -> None:
    comment = action.args.get("comment")
    if comment is None:
        raise unsupported(action, "the local engine changes comments of columns only")
    column = table.column(action.this.name)
    if column is None:
        raise SqlError(f"table {table.name} has no column {action.this.name!r}")
    table.delta.alter.set_column_metadata(column, {"comment": comment.name})


def _set_properties(table: OpenTable, action: exp.Expression) -> None:
    entries = action.find_all(exp.Property)
    table.delta.alter.set_table_properties(
        dict(property_of(entry) for entry in entries), raise_if_not_exists=False
    )


def _add_constraint(table: OpenTable, action: exp.Expression) -> None:
    for constraint in action.expressions:
        checks = constraint.expressions if isinstance(constraint, exp.Constraint) else []
        if len(checks) != 1 or not isinstance(checks[0], exp.CheckColumnConstraint):
            raise unsupported(action, "only CHECK constraints are available on this engine")
        table.delta.alter.add_constraint({constraint.name: _check(table, checks[0].this)})


def _check(table: OpenTable, node: exp.Expression) -> str:
    """A CHECK in the words that Spark, Databricks and delta-rs read the same way."""
    node = node.copy()
    for column in node.find_all(exp.Column):
        name = table.column(column.name)
        if name is None:
            raise SqlError(f"CHECK on {table.name}: no column {column.name!r}")
        if not re.fullmatch(r"[a-z_][a-z0-9_]*", name):
            raise UnsupportedError(
                f"CHECK on {table.name}: column {name!r} needs quotes, and delta-rs writes quotes "
                "that Spark reads as text; check it with a test instead"
            )
        column.set("this", exp.to_identifier(name))
    return node.sql("databricks")


def _drop_constraint(table: OpenTable, action: exp.Expression) -> None:
    if str(action.args.get("kind")).upper() != "CONSTRAINT":
        raise unsupported(action, "columns cannot be dropped on this engine")
    for target in action.args.get("tables") or [action.this]:
        table.delta.alter.drop_constraint(
            target.name, raise_if_not_exists=not action.args.get("exists")
        )


ALTERATIONS: Mapping[type[exp.Expression], Callable[[OpenTable, exp.Expression], None]] = {
    exp.Schema: _add_columns,
    exp.ColumnDef: _add_columns,
    exp.AlterColumn: _alter_column,
    exp.AlterSet: _set_properties,
    exp.AddConstraint: _add_constraint,
    exp.Drop: _drop_constraint,
}
"""What carries out an action of ALTER TABLE on the open table."""
