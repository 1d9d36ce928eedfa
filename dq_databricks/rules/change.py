"""Rules that compare with the previous run."""

from __future__ import annotations

import json
import math
from typing import Annotated

from pydantic import Field

from dq_databricks.model.column_types import normal_type
from dq_databricks.model.words import figure, plain
from dq_databricks.rules.outcome import (
    as_float,
    first_of_its_kind,
    not_a_number,
    nothing_measured,
    number,
    verdict,
)
from dq_databricks.rules.rule import rule
from dq_databricks.rules.values import Readout, Verdict

Percent = Annotated[
    float, Field(ge=0, description="Largest change that passes, in % of the previous value.")
]
Schema = Annotated[
    dict[str, str] | None,
    Field(description="Column names and types to hold; those of the previous run by default."),
]


@rule
def change_at_most_percent(readout: Readout, *, max_percent: Percent = 10.0) -> Verdict:
    """Passes when 100 × |value − previous| ÷ |previous| ≤ max_percent.

    Without a previous number there is nothing to judge. From 0, only 0 is no change.
    """
    expected = f"a change of at most {figure(max_percent)} %"
    if readout.value is None:
        return nothing_measured(readout, expected)
    value, before = number(readout.value), _previous_number(readout)
    if value is None:
        return not_a_number(readout, expected)
    if before is None:
        found = f"{readout.finding} is {figure(value)}"
        return first_of_its_kind(expected, actual=plain(value), found=found, judged=value)
    margin = abs(before) * max_percent / 100
    change = f"{figure(100 * (as_float(value) - before) / abs(before))} %" if before else "from 0"
    return verdict(
        passed=abs(as_float(value) - before) <= margin,
        expected=f"between {figure(before - margin)} and {figure(before + margin)}",
        actual=plain(value),
        message=f"{readout.finding} is {figure(value)}, previously {figure(before)} "
        f"(change {change}); expected {expected}",
        judged=value,
        lower=before - margin,
        upper=before + margin,
    )


@rule
def schema_is(readout: Readout, *, columns: Schema = None) -> Verdict:
    """Passes when columns and their types are the expected ones, in any order.

    Without expected columns and without a previous run there is nothing to judge.
    """
    found = _schema(readout.value)
    if found is None:
        return nothing_measured(readout, "the expected columns")
    actual = str(readout.value)
    wanted = columns if columns is not None else _previous_schema(readout)
    if wanted is None:
        words = f"the table has {len(found)} columns"
        return first_of_its_kind("the same columns", actual=actual, found=words)
    changes = _differences(wanted, found)
    return verdict(
        passed=not changes,
        expected=json.dumps(wanted, ensure_ascii=False),
        actual=actual,
        message="; ".join(changes) or f"all {len(found)} columns are as expected",
    )


def _previous_number(readout: Readout) -> float | None:
    numbers = (past.number for past in readout.previous if _is_finite(past.number))
    return next(numbers, None)


def _is_finite(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def _previous_schema(readout: Readout) -> dict[str, str] | None:
    schemas = (_schema(past.value) for past in readout.previous)
    return next((schema for schema in schemas if schema is not None), None)


def _schema(text: object) -> dict[str, str] | None:
    if not isinstance(text, str):
        return None
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return {str(k): str(v) for k, v in value.items()} if isinstance(value, dict) else None


def _differences(wanted: dict[str, str], found: dict[str, str]) -> list[str]:
    dropped = [f"column {name} ({wanted[name]}) is gone" for name in wanted if name not in found]
    added = [f"column {name} ({found[name]}) is new" for name in found if name not in wanted]
    retyped = [
        f"column {name} was {wanted[name]} and is {found[name]}"
        for name in wanted
        if name in found and normal_type(wanted[name]) != normal_type(found[name])
    ]
    return dropped + retyped + added
