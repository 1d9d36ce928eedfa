"""Rules on figures that should stay within limits."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from dq_databricks.model.words import figure, plain, range_in_words
from dq_databricks.rules.outcome import (
    Number,
    not_a_number,
    nothing_measured,
    number,
    verdict,
)
from dq_databricks.rules.rule import rule
from dq_databricks.rules.values import Readout, Verdict

Lowest = Annotated[int | float | None, Field(description="Smallest value that passes.")]
Highest = Annotated[int | float | None, Field(description="Largest value that passes.")]
Fewest = Annotated[int | None, Field(ge=0, description="Smallest count that passes.")]
Most = Annotated[int | None, Field(ge=0, description="Largest count that passes.")]


@rule
def value_in_range(
    readout: Readout, *, min_value: Lowest = None, max_value: Highest = None
) -> Verdict:
    """Passes when min_value ≤ value ≤ max_value.

    NaN is in no range. No value: nothing to judge.
    """
    return _in_range(readout, min_value, max_value)


@rule
def count_in_range(
    readout: Readout, *, min_count: Fewest = None, max_count: Most = None
) -> Verdict:
    """Passes when min_count ≤ value ≤ max_count.

    A table without rows has a count too: 0.
    """
    return _in_range(readout, min_count, max_count)


@rule
def no_more_than(
    readout: Readout,
    *,
    max_count: Annotated[int, Field(ge=0, description="Largest number that passes.")] = 0,
) -> Verdict:
    """Passes when value ≤ max_count, whatever the number of rows in the table."""
    return _in_range(readout, None, max_count)


def _in_range(readout: Readout, low: float | None, high: float | None) -> Verdict:
    expected = range_in_words(low, high)
    if readout.value is None:
        return nothing_measured(readout, expected)
    value = number(readout.value)
    if value is None:
        return not_a_number(readout, expected)
    return verdict(
        passed=_is_within(value, low, high),
        expected=expected,
        actual=plain(value),
        message=f"{readout.finding} is {figure(value)}; expected {expected}",
        judged=value,
        lower=low,
        upper=high,
    )


def _is_within(value: Number, low: float | None, high: float | None) -> bool:
    # Python compares int, float and Decimal exactly, so large values lose nothing.
    return (low is None or value >= low) and (high is None or value <= high)
