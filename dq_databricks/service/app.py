"""The application: routers, the one error handler, middleware."""

from __future__ import annotations

from fastapi import FastAPI

from dq_databricks.engine.open import open_engine
from dq_databricks.engine.protocol import Engine
from dq_databricks.errors import QualityError
from dq_databricks.model.ids import Context
from dq_databricks.service.api import routes as api
from dq_databricks.service.pages import routes as pages
from dq_databricks.service.problems import problem
from dq_databricks.service.site import Authenticator, Service
from dq_databricks.settings import Settings

BASE_PATH = "/api/v1"


def create_app(
    settings: Settings,
    authenticator: Authenticator,
    *,
    engine: Engine | None = None,
    context: Context | None = None,
) -> FastAPI:
    """The service over the schema of `settings`; nothing is read before the first request."""
    app = FastAPI(title="dq-databricks", version="1", docs_url="/docs")
    app.state.service = Service(
        settings, engine or open_engine(settings), context or Context(), authenticator
    )
    app.add_exception_handler(QualityError, problem)
    for router in api.ROUTERS:
        app.include_router(router, prefix=BASE_PATH)
    for router in pages.ROUTERS:
        app.include_router(router)
    return app
