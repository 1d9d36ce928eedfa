"""Runs: start, watch, cancel, retry. A run is known by its id before it starts."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from dq_databricks.model.vocabulary import JobKind, RunStatus, Scope, TriggerSource
from dq_databricks.model.work import Job
from dq_databricks.quality.run_view import RunProgress, RunView
from dq_databricks.service.asking import Reading, Running
from dq_databricks.service.events import MEDIA_TYPE, RunEvents
from dq_databricks.service.listing import Listing, Paged

router = APIRouter(prefix="/runs", tags=["runs"])


class RunRequest(BaseModel):
    """What to run: the kind, and exactly one of target, group and suite."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: JobKind
    target: str | None = Field(
        default=None,
        min_length=1,
        max_length=1000,
        description="Id of a table, or catalog.schema.table.",
        examples=["main.sales.orders"],
    )
    group: str | None = Field(
        default=None, min_length=1, max_length=255, description="Id or name of a table group."
    )
    suite: str | None = Field(
        default=None, min_length=1, max_length=255, description="Key of a suite; tests only."
    )
    priority: int = Field(default=5, ge=1, le=10, description="From 1 (first) to 10 (last).")
    timeout_s: int = Field(default=3600, ge=1, le=604_800, description="Seconds it may run.")
    max_attempts: int = Field(
        default=2, ge=1, le=10, description="How often it is started when its worker dies."
    )


@router.post("", status_code=202)
def start_run(asked: Running, wanted: RunRequest, request: Request, response: Response) -> Job:
    """Queue a run; its job is answered at once, and `Location` leads to the run.

    403 where the metadata takes as much room as the organization may have.
    """
    job = asked.quality.jobs.request(
        wanted.kind,
        wanted.target,
        group=wanted.group,
        suite=wanted.suite,
        trigger=TriggerSource.API,
        priority=wanted.priority,
        timeout_s=wanted.timeout_s,
        max_attempts=wanted.max_attempts,
        may_register=Scope.WRITE in asked.principal.scopes,
    )
    return accepted(job, request, response)


@router.get("")
def list_runs(
    asked: Reading,
    paged: Paged,
    *,
    kind: Annotated[JobKind, Query(description="Runs of tests, or of profiles.")] = JobKind.TEST,
    status: RunStatus | None = None,
) -> Listing[RunView]:
    """Runs that have begun, newest first; those that wait are jobs."""
    page = asked.quality.jobs.runs(kind, status=status, limit=paged.limit, cursor=paged.cursor)
    return Listing(items=list(page.items), next_cursor=page.next_cursor)


@router.get("/{run_id}")
def show_run(asked: Reading, run_id: str) -> RunView:
    """One run of either kind, also while its job still waits."""
    return asked.quality.jobs.run(run_id)


@router.get("/{run_id}/progress")
def show_progress(asked: Reading, run_id: str) -> RunProgress:
    """Where a run stands."""
    return asked.quality.jobs.run(run_id).progress


@router.post("/{run_id}/cancel", status_code=202)
def cancel_run(asked: Running, run_id: str, request: Request, response: Response) -> Job:
    """Stop a run; 409 when it has ended. The run is `cancelled` within seconds."""
    return accepted(asked.quality.jobs.cancel(run_id), request, response)


@router.post("/{run_id}/retry", status_code=202)
def retry_run(asked: Running, run_id: str, request: Request, response: Response) -> Job:
    """Run the same once more, as a new run; 409 while the old one has not ended."""
    return accepted(asked.quality.jobs.retry(run_id), request, response)


@router.get(
    "/{run_id}/events",
    response_class=StreamingResponse,
    responses={200: {"content": {MEDIA_TYPE: {}}}},
)
def watch_run(
    asked: Reading,
    run_id: str,
    last_event_id: Annotated[
        str | None, Header(max_length=100, description="The id of the last event that arrived.")
    ] = None,
) -> StreamingResponse:
    """Server-sent events `progress` and `status` until the run has ended, which is the last."""
    events = RunEvents(asked.quality, run_id, last_event_id)
    return StreamingResponse(
        events.stream(),
        media_type=MEDIA_TYPE,
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


def accepted(job: Job, request: Request, response: Response) -> Job:
    """Lead to the run of `job`, and have the launcher look at the queue at once."""
    response.headers["Location"] = str(request.app.url_path_for("show_run", run_id=job.run_id))
    launcher = getattr(request.app.state, "launcher", None)
    if launcher is not None:
        launcher.wake()
    return job
