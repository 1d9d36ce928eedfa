"""The shape of a schema as it lives, asked of the engine; reads no rows."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from dq_databricks.engine.protocol import ColumnInfo, Engine
from dq_databricks.errors import TableNotFoundError, UnsupportedError
from dq_databricks.lifecycle.describing import describe_detail, text_map
from dq_databricks.lifecycle.shape.keys import read_keys
from dq_databricks.lifecycle.shape.properties import kept_checks, kept_properties
from dq_databricks.lifecycle.shape.shape import (
    ColumnShape,
    SchemaShape,
    TableShape,
    ViewShape,
)
from dq_databricks.lifecycle.shape.views import view_text
from dq_databricks.sql.identifiers import TableName
from dq_databricks.sql.relation import TableRelation


def live_shape(
    engine: Engine, catalog: str, schema: str, *, tables: Collection[str] | None = None
) -> SchemaShape:
    """The shape of a schema, or of those of its `tables` that exist.

    Per table one `inspect` and one DESCRIBE DETAIL; one statement more for all keys, one for the
    views. What has no Delta versions (views, tables of another format) is in `views` only.
    """
    keys = read_keys(engine, catalog, schema)
    found: dict[str, TableShape] = {}
    views = {
        name.table.lower(): ViewShape(name.table.lower(), text and view_text(text, catalog, schema))
        for name, text in engine.views(catalog, schema).items()
        if tables is None or name.table in tables
    }
    for name in engine.tables(catalog, schema):
        if name.table.lower() in views or (tables is not None and name.table not in tables):
            continue
        try:
            shape = _table(engine, name, keys.get(name.table, {}))
        except TableNotFoundError:
            continue  # dropped since it was listed
        if shape is None:
            views[name.table.lower()] = ViewShape(name.table.lower())
        else:
            found[name.table] = shape
    return SchemaShape(found, views)


def live_table(engine: Engine, name: TableName) -> TableShape:
    """The shape of one table. Raises TableNotFoundError, and UnsupportedError for a view."""
    keys = read_keys(engine, name.catalog, name.schema)
    shape = _table(engine, name, keys.get(name.table, {}))
    if shape is None:
        raise UnsupportedError(f"{name} is no Delta table, so it has no shape to compare or copy")
    return shape


def _table(engine: Engine, name: TableName, keys: Mapping[str, str]) -> TableShape | None:
    found = engine.inspect(TableRelation(name))
    if found.version is None:
        return None
    detail = describe_detail(engine, name)
    properties = text_map(detail["properties"])
    return TableShape(
        name=name.table,
        columns=tuple(map(_column, found.columns)),
        comment=detail["description"] or None,
        properties=kept_properties(properties),
        checks=kept_checks(properties),
        keys=dict(keys),
        clustering=_clustering(detail),
    )


def _column(found: ColumnInfo) -> ColumnShape:
    return ColumnShape(found.name, found.data_type, found.nullable, found.comment or None)


def _clustering(detail: Mapping[str, Any]) -> tuple[str, ...]:
    # An engine without clustering has no such column.
    return tuple(detail.get("clusteringColumns") or ())
