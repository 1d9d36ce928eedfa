"""Unity Catalog: schemas, volumes, and who may do what with them."""

from __future__ import annotations

from tests.emulator.workspace.routes import Answer, JsonDict, Refusal, Request, missing, route
from tests.emulator.workspace.state import State

_UC = "/api/2.1/unity-catalog"


@route("POST", f"{_UC}/schemas")
def create_schema(state: State, request: Request) -> Answer:
    body = request.body
    return _create(state, "schema", f"{body['catalog_name']}.{body['name']}", body)


@route("POST", f"{_UC}/volumes")
def create_volume(state: State, request: Request) -> Answer:
    body = request.body
    schema = f"{body['catalog_name']}.{body['schema_name']}"
    if f"schema/{schema}" not in state.securables:
        raise missing(f"Schema '{schema}'")
    return _create(state, "volume", f"{schema}.{body['name']}", body)


@route("GET", f"{_UC}/schemas/{{name}}")
@route("GET", f"{_UC}/volumes/{{name}}")
def get(state: State, request: Request) -> Answer:
    return state.securables[_known(state, request)]


@route("PATCH", f"{_UC}/schemas/{{name}}")
@route("PATCH", f"{_UC}/volumes/{{name}}")
def change(state: State, request: Request) -> Answer:
    found = state.securables[_known(state, request)]
    found.update(request.body)
    return found


@route("DELETE", f"{_UC}/schemas/{{name}}")
@route("DELETE", f"{_UC}/volumes/{{name}}")
def delete(state: State, request: Request) -> Answer:
    key = _known(state, request)
    del state.securables[key]
    state.grants.pop(key, None)
    return {}


@route("GET", f"{_UC}/permissions/{{kind}}/{{name}}")
def get_grants(state: State, request: Request) -> Answer:
    held = state.grants.get(f"{request.parts['kind']}/{request.parts['name']}", {})
    return {
        "privilege_assignments": [
            {"principal": principal, "privileges": sorted(privileges)}
            for principal, privileges in held.items()
            if privileges
        ]
    }


@route("PATCH", f"{_UC}/permissions/{{kind}}/{{name}}")
def change_grants(state: State, request: Request) -> Answer:
    held = state.grants.setdefault(f"{request.parts['kind']}/{request.parts['name']}", {})
    for asked in request.body.get("changes", []):
        own = held.setdefault(asked["principal"], set())
        removed = set(asked.get("remove", ()))
        own -= own if "ALL_PRIVILEGES" in removed else removed
        own |= set(asked.get("add", ()))
    return get_grants(state, request)


def _create(state: State, kind: str, name: str, body: JsonDict) -> JsonDict:
    key = f"{kind}/{name}"
    if key in state.securables:
        raise Refusal(400, f"{kind.upper()}_ALREADY_EXISTS", f"'{name}' already exists.")
    state.securables[key] = {**body, "full_name": name, "owner": state.user}
    return state.securables[key]


def _known(state: State, request: Request) -> str:
    kind = "schema" if "/schemas/" in request.path else "volume"
    key = f"{kind}/{request.parts['name']}"
    if key not in state.securables:
        raise missing(f"{kind.title()} '{request.parts['name']}'")
    return key
