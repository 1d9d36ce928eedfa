"""Secret scopes: who may read them, and what they hold."""

from __future__ import annotations

from tests.emulator.workspace.routes import Answer, Refusal, Request, missing, route
from tests.emulator.workspace.state import State

_SECRETS = "/api/2.0/secrets"


@route("POST", f"{_SECRETS}/scopes/create")
def create(state: State, request: Request) -> Answer:
    scope = request.body["scope"]
    if scope in state.scopes:
        raise Refusal(400, "RESOURCE_ALREADY_EXISTS", f"Scope {scope} already exists!")
    state.scopes[scope], state.secrets[scope] = {state.user: "MANAGE"}, {}
    return {}


@route("POST", f"{_SECRETS}/scopes/delete")
def delete(state: State, request: Request) -> Answer:
    scope = _known(state, request.body["scope"])
    del state.scopes[scope], state.secrets[scope]
    return {}


@route("GET", f"{_SECRETS}/scopes/list")
def scopes(state: State, request: Request) -> Answer:
    return {"scopes": [{"name": n, "backend_type": "DATABRICKS"} for n in state.scopes]}


@route("POST", f"{_SECRETS}/acls/put")
def put_acl(state: State, request: Request) -> Answer:
    body = request.body
    state.scopes[_known(state, body["scope"])][body["principal"]] = body["permission"]
    return {}


@route("POST", f"{_SECRETS}/acls/delete")
def delete_acl(state: State, request: Request) -> Answer:
    state.scopes[_known(state, request.body["scope"])].pop(request.body["principal"], None)
    return {}


@route("GET", f"{_SECRETS}/acls/list")
def acls(state: State, request: Request) -> Answer:
    held = state.scopes[_known(state, request.query["scope"])]
    return {"items": [{"principal": p, "permission": level} for p, level in held.items()]}


@route("POST", f"{_SECRETS}/put")
def put(state: State, request: Request) -> Answer:
    body = request.body
    value = body.get("bytes_value") or body["string_value"]
    state.secrets[_known(state, body["scope"])][body["key"]] = value
    return {}


def _known(state: State, scope: str) -> str:
    if scope not in state.scopes:
        raise missing(f"Scope {scope}")
    return scope
