"""Jobs: what is queued, what runs, how it ended."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from dq_databricks.model.vocabulary import JobKind, JobStatus
from dq_databricks.model.work import Job
from dq_databricks.service.asking import Reading
from dq_databricks.service.listing import Listing, Paged, listing

router = APIRouter(prefix="/jobs", tags=["jobs"])


@router.get("")
def list_jobs(
    asked: Reading,
    paged: Paged,
    *,
    status: JobStatus | None = None,
    kind: JobKind | None = None,
    only_open: Annotated[bool, Query(description="Queued and running jobs only.")] = False,
) -> Listing[Job]:
    """Jobs, newest first."""
    page = asked.quality.jobs.list(
        status=status, kind=kind, only_open=only_open, limit=paged.limit, cursor=paged.cursor
    )
    return listing(page)


@router.get("/{job_id}")
def show_job(asked: Reading, job_id: str) -> Job:
    """One job."""
    return asked.quality.jobs.show(job_id)
