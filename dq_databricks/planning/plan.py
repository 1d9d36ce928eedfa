"""The plan of a scan: which statement answers which measure, and what needs no statement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from dq_databricks.engine.protocol import Scalar, Snapshot
from dq_databricks.sql.statement import Parameter, Statement

StatementKind = Literal["scan", "sketch", "group", "query"]


@dataclass(frozen=True, slots=True)
class ProvenMeasure:
    """Measures (`keys`) that are answered without reading data, and the reason in words."""

    keys: tuple[str, ...]
    value: Scalar | None
    source: Literal["metadata", "statistics"]
    reason: str


@dataclass(frozen=True, slots=True)
class Piece:
    """One result column of a fused statement: everything needed to take it out again."""

    alias: str
    expression: str
    columns: frozenset[str]
    keys: tuple[str, ...]
    parameters: Mapping[str, Parameter]


@dataclass(frozen=True, slots=True)
class PlannedStatement:
    """One statement and what it answers.

    `answers` maps each result column (alias) to the keys of the measures it answers; a query that
    returns rows has the single alias ``*``, another query the alias ``m0`` for its first column.
    `columns` are the columns of the table it decodes, `estimated_bytes` their size where the files
    tell it. `pieces` and `source_sql` (what stands after FROM, with `source_columns` and
    `source_parameters`) allow a fused statement to be halved; both are empty for a query. `note`
    says where a limit of the engine made columns be read by more than one statement.
    """

    kind: StatementKind
    statement: Statement
    answers: Mapping[str, tuple[str, ...]]
    columns: frozenset[str]
    estimated_bytes: int | None = None
    pieces: tuple[Piece, ...] = ()
    source_sql: str = ""
    source_columns: frozenset[str] = frozenset()
    source_parameters: Mapping[str, Parameter] = field(default_factory=dict)
    note: str | None = None


@dataclass(frozen=True, slots=True)
class ScanPlan:
    """Everything wanted of one table at one pinned version, in the cheapest set of statements."""

    snapshot: Snapshot
    proven: tuple[ProvenMeasure, ...]
    statements: tuple[PlannedStatement, ...]

    @property
    def columns_read(self) -> int:
        """Columns decoded, summed over the statements."""
        return sum(len(statement.columns) for statement in self.statements)
