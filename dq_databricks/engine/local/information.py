"""The information schema, answered from folders and logs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from dq_databricks.engine.local.lake import Lake
from dq_databricks.engine.local.relations import Relations
from dq_databricks.engine.local.snapshot import Inspector
from dq_databricks.errors import QualityError, TableNotFoundError
from dq_databricks.sql.identifiers import TableName
from dq_databricks.sql.relation import TableRelation

_LISTINGS = {
    "catalogs": pa.schema([("catalog_name", pa.string())]),
    "schemata": pa.schema(
        [
            ("catalog_name", pa.string()),
            ("schema_name", pa.string()),
            ("comment", pa.string()),
        ]
    ),
    "views": pa.schema(
        [
            ("table_catalog", pa.string()),
            ("table_schema", pa.string()),
            ("table_name", pa.string()),
            ("view_definition", pa.string()),
        ]
    ),
    "tables": pa.schema(
        [
            ("table_catalog", pa.string()),
            ("table_schema", pa.string()),
            ("table_name", pa.string()),
            ("table_type", pa.string()),
            ("data_source_format", pa.string()),
            ("comment", pa.string()),
        ]
    ),
    "columns": pa.schema(
        [
            ("table_catalog", pa.string()),
            ("table_schema", pa.string()),
            ("table_name", pa.string()),
            ("column_name", pa.string()),
            ("ordinal_position", pa.int32()),
            ("is_nullable", pa.string()),
            ("full_data_type", pa.string()),
            ("data_type", pa.string()),
            ("comment", pa.string()),
        ]
    ),
}


class InformationSchema:
    """Lists catalogs, schemas, tables, columns and views of the lake."""

    def __init__(self, relations: Relations, inspector: Inspector) -> None:
        self._relations = relations
        self._lake: Lake = relations.lake
        self._inspector = inspector

    def listing(self, catalog: str, listing: str) -> pa.Table:
        """One listing of the information schema of `catalog`."""
        if listing not in _LISTINGS:
            raise TableNotFoundError(
                f"information_schema.{listing} not found; this engine has {', '.join(_LISTINGS)}"
            )
        rows = [
            dict(zip(_LISTINGS[listing].names, r, strict=True))
            for r in self._rows(catalog, listing)
        ]
        return pa.Table.from_pylist(rows, schema=_LISTINGS[listing])

    def _rows(self, catalog: str, listing: str) -> Iterator[tuple[Any, ...]]:
        if listing == "catalogs":
            yield from ((name,) for name in self._lake.catalogs())
            return
        for schema in self._lake.schemas(catalog):
            if listing == "schemata":
                yield (catalog, schema, self._lake.schema_comment(catalog, schema))
            elif listing == "views":
                yield from self._view_rows(catalog, schema)
            else:
                yield from self._schema_rows(catalog, schema, listing)

    def _schema_rows(self, catalog: str, schema: str, listing: str) -> Iterator[tuple[Any, ...]]:
        views = set(self._lake.views(catalog, schema))
        for name in sorted({*self._lake.tables(catalog, schema), *views}):
            if listing == "tables":
                yield self._table_row(name, is_view=name in views)
            else:
                yield from self._column_rows(name)

    def _view_rows(self, catalog: str, schema: str) -> Iterator[tuple[Any, ...]]:
        for name in self._lake.views(catalog, schema):
            view = self._lake.view(name)
            if view is not None:
                yield (name.catalog, name.schema, name.table, view.sql)

    def _table_row(self, name: TableName, *, is_view: bool) -> tuple[Any, ...]:
        view = self._lake.view(name) if is_view else None
        kind, source = ("VIEW", "UNKNOWN_DATA_SOURCE_FORMAT") if is_view else ("MANAGED", "DELTA")
        comment = view.comment if view else self._comment(name)
        return (name.catalog, name.schema, name.table, kind, source, comment)

    def _comment(self, name: TableName) -> str | None:
        try:
            state = self._relations.tables.state(self._lake.folder(name), None, table=str(name))
        except QualityError:
            # A damaged table is still listed; reading it says what is wrong.
            return None
        found = state.metadata.get("description")
        return None if found is None else str(found)

    def _column_rows(self, name: TableName) -> Iterator[tuple[Any, ...]]:
        try:
            columns = self._inspector.inspect(TableRelation(name)).columns
        except QualityError:
            return
        for column in columns:
            short = column.data_type.partition("<")[0].partition("(")[0]
            yield (
                *(name.catalog, name.schema, name.table, column.name, column.position),
                "YES" if column.nullable else "NO",
                *(column.data_type, short, column.comment),
            )
