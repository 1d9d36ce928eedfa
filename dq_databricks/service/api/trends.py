"""Figures over results: how many passed, by day, table and suite."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel

from dq_databricks.quality.results import Verdicts
from dq_databricks.service.api.inputs import Days, Wanted
from dq_databricks.service.asking import Reading
from dq_databricks.service.listing import Listing

router = APIRouter(tags=["results"])

Grouping = Annotated[
    Literal["day", "table", "suite"], Query(description="What results are put together by.")
]


class PassRate(BaseModel):
    """The results of one day (`group` is its date, UTC), table (its id) or suite (its key).

    `pass_rate` is the share, 0 to 1, of those that passed among those that passed, warned or
    failed; null: none did.
    """

    group: str
    name: str
    counts: dict[str, int]
    total: int
    pass_rate: float | None
    first_at: datetime
    last_at: datetime


@router.get("/pass-rates")
def list_pass_rates(
    asked: Reading, by: Grouping = "table", days: Days = 30, table_id: Wanted = None
) -> Listing[PassRate]:
    """How many results of the last days passed, by day, table or suite."""
    found = asked.quality.findings.verdicts(by, days=days, table_id=table_id)
    return Listing(items=[_rate(verdicts) for verdicts in found])


@router.get("/trends")
def list_trends(
    asked: Reading, days: Days = 30, table_id: Wanted = None, test_id: Wanted = None
) -> Listing[PassRate]:
    """Verdicts day by day, oldest first; days without results are left out."""
    found = asked.quality.findings.verdicts("day", days=days, table_id=table_id, test_id=test_id)
    return Listing(items=[_rate(verdicts) for verdicts in found])


def _rate(verdicts: Verdicts) -> PassRate:
    return PassRate(
        group=verdicts.group or "",
        name=verdicts.name,
        counts=verdicts.counts,
        total=verdicts.total,
        pass_rate=verdicts.pass_rate,
        first_at=verdicts.first_at,
        last_at=verdicts.last_at,
    )
