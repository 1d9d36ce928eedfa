"""A local Spark over the folders of the local lake, so that it and the embedded engine share them.

Without a Hive metastore a session forgets its tables. This engine registers schemas, tables and
views of the lake when a statement needs them, and writes through what a statement makes or drops.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from dq_databricks.engine.local.lake import Lake, View
from dq_databricks.engine.protocol import Capability
from dq_databricks.engine.spark.ddl import Ddl, read_ddl
from dq_databricks.engine.spark.engine import SparkEngine
from dq_databricks.engine.spark.failures import FAILURES, as_engine_error
from dq_databricks.engine.spark.logs import LogStatistics
from dq_databricks.errors import TableExistsError, TableNotFoundError, UnsupportedError
from dq_databricks.sql.identifiers import TableName, quote, text_literal
from dq_databricks.sql.statement import Statement

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


class LakeSparkEngine(SparkEngine):
    """A SparkEngine whose `catalog` shows the tables of `lake`, and keeps its own there."""

    def __init__(
        self,
        session: SparkSession,
        *,
        lake: Lake,
        catalog: str,
        statement_timeout_s: float = 3600,
        parallel_statements: int = 2,
    ) -> None:
        super().__init__(
            session,
            statement_timeout_s=statement_timeout_s,
            parallel_statements=parallel_statements,
            capabilities={Capability.FILE_STATISTICS},
            read_statistics=LogStatistics(),
        )
        self._lake = lake
        self._catalog = catalog

    def tables(self, catalog: str, schema: str) -> Sequence[TableName]:
        """Tables and views of a schema: those of the lake and those of the session."""
        stored = [*self._lake.tables(catalog, schema), *self._lake.views(catalog, schema)]
        return sorted({*stored, *super().tables(catalog, schema)})

    def views(self, catalog: str, schema: str) -> Mapping[TableName, str | None]:
        """Views of a schema and the SELECT of each, as the lake keeps them."""
        return self._lake.view_texts(catalog, schema)

    def _frame(self, statement: Statement) -> DataFrame:
        ddl = read_ddl(statement.text)
        frame = self._registering(self._prepared_ddl(ddl, statement) if ddl else statement)
        if ddl:
            self._store(ddl)
        return frame

    def _registering(self, statement: Statement) -> DataFrame:
        """Run a statement; when it misses something of the lake, register that and run it again."""
        try:
            return super()._frame(statement)
        except FAILURES as failure:
            missed = isinstance(as_engine_error(failure, ""), TableNotFoundError | TableExistsError)
            if not missed or not self._register(statement.text.lower()):
                raise
        return self._registering(statement)

    def _register(self, text: str) -> bool:
        """Register what the lake has and `text` may name; whether anything new was."""
        added = [self._register_schema(name) for name in self._lake.schemas(self._catalog)]
        for schema in self._lake.schemas(self._catalog):
            known = set(super().tables(self._catalog, schema))
            views = self._named_views(schema, text)
            named = " ".join([text, *(view.sql.lower() for view in views.values())])
            tables = self._lake.tables(self._catalog, schema)
            missed = [name for name in tables if name not in known and name.table in named]
            added += [self._register_table(name) for name in missed]
            added.append(self._register_views({n: v for n, v in views.items() if n not in known}))
        return any(added)

    def _named_views(self, schema: str, text: str) -> dict[TableName, View]:
        """Views that `text` may name, and those that these may name in turn."""
        found: dict[TableName, View] = {}
        stored = [(n, self._lake.view(n)) for n in self._lake.views(self._catalog, schema)]
        for _ in stored:
            named = " ".join([text, *(view.sql.lower() for view in found.values())])
            found |= {name: view for name, view in stored if view and name.table in named}
        return found

    def _register_schema(self, schema: str) -> bool:
        found = self._plain(f"SHOW SCHEMAS IN {quote(self._catalog)}").collect()
        if any(row[0] == schema for row in found):
            return False
        comment = self._lake.schema_comment(self._catalog, schema)
        told = f"COMMENT {text_literal(comment)} " if comment else ""
        self._plain(f"CREATE SCHEMA {quote(self._catalog, schema)} {told}{self._location(schema)}")
        return True

    def _register_table(self, name: TableName) -> bool:
        folder = text_literal(str(self._lake.folder(name).absolute()))
        self._plain(f"CREATE TABLE {name.sql} USING DELTA LOCATION {folder}")
        return True

    def _register_views(self, views: Mapping[TableName, View]) -> bool:
        """Create `views`; one that reads another waits for it. Broken ones stay unknown."""
        left = dict(views)
        while left:
            created = [name for name, view in left.items() if self._creates(name, view)]
            if not created:
                break
            left = {name: view for name, view in left.items() if name not in created}
        return len(left) < len(views)

    def _creates(self, name: TableName, view: View) -> bool:
        try:
            told = f"COMMENT {text_literal(view.comment)} " if view.comment else ""
            self._plain(f"CREATE VIEW {name.sql} {told}AS {view.sql}")
        except FAILURES:
            return False
        return True

    def _prepared_ddl(self, ddl: Ddl, statement: Statement) -> Statement:
        if ddl.kind == "SCHEMA" and ddl.verb != "COMMENT":
            schema = self._schema_of(ddl.parts)
            if self._lake.has_schema(self._catalog, schema):
                self._register_all(schema)
            if ddl.verb == "CREATE":
                return Statement(f"{statement.text} {self._location(schema)}")
        return statement

    def _register_all(self, schema: str) -> None:
        """Make the session know a whole schema: it would drop an unknown table's files with it."""
        names = [
            *self._lake.tables(self._catalog, schema),
            *self._lake.views(self._catalog, schema),
        ]
        self._register(" ".join([schema, *(name.table for name in names)]))

    def _store(self, ddl: Ddl) -> None:
        if ddl.kind == "SCHEMA":
            self._store_schema(ddl, self._schema_of(ddl.parts))
        elif len(ddl.parts) == 3 and ddl.parts[0] == self._catalog:
            self._store_object(ddl, TableName(*ddl.parts))

    def _store_schema(self, ddl: Ddl, schema: str) -> None:
        if ddl.verb == "CREATE":
            self._lake.create_schema(self._catalog, schema, self._comment_of(schema))
        elif not self._lake.has_schema(self._catalog, schema):
            return
        elif ddl.verb == "COMMENT":
            self._lake.comment_schema(self._catalog, schema, self._comment_of(schema))
        else:
            self._lake.drop_schema(self._catalog, schema)

    def _comment_of(self, schema: str) -> str | None:
        described = self._plain(f"DESCRIBE SCHEMA {quote(self._catalog, schema)}").collect()
        return next((str(row[1]) for row in described if row[0] == "Comment" and row[1]), None)

    def _store_object(self, ddl: Ddl, name: TableName) -> None:
        if ddl.kind == "VIEW" and ddl.verb == "CREATE":
            self._lake.store_view(name, self._definition(name))
        elif ddl.kind == "VIEW" and self._lake.view(name):
            self._lake.drop_view(name)
        elif ddl.kind == "TABLE" and ddl.verb == "DROP" and self._lake.has_table(name):
            # A registered table is external to Spark, which then leaves its files behind.
            self._lake.drop_table(name)

    def _definition(self, name: TableName) -> View:
        described = self._plain(f"DESCRIBE EXTENDED {name.sql}").collect()
        told = {str(row[0]): str(row[1]) for row in described}
        return View(name.table.lower(), told["View Text"], told.get("Comment") or None)

    def _schema_of(self, parts: Sequence[str]) -> str:
        if len(parts) == 2 and parts[0].lower() != self._catalog.lower():
            raise UnsupportedError(
                f"schema {'.'.join(parts)}: a local Spark has one catalog, {self._catalog}; "
                "set DQ_CATALOG to work in another"
            )
        return parts[-1].lower()

    def _location(self, schema: str) -> str:
        folder = self._lake.schema_folder(self._catalog, schema)
        return f"LOCATION {text_literal(str(folder.absolute()))}"

    def _plain(self, text: str) -> DataFrame:
        return super()._frame(Statement(text))
