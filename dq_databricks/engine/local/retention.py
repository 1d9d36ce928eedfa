"""How long a table keeps files that its latest version does not need."""

from __future__ import annotations

import math
import re

from dq_databricks.engine.local.replay import TableState
from dq_databricks.errors import SqlError

PROPERTY = "delta.deletedFileRetentionDuration"
WEEK_HOURS = 168

_INTERVAL = re.compile(
    r"\s*(?:interval\s+)?(?P<number>\d+)\s+(?P<unit>second|minute|hour|day|week)s?\s*",
    re.IGNORECASE,
)
_HOURS = {"second": 1 / 3600, "minute": 1 / 60, "hour": 1, "day": 24, "week": WEEK_HOURS}


def default_hours(state: TableState) -> int:
    """Hours, rounded up, that the table's property asks for; a week without one.

    Raises SqlError for a property that is no interval.
    """
    told = state.configuration.get(PROPERTY)
    if told is None:
        return WEEK_HOURS
    match = _INTERVAL.fullmatch(told)
    if match is None:
        raise SqlError(
            f"table property {PROPERTY} is {told!r}; write an interval such as 'interval 31 days'"
        )
    return math.ceil(int(match["number"]) * _HOURS[match["unit"].lower()])
