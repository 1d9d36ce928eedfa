"""Rules on counts of rows that should not be there."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated

from pydantic import Field

from dq_databricks.model.words import agree, figure, plain
from dq_databricks.rules.outcome import (
    count,
    no_data,
    not_a_number,
    nothing_measured,
    verdict,
)
from dq_databricks.rules.rule import rule
from dq_databricks.rules.values import Readout, Verdict

MaxCount = Annotated[int, Field(ge=0, description="Most rows of this kind that still pass.")]
MaxPercent = Annotated[
    float,
    Field(ge=0, le=100, description="Largest share of the table's rows that still passes, in %."),
]


@rule
def at_most_count(readout: Readout, *, max_count: MaxCount = 0) -> Verdict:
    """Passes when value ≤ max_count.

    A table without rows has nothing to judge.
    """
    expected = f"at most {figure(max_count)}"
    if readout.value is None or readout.row_count == 0:
        return nothing_measured(readout, expected)
    found = count(readout.value)
    if found is None:
        return not_a_number(readout, expected)
    return verdict(
        passed=found <= max_count,
        expected=expected,
        actual=plain(found),
        message=f"{_share_in_words(readout, found)}, {expected} allowed",
        judged=found,
        upper=max_count,
    )


@rule
def at_most_percent(readout: Readout, *, max_percent: MaxPercent = 0.0) -> Verdict:
    """Passes when 100 × value ÷ row_count ≤ max_percent.

    A table without rows has nothing to judge.
    """
    expected = f"at most {figure(max_percent)} %"
    if readout.value is None or readout.row_count == 0:
        return nothing_measured(readout, expected)
    if readout.row_count is None:
        return no_data(expected, "the number of rows is not known")
    found = count(readout.value)
    if found is None:
        return not_a_number(readout, expected)
    # Exact: a limit such as 0.1 % must not fail or pass by a rounding error.
    percent = Fraction(100 * found, readout.row_count)
    return verdict(
        passed=percent <= Fraction(str(max_percent)),
        expected=expected,
        actual=f"{plain(float(percent))} %",
        message=f"{_share_in_words(readout, found)}, {expected} allowed",
        judged=float(percent),
        upper=max_percent,
    )


def _share_in_words(readout: Readout, found: int) -> str:
    words = agree(found, readout.finding)
    if not readout.row_count:
        return f"{figure(found)} rows {words}"
    percent = figure(float(Fraction(100 * found, readout.row_count)))
    return f"{figure(found)} of {figure(readout.row_count)} rows {words} ({percent} %)"
