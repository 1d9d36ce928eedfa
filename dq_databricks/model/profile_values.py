"""What a column profile keeps as JSON, read: frequent values, shapes of texts, quantiles."""

from __future__ import annotations

import json
from dataclasses import dataclass

from dq_databricks.model.profile import ColumnProfile

QUANTILES = ("p05", "p25", "p50", "p75", "p95")


@dataclass(frozen=True, slots=True)
class Counted:
    """One value or pattern and how often it occurs."""

    value: str
    count: int


def top_values(column: ColumnProfile) -> tuple[Counted, ...]:
    """The most frequent values, the most frequent first."""
    return _counted(column.top_values, "value")


def patterns(column: ColumnProfile) -> tuple[Counted, ...]:
    """The most frequent shapes of texts."""
    return _counted(column.patterns, "pattern")


def quantiles(column: ColumnProfile) -> dict[str, float]:
    """The quantiles by name, ``p05`` to ``p95``; empty where there are none."""
    found = json.loads(column.quantiles) if column.quantiles else {}
    return {name: float(found[name]) for name in QUANTILES if found.get(name) is not None}


def _counted(text: str | None, name: str) -> tuple[Counted, ...]:
    rows = json.loads(text) if text else []
    return tuple(Counted(str(row[name]), int(row["count"])) for row in rows)
