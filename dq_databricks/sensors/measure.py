"""A measure: one value wanted of one table, as a pure value the planner can place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from dq_databricks.engine.protocol import Scalar
from dq_databricks.errors import QualityError
from dq_databricks.sql.statement import Statement


class MeasureKind(StrEnum):
    """How a measure is taken.

    METADATA: from the snapshot alone. SCAN: one aggregate expression over the table, fused with
    its neighbours. GROUP: one aggregate expression over the groups of a GROUP BY of its own key.
    QUERY: a whole SELECT of its own.
    """

    METADATA = "metadata"
    SCAN = "scan"
    GROUP = "group"
    QUERY = "query"


@dataclass(frozen=True, slots=True)
class Proof:
    """Which fact of the file statistics equals the measure, when that fact is known.

    ``none_outside`` proves a count of values below `low` or above `high` to be 0, when the
    smallest and the largest value lie within; otherwise it proves nothing.
    """

    fact: Literal["row_count", "null_count", "min", "max", "none_outside"]
    column: str | None = None
    low: Scalar | None = None
    high: Scalar | None = None


@dataclass(frozen=True, slots=True)
class Measure:
    """One value wanted of one table.

    `expression` is, by kind: SCAN an aggregate expression over the columns of the table; GROUP an
    aggregate expression over ``group_rows`` (rows of a group) and ``group_key_1`` …; QUERY a whole
    SELECT. `columns` are the columns of the table it decodes. `key` says who asks; two measures
    with equal kind, expression, parameters and group are taken once. `is_object` marks sketches
    and quantiles, which are kept apart from plain aggregates. `value` is the answer of a METADATA
    measure, known when it is made. A QUERY with `returns_rows` gives all its rows, others the
    first column of the first row.
    """

    key: str
    kind: MeasureKind
    expression: Statement
    columns: frozenset[str] = frozenset()
    is_object: bool = False
    group_by: tuple[str, ...] = ()
    proof: Proof | None = None
    value: Scalar | None = None
    returns_rows: bool = False


@dataclass(frozen=True, slots=True)
class Measurement:
    """The answer to a measure, or why there is none.

    `source` says what answered: ``metadata``, ``statistics``, ``scan``, ``group`` or ``query``.
    `duration_ms` is that of the whole statement, which other measures may share. `failure` is what
    the engine raised; `error` says it in words.
    """

    key: str
    value: Scalar | None
    source: str
    error: str | None = None
    statement: Statement | None = None
    duration_ms: int = 0
    rows: tuple[Mapping[str, Scalar | None], ...] = field(default=())
    failure: QualityError | None = None
