"""The seam to every engine: Databricks SQL in, Arrow out, and the facts the planner needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol, Self

import pyarrow as pa

from dq_databricks.sql.identifiers import TableName
from dq_databricks.sql.relation import Relation
from dq_databricks.sql.statement import Statement

Scalar = str | int | float | bool | date | datetime | Decimal | bytes


class Capability(StrEnum):
    """What an engine may be able to do beyond the portable subset."""

    HISTORY = "history"
    TIME_TRAVEL = "time_travel"
    FILE_STATISTICS = "file_statistics"
    FILE_RELATIONS = "file_relations"
    CLONE = "clone"
    GRANTS = "grants"
    CLUSTERING = "clustering"
    KEY_CONSTRAINTS = "key_constraints"
    CHECK_CONSTRAINTS = "check_constraints"
    HUDI = "hudi"
    CANCEL = "cancel"
    QUERY_TAGS = "query_tags"


@dataclass(frozen=True, slots=True)
class EngineFacts:
    """What the planner must know of an engine; measured, not guessed.

    `max_aggregates` is the number of plain aggregates one statement may hold (None: no limit);
    `min_bytes_to_split` is the size in bytes below which one more statement costs more than the
    columns it would keep apart, so small tables get few statements.
    """

    name: str
    capabilities: frozenset[Capability]
    max_aggregates: int | None = None
    max_statement_chars: int = 1_000_000
    max_parameters: int = 255
    parallel_statements: int = 2
    min_bytes_to_split: int = 0

    def has(self, capability: Capability) -> bool:
        """Whether the engine has `capability`."""
        return capability in self.capabilities


@dataclass(frozen=True, slots=True)
class ColumnInfo:
    """A column: its name and its Databricks SQL type in upper case (``DECIMAL(38,18)``)."""

    name: str
    data_type: str
    nullable: bool = True
    position: int = 0
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class ColumnStatistics:
    """What file statistics prove about a column. None means unknown: scan, never guess.

    `bounds` is (min, max) of the non-null values; (None, None) when it is known that none exists.
    `bytes` is the compressed size in bytes where the files tell it.
    """

    null_count: int | None = None
    bounds: tuple[Scalar | None, Scalar | None] | None = None
    bytes: int | None = None


@dataclass(frozen=True, slots=True)
class TableStatistics:
    """What metadata proves about a table at the pinned version; None means unknown."""

    row_count: int | None = None
    columns: Mapping[str, ColumnStatistics] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A relation at one pinned version, described without reading its data.

    `version` is the Delta version (None for parquet and CSV); `fingerprint` changes whenever the
    content may have changed, also for plain files; `modified_at` is UTC.
    """

    relation: Relation
    columns: tuple[ColumnInfo, ...]
    version: int | None
    fingerprint: str
    modified_at: datetime | None = None
    file_count: int | None = None
    size_bytes: int | None = None
    statistics: TableStatistics = field(default_factory=TableStatistics)

    def column(self, name: str) -> ColumnInfo | None:
        """The column of this exact name, or the only one that differs by case; else None."""
        exact = [column for column in self.columns if column.name == name]
        folded = [column for column in self.columns if column.name.lower() == name.lower()]
        return exact[0] if exact else folded[0] if len(folded) == 1 else None


@dataclass(frozen=True, slots=True)
class MergeCounts:
    """Rows inserted and updated by a merge."""

    inserted: int
    updated: int


class Engine(Protocol):
    """Carries out statements. Safe to use from several threads; makes no call when constructed.

    All methods raise children of EngineError only.
    """

    @property
    def facts(self) -> EngineFacts:
        """What this engine can do and how it wants its work cut."""

    def query(self, statement: Statement) -> pa.Table:
        """Rows of a statement that reads. Timestamps are UTC microseconds."""

    def execute(self, statement: Statement) -> int | None:
        """Carry out DDL or DML; the number of affected rows where the statement has one."""

    def append(self, table: TableName, rows: pa.Table) -> None:
        """Add `rows` in one commit. Columns absent from `rows` become NULL."""

    def merge(
        self,
        table: TableName,
        rows: pa.Table,
        *,
        on: Sequence[str],
        update: bool = True,
        counter: str | None = None,
    ) -> MergeCounts:
        """Insert or (when `update`) replace the rows of these keys in one conditional commit.

        With `counter`, a column of whole numbers, only the next step of each row is taken: a
        stored row is replaced where its `counter` is one below the given one, and a new key is
        inserted where the given one is 1. Other rows are left out.
        Raises WriteConflictError when a concurrent writer won.
        """

    def inspect(self, relation: Relation) -> Snapshot:
        """Describe `relation` at its pinned version, or pin its latest; reads no data.

        Of a foreign table its columns are asked for, and nothing else.

        Raises TableNotFoundError, UnsupportedError, DamagedTableError.
        """

    def restore(self, table: TableName, version: int, *, expected_version: int) -> None:
        """Bring rows and columns of `table` back to `version`, as one new commit.

        Comments and properties go back with them. A table that is at `version` stays as it is.
        Raises WriteConflictError when the latest version is not `expected_version`, SqlError when
        `version` does not exist, DamagedTableError when its files are gone.
        """

    def tables(self, catalog: str, schema: str) -> Sequence[TableName]:
        """Tables and views of a schema, by name; empty when the schema does not exist."""

    def views(self, catalog: str, schema: str) -> Mapping[TableName, str | None]:
        """Views of a schema and the SELECT of each; None where that may not be read."""

    def cancel(self) -> None:
        """Cancel the statements in flight, in the engine too."""

    def close(self) -> None:
        """Give back connections and threads; closing twice is harmless."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc: object) -> None: ...
