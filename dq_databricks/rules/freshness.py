"""Rules on age."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Annotated

from pydantic import Field

from dq_databricks.model.words import figure, plain
from dq_databricks.rules.outcome import not_a_number, nothing_measured, verdict
from dq_databricks.rules.rule import rule
from dq_databricks.rules.values import Readout, Verdict

MaxAge = Annotated[float, Field(ge=0, description="Largest age that passes, in hours.")]


@rule
def age_at_most_hours(readout: Readout, *, max_age_hours: MaxAge = 24.0) -> Verdict:
    """Passes when (time of the measurement − value) ÷ 1 h ≤ max_age_hours.

    A date counts from its midnight (UTC). A time in the future has a negative age and passes.
    """
    expected = f"at most {figure(max_age_hours)} hours old"
    if readout.value is None:
        return nothing_measured(readout, expected)
    moment = _moment(readout.value)
    if moment is None:
        return not_a_number(readout, expected)
    hours = (readout.measured_at - moment).total_seconds() / 3600
    return verdict(
        passed=hours <= max_age_hours,
        expected=expected,
        actual=plain(readout.value),
        message=f"{readout.finding} is {figure(readout.value)}, {figure(round(hours, 2))} hours "
        f"old; expected {expected}",
        judged=hours,
        upper=max_age_hours,
    )


def _moment(value: object) -> datetime | None:
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    return datetime.combine(value, time(), UTC) if isinstance(value, date) else None
