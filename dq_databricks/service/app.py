"""The application: routers, the one error handler, middleware."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import Depends, FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware

from dq_databricks.access.secret import purpose_key
from dq_databricks.engine.caching import CachingEngine
from dq_databricks.engine.open import open_engine
from dq_databricks.engine.protocol import Engine
from dq_databricks.errors import QualityError
from dq_databricks.model.ids import Context
from dq_databricks.service import health, manual
from dq_databricks.service.api import routes as api
from dq_databricks.service.api.exchange import IMPORT_PATH
from dq_databricks.service.headers import Conventions
from dq_databricks.service.idempotency import Idempotency
from dq_databricks.service.limits import Bodies
from dq_databricks.service.openapi import DescribedApp
from dq_databricks.service.pages import routes as pages
from dq_databricks.service.pages.problems import answer_http_error_as_asked
from dq_databricks.service.problems import (
    answer_invalid,
    answer_quality_error,
)
from dq_databricks.service.queries import refuse_repeats
from dq_databricks.service.site import Authenticator, Service
from dq_databricks.settings import Settings

BASE_PATH = "/api/v1"
Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def create_app(
    settings: Settings,
    authenticator: Authenticator,
    *,
    engine: Engine | None = None,
    context: Context | None = None,
) -> FastAPI:
    """The service over the schema of `settings`; nothing is read before the first request.

    Its service, with the engine, the metrics and the secret, is `app.state.service`. An `engine`
    that is given stays open when the application ends.
    """
    known = context or Context()
    opened = engine or open_engine(settings, known.redaction)
    service = Service(settings, CachingEngine.over(opened, settings), known, authenticator)
    app = DescribedApp(
        settings,
        title="dq-databricks",
        version="1",
        docs_url=None,
        redoc_url=None,
        swagger_ui_oauth2_redirect_url=None,
        lifespan=_lifespan(service, owns_engine=engine is None),
        generate_unique_id_function=_operation_id,
        redirect_slashes=False,
    )
    app.state.service = service
    app.state.secret = purpose_key(service.secret, "pages").hex()
    _answer_errors(app)
    for router in api.ROUTERS:
        app.include_router(router, prefix=BASE_PATH, dependencies=[Depends(refuse_repeats)])
    for router in (health.router, manual.router, *pages.ROUTERS):
        app.include_router(router)
    _wrap(app, service)
    return app


def _lifespan(service: Service, *, owns_engine: bool) -> Lifespan:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        if owns_engine:
            service.engine.close()

    return lifespan


def _answer_errors(app: FastAPI) -> None:
    app.add_exception_handler(QualityError, answer_quality_error)
    app.add_exception_handler(RequestValidationError, answer_invalid)
    app.add_exception_handler(HTTPException, answer_http_error_as_asked)


def _wrap(app: FastAPI, service: Service) -> None:
    """The layers around the routes; the one that is added last is the outermost."""
    settings = service.settings
    app.add_middleware(Idempotency, service=service, base_path=BASE_PATH)
    app.add_middleware(
        Bodies,
        most_bytes=settings.max_body_bytes,
        base_path=BASE_PATH,
        yaml_paths=frozenset({BASE_PATH + IMPORT_PATH}),
    )
    origins = [origin.strip() for origin in settings.cors_origins.split(",") if origin.strip()]
    if origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=["X-API-Key", "Content-Type", "If-Match", "Idempotency-Key"],
            expose_headers=["ETag", "Location", "X-Request-Id", "Retry-After"],
        )
    app.add_middleware(Conventions, context=service.context, metrics=service.metrics)


def _operation_id(route: APIRoute) -> str:
    return route.name
