"""Ingestions: a pipeline tells that it has loaded data, and the table is tested."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from dq_databricks.model.vocabulary import JobKind, JobStatus, Scope
from dq_databricks.service.api.runs import accepted
from dq_databricks.service.asking import Running

router = APIRouter(prefix="/ingestions", tags=["runs"])


class IngestionRequest(BaseModel):
    """The table that data was loaded into, and the name of the load."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    target: str = Field(
        min_length=1,
        max_length=1000,
        description="Id of a table, or catalog.schema.table.",
        examples=["main.sales.orders"],
    )
    key: str | None = Field(
        default=None,
        min_length=1,
        max_length=255,
        description="Name of the load: told of again with it, it leads to the same run.",
        examples=["load 2026-01-01"],
    )
    timeout_s: int = Field(default=3600, ge=1, le=604_800, description="Seconds it may run.")


class IngestionAnswer(BaseModel):
    """What a load led to."""

    model_config = ConfigDict(frozen=True)

    table_id: str
    table: str
    job_id: str
    run_id: str
    kind: JobKind = Field(description="`profile` where the table has no active tests yet.")
    job_status: JobStatus
    is_new: bool = Field(description="The table was put under watch just now.")
    is_repeat: bool = Field(description="The load was told of before.")
    note: str


@router.post("", status_code=202)
def complete_ingestion(
    asked: Running, told: IngestionRequest, request: Request, response: Response
) -> IngestionAnswer:
    """Queue a run of the tests of a table; `Location` leads to the run.

    A table without active tests is profiled instead. One that is new is put under watch where the
    key has the scope `write`, else it is 404.
    """
    ingestion = asked.quality.ingested(
        told.target,
        key=told.key,
        timeout_s=told.timeout_s,
        may_register=Scope.WRITE in asked.principal.scopes,
    )
    accepted(ingestion.job, request, response)
    return IngestionAnswer.model_validate(ingestion.to_json())
