"""Rules on claims: something is true, or is what it was said to be."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from dq_databricks.model.column_types import normal_type
from dq_databricks.model.words import figure, plain
from dq_databricks.rules.outcome import nothing_measured, verdict
from dq_databricks.rules.rule import rule
from dq_databricks.rules.values import Readout, Verdict

Expected = Annotated[
    str, Field(min_length=1, description="The type in Databricks SQL, such as DECIMAL(10,2).")
]


@rule
def is_true(readout: Readout) -> Verdict:
    """Passes when value is true."""
    if readout.value is None:
        return nothing_measured(readout, "true")
    return verdict(
        passed=readout.value is True,
        expected="true",
        actual=plain(readout.value),
        message=f"{readout.finding}: {figure(readout.value)}; expected true",
    )


@rule
def type_is(readout: Readout, *, expected_type: Expected) -> Verdict:
    """Passes when value is expected_type, blanks and case aside."""
    if readout.value is None:
        return nothing_measured(readout, expected_type)
    found = str(readout.value)
    return verdict(
        passed=normal_type(found) == normal_type(expected_type),
        expected=expected_type,
        actual=found,
        message=f"{readout.finding} is {found}; expected {expected_type}",
    )
