"""Profile runs, the columns they measured, and two of them side by side."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from dq_databricks.model.profile import ColumnProfile, ProfileRun, TableProfile
from dq_databricks.model.vocabulary import RunStatus
from dq_databricks.quality.comparison import TableComparison
from dq_databricks.service.api.inputs import Id, Since, Sliced, Wanted
from dq_databricks.service.asking import Reading
from dq_databricks.service.listing import Listing, listing

router = APIRouter(prefix="/profiles", tags=["profiles"])

RunId = Annotated[str, Query(min_length=1, max_length=255, description="Id of a profile run.")]


class Profile(BaseModel):
    """A profile run and its tables; none while it is not complete."""

    run: ProfileRun
    tables: list[TableProfile]


@router.get("")
def list_profiles(
    asked: Reading,
    part: Sliced,
    table_group_id: Wanted = None,
    status: RunStatus | None = None,
    since: Since = None,
) -> Listing[ProfileRun]:
    """Profile runs of any status, newest first."""
    page = asked.quality.browse.profile_runs(
        part, since=since, table_group_id=table_group_id, status=status
    )
    return listing(page)


@router.get("/comparison")
def compare_profiles(asked: Reading, before: RunId, after: RunId) -> Listing[TableComparison]:
    """What is new, gone or different in `after`, table by table and column by column."""
    return Listing(items=list(asked.quality.profiles.compare(before, after)))


@router.get("/columns")
def list_column_profiles(
    asked: Reading, part: Sliced, profile_run_id: Wanted = None, table_id: Wanted = None,
    column: Wanted = None,
) -> Listing[ColumnProfile]:  # fmt: skip
    """Columns as complete runs measured them, by table and position."""
    page = asked.quality.browse.columns(
        part, profile_run_id=profile_run_id, table_id=table_id, column_name=column
    )
    return listing(page)


@router.get("/{profile_run_id}")
def show_profile(asked: Reading, profile_run_id: Id) -> Profile:
    """One run with its tables."""
    view = asked.quality.profiles.show(profile_run_id)
    return Profile(run=view.run, tables=list(view.tables))
