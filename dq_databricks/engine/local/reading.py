"""Carries out statements that read: Databricks SQL in, Arrow out."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
from sqlglot import exp

from dq_databricks.engine.local.database import Database
from dq_databricks.engine.local.relations import Listings, Relations, StatementScope
from dq_databricks.engine.local.transpile import transpile
from dq_databricks.errors import SqlError
from dq_databricks.sql.parse import excerpt
from dq_databricks.sql.statement import Parameter


@dataclass(frozen=True, slots=True)
class Compiled:
    """DuckDB SQL, the values it binds, and the Arrow tables it reads by name."""

    sql: str
    bound: Mapping[str, Parameter]
    rows: dict[str, pa.Table] = field(default_factory=dict)


class Reader:
    """Compiles and runs queries over the lake and over files."""

    def __init__(self, relations: Relations, database: Database, listings: Listings) -> None:
        self._relations = relations
        self._database = database
        self._listings = listings
        self._lock = threading.Lock()
        self._views: set[str] = set()

    def query(self, text: str, bound: Mapping[str, Parameter]) -> pa.Table:
        """The rows of one SELECT, with plain Arrow types."""
        return self.run(self.compile(text, bound), what=excerpt(text))

    def run(
        self, compiled: Compiled, *, what: str, rows: Mapping[str, pa.Table] | None = None
    ) -> pa.Table:
        """The rows of a compiled statement; `rows` are Arrow tables it reads by name."""
        given = {**compiled.rows, **(rows or {})}
        return self._database.query(compiled.sql, compiled.bound, rows=given, what=what)

    def compile(
        self, text: str, bound: Mapping[str, Parameter], *, arrow: frozenset[str] = frozenset()
    ) -> Compiled:
        """DuckDB SQL for `text`. Names in `arrow` are tables handed over when it runs."""
        scope = StatementScope(self._relations, bound, self._listings, self._create_view)

        def resolve(table: exp.Table, version: exp.Expression | None) -> exp.Expression:
            if not table.db and table.name in arrow:
                return exp.to_table(table.name)
            return scope(table, version)

        found = transpile(text, resolve)
        found.check(bound)
        # A parameter of TIMESTAMP AS OF has done its work: it is no part of the DuckDB text.
        wanted = [name for name in found.placeholders if _stands_in(name, found.sql)]
        return Compiled(found.sql, _picked(bound, wanted, text), scope.rows)

    def _create_view(self, sql: str) -> tuple[str, dict[str, pa.Table]]:
        """A DuckDB view for the text of a stored one, at the versions its tables have now."""
        compiled = self.compile(sql, {})
        name = "view_" + hashlib.sha256(compiled.sql.encode()).hexdigest()[:24]
        with self._lock:
            if name not in self._views:
                self._database.query(
                    f"CREATE OR REPLACE VIEW {name} AS {compiled.sql}", {}, what=excerpt(sql)
                )
                self._views.add(name)
        return name, compiled.rows


def _stands_in(name: str, sql: str) -> bool:
    return re.search(rf"\${re.escape(name)}\b", sql) is not None


def _picked(
    bound: Mapping[str, Parameter], wanted: Sequence[str], text: str
) -> dict[str, Parameter]:
    if missing := [name for name in wanted if name not in bound]:
        raise SqlError(f"no value for parameter {missing[0]} of {excerpt(text)!r}")
    return {name: bound[name] for name in wanted}
