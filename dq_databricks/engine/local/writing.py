"""Opens a table for one write: locked, checked, flushed before it counts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import CommitProperties, DeltaTable, write_deltalake
from deltalake.exceptions import DeltaError

from dq_databricks.engine.local.conform import check_not_null, conform, conform_column
from dq_databricks.engine.local.durable import flush_checkpoint, flush_commits, table_lock
from dq_databricks.engine.local.failures import writing
from dq_databricks.engine.local.literals import name as quoted
from dq_databricks.engine.local.literals import text
from dq_databricks.engine.local.relations import Relations
from dq_databricks.engine.local.replay import TableState
from dq_databricks.engine.protocol import MergeCounts
from dq_databricks.engine.rows import check_columns, check_keys
from dq_databricks.errors import ConstraintError, TableNotFoundError, UnsupportedError
from dq_databricks.sql.identifiers import TableName
from dq_databricks.sql.statement import Parameter

# More literals than this make a condition slower than the conflicts it avoids.
MAX_LITERALS = 1000
APPEND_RETRIES = 100
PINNED = "dq__version"
"""The parameter for the version a statement is carried out on: with the number in its text, no text
would be met twice, and reading a text costs more than carrying it out."""


@dataclass(frozen=True, slots=True)
class OpenTable:
    """A table as one write found it."""

    name: TableName
    folder: Path
    delta: DeltaTable
    state: TableState

    @property
    def schema(self) -> pa.Schema:
        """The columns as Arrow types, NOT NULL as not nullable."""
        return pa.schema(self.delta.schema())

    def column(self, name: str) -> str | None:
        """The spelling of a column in the table; names ignore case."""
        for field in self.state.fields:
            if str(field["name"]).lower() == name.lower():
                return str(field["name"])
        return None


def pinned(bound: Mapping[str, Parameter], table: OpenTable) -> dict[str, Parameter]:
    """`bound`, with the version of `table` for ``VERSION AS OF :dq__version``."""
    return {**bound, PINNED: table.state.version}


class Writer:
    """Carries out single commits on tables of the lake."""

    def __init__(self, relations: Relations, *, durable: bool) -> None:
        self._relations = relations
        self._durable = durable

    @contextmanager
    def open(self, name: TableName, *, what: str) -> Iterator[OpenTable]:
        """Hold the lock of a table and give it at its latest version.

        Raises TableNotFoundError, DamagedTableError; failures inside become EngineErrors.
        """
        relations = self._relations
        folder = relations.lake.folder(name)
        if relations.lake.view(name) is not None:
            raise UnsupportedError(f"{what}: {name} is a view; write to the tables it reads")
        if not relations.lake.has_table(name):
            raise TableNotFoundError(f"{what}: table {name} not found")
        with table_lock(folder), writing(f"{what} {name}"):
            state = relations.tables.state(folder, None, table=str(name))
            delta = DeltaTable(relations.paths.to_write(folder), version=state.version)
            try:
                with _named_constraints(state, name):
                    yield OpenTable(name, folder, delta, state)
                self.flush(folder, state.version + 1)
            finally:
                relations.tables.forget(folder)

    def flush(self, folder: Path, first: int) -> None:
        """Have the commits from `first` and their data files on disk, when writes are durable."""
        if not self._durable:
            return
        added: list[str] = []
        number = first
        while (path := folder / "_delta_log" / f"{number:020d}.json").exists():
            actions = (json.loads(line) for line in path.read_bytes().splitlines() if line.strip())
            added += [unquote(action["add"]["path"]) for action in actions if "add" in action]
            number += 1
        if number > first:
            flush_commits(folder, first, added)

    def flush_checkpoint(self, folder: Path, version: int) -> None:
        """Have the checkpoint of `version` on disk, when writes are durable."""
        if self._durable:
            flush_checkpoint(folder, version)

    def append(self, name: TableName, rows: pa.Table, *, lenient: bool = False) -> None:
        """Add rows in one commit; see `Engine.append`."""
        with self.open(name, what="append to") as table:
            check_columns(name, rows, table.schema.names)
            add_rows(table, conform(rows, table.schema, table=str(name), lenient=lenient))

    def merge(
        self,
        name: TableName,
        rows: pa.Table,
        on: Sequence[str],
        *,
        update: bool,
        counter: str | None = None,
    ) -> MergeCounts:
        """Insert or replace rows by key in one conditional commit; see `Engine.merge`."""
        with self.open(name, what="merge into") as table:
            check_columns(name, rows, table.schema.names)
            check_keys(name, rows, on, counter)
            if rows.num_rows == 0:
                return MergeCounts(0, 0)
            return _merge(table, _typed(table, rows), on, update=update, counter=counter)


@contextmanager
def _named_constraints(state: TableState, name: TableName) -> Iterator[None]:
    """Say which constraints a table has when delta-rs only says that one is violated."""
    try:
        yield
    except DeltaError as error:
        if "failed validation check" not in str(error):
            raise
        prefix = "delta.constraints."
        checks = [
            f"{key.removeprefix(prefix)} CHECK ({value})"
            for key, value in state.configuration.items()
            if key.startswith(prefix)
        ]
        needed = [f"{f['name']} NOT NULL" for f in state.fields if not f.get("nullable", True)]
        raise ConstraintError(
            f"write to {name}: rows violate a constraint; it has {', '.join([*checks, *needed])}"
        ) from error


def add_rows(table: OpenTable, rows: pa.Table) -> None:
    """Append rows that fit the table exactly."""
    write_deltalake(
        table.delta,
        rows,
        mode="append",
        commit_properties=CommitProperties(max_commit_retries=APPEND_RETRIES),
    )


def _typed(table: OpenTable, rows: pa.Table) -> pa.Table:
    fields = {field.name: field for field in table.schema}
    columns = {
        column: conform_column(rows.column(column), fields[column], table=str(table.name))
        for column in rows.column_names
    }
    for column, values in columns.items():
        check_not_null(values, fields[column], table=str(table.name))
    return pa.table(columns)


def _merge(
    table: OpenTable, rows: pa.Table, on: Sequence[str], *, update: bool, counter: str | None
) -> MergeCounts:
    names = rows.column_names
    source = rows.rename_columns([f"c{number}" for number in range(len(names))])
    values = {quoted(column): quoted("s", f"c{n}") for n, column in enumerate(names)}
    keys = [f"({quoted('t', key)} = {values[quoted(key)]})" for key in on]
    keys += [pin for key in on if (pin := literal_pin(key, rows.column(key)))]
    first = following = None
    if counter is not None:
        given = values[quoted(counter)]
        first, following = f"{given} = 1", f"{quoted('t', counter)} = {given} - 1"
    merger = table.delta.merge(
        source, " AND ".join(keys), source_alias="s", target_alias="t", streamed_exec=False
    ).when_not_matched_insert(values, predicate=first)
    replaced = {key: value for key, value in values.items() if key not in map(quoted, on)}
    if update and replaced:
        merger = merger.when_matched_update(replaced, predicate=following)
    done = merger.execute()
    return MergeCounts(done["num_target_rows_inserted"], done["num_target_rows_updated"])


def literal_pin(column: str, values: pa.ChunkedArray) -> str | None:
    """A condition that names the values of a key literally, so other keys do not conflict."""
    if values.null_count or not is_literal(values.type):
        return None
    found = pc.unique(values).to_pylist()
    if not 0 < len(found) <= MAX_LITERALS:
        return None
    return f"({quoted('t', column)} IN ({', '.join(as_literal(value) for value in found)}))"


def is_literal(kind: pa.DataType) -> bool:
    """Whether values of this type mean the same as a literal in a condition of delta-rs."""
    return kind in (pa.string(), pa.int64(), pa.int32(), pa.date32())


def as_literal(value: object) -> str:
    """A value of such a type as a literal."""
    if isinstance(value, date):
        return f"DATE '{value.isoformat()}'"
    return str(value) if isinstance(value, int) else text(str(value))
