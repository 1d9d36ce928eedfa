"""Schedules: list, show, add, edit, remove, enable, disable, preview, run now."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from dq_databricks.model.vocabulary import (
    CatchUp,
    JobKind,
    Overlap,
    TargetType,
    TriggerSource,
)
from dq_databricks.model.work import Job, Schedule
from dq_databricks.service.asking import Reading, Running, Writing
from dq_databricks.service.etags import ExpectedVersion, tagged
from dq_databricks.service.listing import Listing, Paged, listing

router = APIRouter(prefix="/schedules", tags=["schedules"])

Name = Annotated[str, Field(min_length=1, max_length=200, examples=["Orders, every morning"])]
Target = Annotated[
    str,
    Field(
        min_length=1,
        max_length=2000,
        description="Id or catalog.schema.table of a table, id or name of a group, key of a suite.",
    ),
]
Expression = Annotated[
    str,
    Field(
        min_length=1,
        max_length=200,
        description="Minute, hour, day of month, month, day of week.",
        examples=["30 6 * * MON-FRI"],
    ),
]
Zone = Annotated[
    str, Field(min_length=1, max_length=100, description="IANA zone.", examples=["Europe/Rome"])
]
Jitter = Annotated[int, Field(ge=0, le=3600, description="Seconds starts are spread over.")]
Timeout = Annotated[int, Field(ge=1, le=604_800, description="Seconds a job may run.")]
Attempts = Annotated[int, Field(ge=1, le=10, description="Starts of a job whose worker dies.")]
Count = Annotated[int, Query(ge=1, le=100, description="How many times.")]


class NewSchedule(BaseModel):
    """What to run, and when."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Name
    kind: JobKind
    target_type: TargetType
    target_ref: Target
    cron: Expression
    timezone: Zone = "UTC"
    is_enabled: bool = True
    catch_up: CatchUp = CatchUp.ONCE
    overlap: Overlap = Overlap.SKIP
    jitter_s: Jitter = 0
    timeout_s: Timeout = 3600
    max_attempts: Attempts = 1


class ScheduleEdit(BaseModel):
    """What to change; what is left out stays."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Name | None = None
    kind: JobKind | None = None
    target_type: TargetType | None = None
    target_ref: Target | None = None
    cron: Expression | None = None
    timezone: Zone | None = None
    is_enabled: bool | None = None
    catch_up: CatchUp | None = None
    overlap: Overlap | None = None
    jitter_s: Jitter | None = None
    timeout_s: Timeout | None = None
    max_attempts: Attempts | None = None


class PreviewRequest(BaseModel):
    """A cron expression to try."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cron: Expression
    timezone: Zone = "UTC"
    count: int = Field(default=5, ge=1, le=100, description="How many times.")


class Preview(BaseModel):
    """When it fires next, UTC, soonest first."""

    items: list[datetime]


@router.get("")
def list_schedules(
    asked: Reading,
    paged: Paged,
    *,
    enabled: Annotated[
        bool | None, Query(description="Only those that fire, or that do not.")
    ] = None,
) -> Listing[Schedule]:
    """Schedules, by name."""
    page = asked.quality.schedules.list(enabled=enabled, limit=paged.limit, cursor=paged.cursor)
    return listing(page)


@router.post("", status_code=201)
def add_schedule(
    asked: Writing, wanted: NewSchedule, request: Request, response: Response
) -> Schedule:
    """Add a schedule; 404 where its target does not exist."""
    added = asked.quality.schedules.add(**wanted.model_dump())
    response.headers["Location"] = f"{request.url.path.rstrip('/')}/{added.schedule_id}"
    tagged(response, added)
    return added


@router.post("/preview")
def preview_expression(asked: Reading, wanted: PreviewRequest) -> Preview:
    """When a cron expression would fire; 422 says what is wrong with it."""
    slots = asked.quality.schedules.preview_of(wanted.cron, wanted.timezone, wanted.count)
    return Preview(items=list(slots))


@router.get("/{schedule_id}")
def show_schedule(asked: Reading, schedule_id: str, response: Response) -> Schedule:
    """One schedule."""
    schedule = asked.quality.schedules.show(schedule_id)
    tagged(response, schedule)
    return schedule


@router.patch("/{schedule_id}")
def edit_schedule(
    asked: Writing,
    schedule_id: str,
    wanted: ScheduleEdit,
    version: ExpectedVersion,
    response: Response,
) -> Schedule:
    """Change a schedule; its next slot follows."""
    changes = wanted.model_dump(exclude_none=True)
    edited = asked.quality.schedules.edit(schedule_id, expected_version=version, **changes)
    tagged(response, edited)
    return edited


@router.delete("/{schedule_id}")
def remove_schedule(asked: Writing, schedule_id: str, version: ExpectedVersion) -> Schedule:
    """Remove a schedule; its jobs and runs stay."""
    return asked.quality.schedules.remove(schedule_id, expected_version=version)


@router.post("/{schedule_id}/enable")
def enable_schedule(
    asked: Writing, schedule_id: str, version: ExpectedVersion, response: Response
) -> Schedule:
    """Let a schedule fire, from its next slot on."""
    enabled = asked.quality.schedules.enable(schedule_id, expected_version=version)
    tagged(response, enabled)
    return enabled


@router.post("/{schedule_id}/disable")
def disable_schedule(
    asked: Writing, schedule_id: str, version: ExpectedVersion, response: Response
) -> Schedule:
    """Keep a schedule without firing."""
    disabled = asked.quality.schedules.disable(schedule_id, expected_version=version)
    tagged(response, disabled)
    return disabled


@router.get("/{schedule_id}/preview")
def preview_schedule(asked: Reading, schedule_id: str, count: Count = 5) -> Preview:
    """When a schedule fires next, whether or not it is enabled."""
    return Preview(items=list(asked.quality.schedules.preview(schedule_id, count)))


@router.post("/{schedule_id}/run", status_code=202)
def run_schedule(asked: Running, schedule_id: str, request: Request, response: Response) -> Job:
    """Queue what a schedule does now, beside its slots; `Location` leads to the job."""
    job = asked.quality.schedules.run(schedule_id, trigger=TriggerSource.API)
    base = request.url.path.partition("/schedules/")[0]
    response.headers["Location"] = f"{base}/jobs/{job.job_id}"
    return job
