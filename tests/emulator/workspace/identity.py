"""Who is asking, and what a client looks up before anything else."""

from __future__ import annotations

from tests.emulator.workspace.routes import Answer, Request, route
from tests.emulator.workspace.state import State


@route("GET", "/.well-known/databricks-config")
def configuration(state: State, request: Request) -> Answer:
    return {}


@route("GET", "/api/2.0/preview/scim/v2/Me")
def me(state: State, request: Request) -> Answer:
    return {"id": "1", "userName": state.user, "displayName": state.user, "active": True}


@route("GET", "/api/2.0/sql/warehouses")
def warehouses(state: State, request: Request) -> Answer:
    return {"warehouses": state.warehouses}


@route("POST", "/telemetry-ext")
def telemetry(state: State, request: Request) -> Answer:
    return {}
