"""Proposals: tests that the latest profile of a table suggests, to review and to store."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from dq_databricks.model.testing import TestRecord
from dq_databricks.quality.reports import Proposals
from dq_databricks.service.api.inputs import Body, Identifier, Target
from dq_databricks.service.asking import Reading, Writing

router = APIRouter(prefix="/proposals", tags=["proposals"])


class Review(BaseModel):
    """What would be stored: `new` tests, `refreshed` ones with other limits; `kept` ones stay."""

    table_name: str
    profile_run_id: str
    new: list[TestRecord]
    refreshed: list[TestRecord]
    kept: list[TestRecord]


class Choice(Body):
    """Which proposals of a table to store; without `test_ids`, all."""

    table: Target
    test_ids: Annotated[tuple[Identifier, ...], Field(max_length=1000)] | None = None


@router.get("")
def review_proposals(
    asked: Reading,
    table: Annotated[
        str, Query(min_length=1, max_length=1000, description="Its id, or catalog.schema.table.")
    ],
) -> Review:
    """What the latest profile of a table suggests; nothing is stored."""
    return _review(asked.quality.review(table))


@router.post("/apply")
def apply_proposals(asked: Writing, choice: Choice) -> Review:
    """Store proposals. A test that a person edited or removed is never touched."""
    return _review(asked.quality.apply_proposals(choice.table, choice.test_ids))


def _review(found: Proposals) -> Review:
    return Review.model_validate(found, from_attributes=True)
