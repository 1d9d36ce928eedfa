"""Whether the service lives, and whether it can work."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel, Field

from dq_databricks.engine.caching import CachingEngine
from dq_databricks.errors import (
    EngineUnavailableError,
    QualityError,
    SchemaBehindError,
    SchemaNewerError,
)
from dq_databricks.lifecycle.migrations.scripts import latest_version
from dq_databricks.service.asking import service_of

router = APIRouter(tags=["operation"])


class Health(BaseModel):
    """The process answers. Nothing was read for this."""

    status: str = Field("ok", description="Always ok: a dead process does not answer.")


class Ready(BaseModel):
    """The service can read and write its metadata."""

    status: str = Field("ready", description="Always ready; else the answer is a problem.")
    engine: str = Field(description="The engine below: local, spark or warehouse.")
    schema_version: int = Field(description="The version of the metadata schema.")
    background: dict[str, str] = Field(
        description="Background work of this process by name: ok, or the class of its last error."
    )


@router.get("/health")
async def health() -> Health:
    """Whether the process lives; reads nothing, needs no key."""
    return Health(status="ok")


@router.get("/ready")
def ready(request: Request) -> Ready:
    """Whether engine and schema can be worked with; 503 with the reason when not; needs no key."""
    service = service_of(request)
    known = latest_version()
    try:
        version = service.face().schema_version()
    except QualityError as error:
        raise EngineUnavailableError("the engine cannot be reached") from error
    if version is None or version < known:
        has = "has no tables yet" if version is None else f"is at version {version}"
        raise SchemaBehindError(f"the metadata schema {has}; {known} is needed: run `dq migrate`")
    if version > known:
        raise SchemaNewerError(
            f"the metadata schema is at version {version}, this software knows {known}: "
            "upgrade dq-databricks"
        )
    return Ready(
        status="ready",
        engine=service.settings.engine,
        schema_version=version,
        background=dict(service.background),
    )


@router.get("/metrics", response_class=PlainTextResponse)
def metrics(request: Request) -> Response:
    """Counters and histograms of this process in the text format of Prometheus."""
    service = service_of(request)
    if isinstance(service.engine, CachingEngine):
        counts = service.engine.counts
        service.metrics.cached.labels("cache").set(counts.hits)
        service.metrics.cached.labels("engine").set(counts.misses)
    return Response(service.metrics.text(), media_type=CONTENT_TYPE_LATEST)
