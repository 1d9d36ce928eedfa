"""A service over a lake of its own, for tests of what holds for every route."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.testclient import TestClient

from dq_databricks.errors import UnauthenticatedError
from dq_databricks.model.actor import Actor
from dq_databricks.model.catalog import DEFAULT_WORKSPACE
from dq_databricks.model.ids import Context
from dq_databricks.model.vocabulary import Role, Scope
from dq_databricks.quality import Quality
from dq_databricks.service import create_app
from dq_databricks.service.principal import Principal
from dq_databricks.settings import Settings
from tests.support.provisioned import put_schema


@dataclass(frozen=True)
class Named:
    """Takes the name in X-API-Key for a principal: `workspaces` says where it belongs."""

    workspaces: Mapping[str, str] = field(default_factory=dict)

    def authenticate(self, request: Request, quality: Quality) -> Principal:
        name = request.headers.get("x-api-key", "ada")
        if name == "nobody":
            raise UnauthenticatedError("no key was given")
        workspace = self.workspaces.get(name, DEFAULT_WORKSPACE)
        return Principal(
            Actor(name, workspace_id=workspace, api_key_id=f"key-{name}"),
            "organization",
            workspace,
            Role.ADMIN,
            frozenset(Scope),
            ("default",),
        )


def app_over(folder: Path, *, context: Context | None = None, **settings: Any) -> FastAPI:
    """A service over a provisioned lake in `folder`."""
    if not (folder / "lake").exists():
        put_schema(folder, "dq_metadata")
    known = Named({"eve": "elsewhere"})
    return create_app(Settings(home=folder, durable=False, **settings), known, context=context)


def client_over(folder: Path, *, context: Context | None = None, **settings: Any) -> TestClient:
    """A client of `app_over`; errors are answered, never raised."""
    app = app_over(folder, context=context, **settings)
    return TestClient(app, raise_server_exceptions=False)
