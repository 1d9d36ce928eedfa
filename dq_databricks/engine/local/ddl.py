"""CREATE, DROP, ALTER and COMMENT of the portable subset, carried out on folders and logs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
from deltalake import DeltaTable, Schema, write_deltalake
from sqlglot import exp

from dq_databricks.engine.local.altering import (
    ALTERATIONS,
    field_of,
    property_of,
    unsupported,
)
from dq_databricks.engine.local.durable import table_lock
from dq_databricks.engine.local.failures import writing
from dq_databricks.engine.local.files import check_names
from dq_databricks.engine.local.lake import View
from dq_databricks.engine.local.reading import Reader
from dq_databricks.engine.local.relations import Relations
from dq_databricks.engine.local.writing import Writer
from dq_databricks.errors import (
    EngineError,
    SqlError,
    TableExistsError,
    TableNotFoundError,
)
from dq_databricks.sql.identifiers import TableName
from dq_databricks.sql.parse import excerpt
from dq_databricks.sql.statement import Parameter


class Definitions:
    """Creates, changes and drops schemas, tables and views."""

    def __init__(self, relations: Relations, reader: Reader, writer: Writer) -> None:
        self._relations = relations
        self._lake = relations.lake
        self._reader = reader
        self._writer = writer

    # --- create -------------------------------------------------------------------------------

    def create(self, node: exp.Create, bound: Mapping[str, Parameter]) -> None:
        """CREATE SCHEMA, TABLE or VIEW."""
        kind = str(node.args.get("kind")).upper()
        if kind == "SCHEMA":
            self._create_schema(node)
        elif kind == "VIEW":
            self._create_view(node)
        elif kind == "TABLE":
            self._create_table(node, bound)
        else:
            raise unsupported(node, f"CREATE {kind} is not known to the local engine")

    def _create_schema(self, node: exp.Create) -> None:
        catalog, schema = self._schema_parts(node.this)
        created = self._lake.create_schema(catalog, schema, _comment(node))
        if not created and not node.args.get("exists"):
            raise TableExistsError(f"schema {catalog}.{schema} exists already")

    def _schema_parts(self, table: exp.Table) -> tuple[str, str]:
        # CREATE SCHEMA parses the schema as `db`, DROP SCHEMA too; a bare one may come as `this`.
        return (table.catalog or self._relations.catalog, table.db or table.name)

    def _create_view(self, node: exp.Create) -> None:
        target = node.this.this if isinstance(node.this, exp.Schema) else node.this
        name = self._relations.table_name(target)
        if isinstance(node.this, exp.Schema):
            raise unsupported(node, "a view with a column list: name the columns in its SELECT")
        self._lake.require_schema(name)
        if self._lake.has_table(name):
            raise TableExistsError(f"{name} exists already and is a table")
        if self._lake.view(name) is not None and not node.args.get("replace"):
            if node.args.get("exists"):
                return
            raise TableExistsError(f"view {name} exists already; write CREATE OR REPLACE VIEW")
        sql = node.expression.sql("databricks")
        self._reader.query(f"SELECT * FROM ({sql}) LIMIT 0", {})
        self._lake.store_view(name, View(name.table.lower(), sql, _comment(node)))

    def _create_table(self, node: exp.Create, bound: Mapping[str, Parameter]) -> None:
        if node.args.get("replace"):
            raise unsupported(node, "CREATE OR REPLACE TABLE: write DROP TABLE, then CREATE TABLE")
        target = node.this.this if isinstance(node.this, exp.Schema) else node.this
        name = self._relations.table_name(target)
        self._lake.require_schema(name)
        options = _table_options(node)
        folder = self._lake.folder(name)
        # delta-rs does not create exclusively: whoever holds the lock looks first.
        with table_lock(folder), writing(f"CREATE TABLE {name}"):
            if self._lake.has_table(name) or self._lake.view(name) is not None:
                if node.args.get("exists"):
                    return
                raise TableExistsError(
                    f"table {name} exists already; write CREATE TABLE IF NOT EXISTS"
                )
            rows = self._rows(node, bound)
            schema = None if rows is not None else _schema(node)
            path = self._relations.paths.to_write(self._lake.prepare_table(name))
            if rows is not None:
                write_deltalake(path, rows, mode="error", **options)
            else:
                DeltaTable.create(path, schema=schema, raise_if_key_not_exists=False, **options)
            self._writer.flush(folder, 0)
        self._relations.tables.drop(folder)

    def _rows(self, node: exp.Create, bound: Mapping[str, Parameter]) -> pa.Table | None:
        if node.expression is None:
            return None
        return self._reader.query(node.expression.sql("databricks"), bound)

    # --- drop ---------------------------------------------------------------------------------

    def drop(self, node: exp.Drop) -> None:
        """DROP SCHEMA, TABLE or VIEW."""
        kind = str(node.args.get("kind")).upper()
        target = (node.args.get("tables") or [node.this])[0]
        exists = bool(node.args.get("exists"))
        if kind == "SCHEMA":
            self._drop_schema(self._schema_parts(target), exists, bool(node.args.get("cascade")))
        elif kind == "TABLE":
            self._drop_table(self._relations.table_name(target), exists)
        elif kind == "VIEW":
            self._drop_view(self._relations.table_name(target), exists)
        else:
            raise unsupported(node, f"DROP {kind} is not known to the local engine")

    def _drop_schema(self, parts: tuple[str, str], exists: bool, cascade: bool) -> None:
        if not self._lake.has_schema(*parts):
            if exists:
                return
            raise TableNotFoundError(f"schema {'.'.join(parts)} not found")
        held = [*self._lake.tables(*parts), *self._lake.views(*parts)]
        if held and not cascade:
            raise EngineError(
                f"schema {'.'.join(parts)} is not empty: it holds {held[0]}; drop that first, "
                "or write DROP SCHEMA … CASCADE"
            )
        self._lake.drop_schema(*parts)
        for name in held:
            self._relations.tables.drop(self._lake.folder(name))

    def _drop_table(self, name: TableName, exists: bool) -> None:
        if self._lake.view(name) is not None:
            raise SqlError(f"{name} is a view; write DROP VIEW {name.sql}")
        folder = self._lake.folder(name)
        if not self._lake.has_table(name):
            if exists:
                return
            raise TableNotFoundError(f"table {name} not found")
        with table_lock(folder), writing(f"DROP TABLE {name}"):
            # Whoever waited for the lock may find that the table was dropped meanwhile.
            if self._lake.has_table(name):
                self._lake.drop_table(name)
        self._relations.tables.drop(folder)

    def _drop_view(self, name: TableName, exists: bool) -> None:
        if self._lake.view(name) is not None:
            self._lake.drop_view(name)
        elif not exists:
            raise TableNotFoundError(f"view {name} not found")

    # --- alter --------------------------------------------------------------------------------

    def alter(self, node: exp.Alter) -> None:
        """ALTER TABLE with one action."""
        actions = node.args.get("actions") or []
        if str(node.args.get("kind")).upper() != "TABLE" or not actions:
            raise unsupported(node, "this ALTER is not known to the local engine")
        change = ALTERATIONS.get(type(actions[0]))
        if change is None or len({type(action) for action in actions}) > 1:
            raise unsupported(
                node,
                "the local engine adds columns, adds and drops CHECK constraints, "
                "comments columns and sets properties",
            )
        name = self._relations.table_name(node.this)
        with self._writer.open(name, what="ALTER TABLE") as table:
            for action in actions:
                change(table, action)

    def comment(self, node: exp.Comment) -> None:
        """COMMENT ON TABLE or SCHEMA."""
        kind = str(node.args.get("kind")).upper()
        if kind in ("SCHEMA", "DATABASE"):
            self._comment_schema(self._schema_parts(_one_part(node.this)), node.expression.name)
            return
        if kind != "TABLE":
            raise unsupported(node, "the local engine comments schemas, tables and columns only")
        with self._writer.open(self._relations.table_name(node.this), what="COMMENT ON") as table:
            table.delta.alter.set_table_description(node.expression.name)

    def _comment_schema(self, parts: tuple[str, str], comment: str) -> None:
        if not self._lake.has_schema(*parts):
            raise TableNotFoundError(f"schema {'.'.join(parts)} not found")
        self._lake.comment_schema(*parts, comment)


def _one_part(name: exp.Table) -> exp.Table:
    """The name of a schema that was parsed as that of a table."""
    return exp.Table(db=name.args.get("this"), catalog=name.args.get("db"))


def _comment(node: exp.Create) -> str | None:
    found = node.find(exp.SchemaCommentProperty)
    return None if found is None else str(found.this.name)


def _schema(node: exp.Create) -> Schema:
    if not isinstance(node.this, exp.Schema):
        raise SqlError(f"{excerpt(node.sql('databricks'))}: a table needs columns")
    fields = [field_of(definition) for definition in node.this.expressions]
    check_names([field["name"] for field in fields], what="CREATE TABLE")
    return Schema.from_json(json.dumps({"type": "struct", "fields": fields}))


def _table_options(node: exp.Create) -> dict[str, Any]:
    options: dict[str, Any] = {}
    configuration: dict[str, str] = {}
    properties = node.args.get("properties")
    for entry in properties.expressions if properties else []:
        if isinstance(entry, exp.FileFormatProperty):
            if entry.name.lower() != "delta":
                raise unsupported(
                    node, f"USING {entry.name}: only DELTA is available on this engine"
                )
        elif isinstance(entry, exp.SchemaCommentProperty):
            options["description"] = entry.this.name
        elif isinstance(entry, exp.PartitionedByProperty):
            options["partition_by"] = [column.name for column in entry.this.expressions]
        elif type(entry) is exp.Property:
            configuration.update([property_of(entry)])
        else:
            raise unsupported(node, f"{entry.sql('databricks')} is not available on this engine")
    return {**options, "configuration": configuration}
