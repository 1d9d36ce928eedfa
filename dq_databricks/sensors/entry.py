"""What an entry of the sensor catalog says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, Literal

from dq_databricks.engine.protocol import ColumnInfo, Scalar, Snapshot
from dq_databricks.model.column_types import ANY, GeneralType
from dq_databricks.model.parameter import Parameter
from dq_databricks.sensors.measure import MeasureKind

Cell = Scalar | None
Fact = Literal["row_count", "null_count", "min", "max"]
Limits = Callable[[Mapping[str, object], datetime], tuple[Cell, Cell]]
Answer = Callable[[Snapshot, Sequence[ColumnInfo], Mapping[str, object]], Cell]

EXAMPLE_NOW: Final = datetime(2026, 1, 31, 12, tzinfo=UTC)
"""The time at which examples are measured."""


class Scope(StrEnum):
    """What a sensor is pointed at: a whole table, one column, or several columns."""

    TABLE = "table"
    COLUMN = "column"
    COLUMNS = "columns"


@dataclass(frozen=True, slots=True)
class ExampleTable:
    """A few rows: column names with their types, then the cells."""

    columns: Mapping[str, str]
    rows: tuple[tuple[Cell, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Example:
    """Rows in, parameters, the value out; small enough to check by eye.

    `measured` are the columns the sensor is pointed at (all by default). `references` are the
    tables that parameters name.
    """

    table: ExampleTable
    expected: Cell
    parameters: Mapping[str, object] = field(default_factory=dict)
    measured: tuple[str, ...] | None = None
    references: Mapping[str, ExampleTable] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensor:
    """Measures one value of a table or of its columns.

    A METADATA sensor has an `answer`; all others the template ``templates/<family>/<name>.sql.j2``.
    `measures` says what it measures in a steward's words. `finding` is how a sentence about the
    value goes on: for a count of rows a plural predicate (``are null``: "3 of 10 rows are null"),
    for others the name of the figure (``the mean``); ``{name}`` in it stands for a parameter and
    ``{range}`` for its limits. `on_empty` is the answer for a table without rows (with the
    parameters of the example). `proof` names the fact of the file statistics that equals the
    measure; `counts_outside` gives the limits whose violations the sensor counts, so that file
    statistics within them prove the count to be 0. A sensor that `accepts_missing` columns is also
    asked about columns the table does not have.
    """

    name: str
    family: str
    kind: MeasureKind
    measures: str
    finding: str
    example: Example
    scope: Scope = Scope.COLUMN
    accepts: frozenset[GeneralType] = ANY
    parameters: tuple[Parameter, ...] = ()
    on_empty: Cell = 0
    proof: Fact | None = None
    counts_outside: Limits | None = None
    is_object: bool = False
    answer: Answer | None = None
    accepts_missing: bool = False
    all_columns_by_default: bool = False

    @property
    def template(self) -> str | None:
        """The template's path below ``templates``; None where metadata answers."""
        return None if self.answer else f"{self.family}/{self.name}.sql.j2"
