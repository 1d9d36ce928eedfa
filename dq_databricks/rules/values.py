"""What a rule gets and what it gives."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from dq_databricks.engine.protocol import Scalar
from dq_databricks.model.vocabulary import ResultStatus


@dataclass(frozen=True, slots=True)
class PastReadout:
    """What the same test measured before: `actual_value` as text, the number where it was one."""

    value: str | None
    number: float | None
    row_count: int | None
    measured_at: datetime
    status: ResultStatus


@dataclass(frozen=True, slots=True)
class Readout:
    """What a sensor measured. `row_count` is that of the table; `previous` is newest first.

    `finding` is how a sentence about the value goes on: a plural predicate for a count of rows
    (``are null in amount``), the name of the figure for others (``the mean of amount``).
    """

    value: Scalar | None
    row_count: int | None
    measured_at: datetime
    previous: tuple[PastReadout, ...] = ()
    finding: str = "the value"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The judgement: PASS, FAIL or NO_DATA, with what was expected and found, in words.

    `number`, `lower` and `upper` are the figure that was judged and its bounds, for charts.
    """

    status: ResultStatus
    expected: str
    actual: str | None
    message: str
    number: float | None = None
    lower: float | None = None
    upper: float | None = None
