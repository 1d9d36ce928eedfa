"""What a table in a statement means here: a Delta scan, files, a stored view, or a listing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import sqlglot
from sqlglot import exp

from dq_databricks.engine.local import literals
from dq_databricks.engine.local.csvfiles import CsvShape, sniff
from dq_databricks.engine.local.database import Database
from dq_databricks.engine.local.files import FileSet, list_files, read_footers
from dq_databricks.engine.local.lake import Lake
from dq_databricks.engine.local.paths import PlainPaths
from dq_databricks.engine.local.tables import DeltaTables
from dq_databricks.errors import SqlError, TableNotFoundError, UnsupportedError
from dq_databricks.sql.identifiers import TableName
from dq_databricks.sql.statement import Parameter

FILE_FORMATS = ("delta", "parquet", "csv")


Listings = Callable[[str, str], pa.Table]
"""Gives the rows of one listing of the information schema of a catalog."""


class Relations:
    """Finds out what stands behind names and paths; remembers the shapes of files."""

    def __init__(self, lake: Lake, catalog: str, tables: DeltaTables, database: Database) -> None:
        self.lake = lake
        self.catalog = catalog
        self.tables = tables
        self.database = database
        self.paths = PlainPaths()
        self._csv: dict[str, CsvShape] = {}
        self._checked: set[str] = set()

    def table_name(self, table: exp.Table) -> TableName:
        """The full name of a table in a statement. Raises TableNotFoundError for a bare name."""
        if not table.db or not isinstance(table.this, exp.Identifier):
            raise TableNotFoundError(
                f"table {table.sql('databricks')} not found: write catalog.schema.table"
            )
        return TableName(table.catalog or self.catalog, table.db, table.name)

    def version(
        self, folder: Path, asked: exp.Expression | None, bound: Mapping[str, Parameter], table: str
    ) -> int | None:
        """The version that VERSION AS OF or TIMESTAMP AS OF asks for; None: the latest."""
        if not isinstance(asked, exp.Version):
            return None
        value = _value(asked.expression, bound)
        if asked.name.upper() == "TIMESTAMP":
            return self.tables.version_at(folder, _moment(value, table), table=table)
        if isinstance(value, bool) or not isinstance(value, int):
            raise SqlError(f"table {table}: VERSION AS OF takes a whole number, not {value!r}")
        return value

    def delta_scan(self, folder: Path, version: int | None, *, table: str) -> str:
        """The DuckDB source that reads a Delta folder at one version."""
        readable = self.tables.readable_version(folder, version, table=table)
        return f"delta_scan({literals.text(self.paths.to_scan(folder))}, version => {readable})"

    def file_source(self, file_format: str, path: str) -> str:
        """The DuckDB source that reads parquet or CSV files."""
        files = list_files(path, suffix=f".{file_format}")
        plain = [self.paths.to_read(file.absolute()) for file in files.files]
        if file_format == "csv":
            return self.csv_shape(files, plain).source(plain)
        if files.fingerprint not in self._checked:
            read_footers(files)
            self._checked.add(files.fingerprint)
        return f"read_parquet({literals.array(plain)}, hive_partitioning => false)"

    def csv_shape(self, files: FileSet, plain: list[str] | None = None) -> CsvShape:
        """What CSV files look like, found out once for as long as they do not change."""
        mark = files.fingerprint
        if mark not in self._csv:
            readable = plain or [self.paths.to_read(file.absolute()) for file in files.files]
            self._csv[mark] = sniff(self.database, list(files.files), readable)
        return self._csv[mark]


def as_table(source: str) -> exp.Expression:
    """A DuckDB source as the node that takes the place of a table."""
    found = sqlglot.parse_one(f"SELECT * FROM {source}", read="duckdb").find(exp.Table)
    if found is None:
        raise SqlError(f"not a source: {source}")
    return found


def _value(node: exp.Expression | None, bound: Mapping[str, Parameter]) -> Parameter:
    if isinstance(node, exp.Placeholder):
        if node.name not in bound:
            raise SqlError(f"no value for parameter {node.name}")
        return bound[node.name]
    if isinstance(node, exp.Cast | exp.TsOrDsToTimestamp | exp.Paren):
        return _value(node.this, bound)
    if isinstance(node, exp.Literal):
        return node.name if node.is_string else int(node.name)
    raise UnsupportedError(
        f"AS OF {node.sql('databricks') if node else ''}: write a literal or a parameter"
    )


def _moment(value: Parameter, table: str) -> datetime:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError as error:
            raise SqlError(f"table {table}: {value!r} is no timestamp") from error
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    raise SqlError(f"table {table}: TIMESTAMP AS OF takes a timestamp, not {value!r}")


MakeView = Callable[[str], tuple[str, dict[str, pa.Table]]]
"""Makes a DuckDB view of the text of a stored one; its name and the Arrow tables it reads."""


class StatementScope:
    """Resolves the tables of one statement; collects the Arrow rows its listings need."""

    def __init__(
        self,
        relations: Relations,
        bound: Mapping[str, Parameter],
        listings: Listings,
        make_view: MakeView,
    ) -> None:
        self._relations = relations
        self._bound = bound
        self._listings = listings
        self._make_view = make_view
        self.rows: dict[str, pa.Table] = {}

    def __call__(self, table: exp.Table, version: exp.Expression | None) -> exp.Expression:
        """The DuckDB node that takes the place of `table`."""
        if not table.catalog and table.db.lower() in FILE_FORMATS:
            return as_table(self._file(table.db.lower(), table.name, version))
        name = self._relations.table_name(table)
        if name.schema.lower() == "information_schema":
            return self._listing(name)
        view = self._relations.lake.view(name)
        if view is not None:
            return exp.to_table(self._view(view.sql))
        return as_table(self._delta(self._relations.lake.folder(name), str(name), version))

    def _file(self, file_format: str, path: str, version: exp.Expression | None) -> str:
        if file_format == "delta":
            return self._delta(Path(path).absolute(), path, version)
        if version is not None:
            raise UnsupportedError(f"{file_format} {path} has no versions; only Delta tables do")
        return self._relations.file_source(file_format, path)

    def _delta(self, folder: Path, table: str, asked: exp.Expression | None) -> str:
        version = self._relations.version(folder, asked, self._bound, table)
        return self._relations.delta_scan(folder, version, table=table)

    def _listing(self, name: TableName) -> exp.Expression:
        listing = name.table.lower()
        register = f"listing_{listing}"
        self.rows[register] = self._listings(name.catalog, listing)
        return exp.to_table(register)

    def _view(self, sql: str) -> str:
        name, rows = self._make_view(sql)
        self.rows.update(rows)
        return name
