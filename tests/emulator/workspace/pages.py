"""What people look at: dashboards, alerts and apps, and who may."""

from __future__ import annotations

import uuid

from tests.emulator.workspace.files import place_of
from tests.emulator.workspace.routes import Answer, JsonDict, Refusal, Request, missing, route
from tests.emulator.workspace.state import State

_DASHBOARDS, _ALERTS, _APPS = "/api/2.0/lakeview/dashboards", "/api/2.0/alerts", "/api/2.0/apps"


@route("POST", _DASHBOARDS)
def create_dashboard(state: State, request: Request) -> Answer:
    body = request.body
    parent = body.get("parent_path", "")
    if parent and not place_of(state, parent).is_dir():
        raise missing(f"Path ({parent})")
    found = {**body, "dashboard_id": uuid.uuid4().hex, "lifecycle_state": "ACTIVE"}
    found["parent_path"] = parent.removeprefix("/Workspace")
    found["path"] = f"{found['parent_path']}/{body['display_name']}.lvdash.json"
    state.dashboards[found["dashboard_id"]] = _saved(found, request)
    return found


@route("GET", f"{_DASHBOARDS}/{{id}}")
def get_dashboard(state: State, request: Request) -> Answer:
    return _dashboard(state, request)


@route("PATCH", f"{_DASHBOARDS}/{{id}}")
def change_dashboard(state: State, request: Request) -> Answer:
    found = _dashboard(state, request)
    found.update(request.body)
    return _saved(found, request)


@route("DELETE", f"{_DASHBOARDS}/{{id}}")
def trash_dashboard(state: State, request: Request) -> Answer:
    _dashboard(state, request)
    del state.dashboards[request.parts["id"]]
    return {}


@route("POST", f"{_DASHBOARDS}/{{id}}/published")
def publish(state: State, request: Request) -> Answer:
    found = _dashboard(state, request)
    state.published[request.parts["id"]] = {
        "display_name": found["display_name"],
        "embed_credentials": False,
        **request.body,
        "revision_create_time": found["update_time"],
    }
    return state.published[request.parts["id"]]


@route("GET", f"{_DASHBOARDS}/{{id}}/published")
def get_published(state: State, request: Request) -> Answer:
    if request.parts["id"] not in state.published:
        raise missing("The published dashboard")
    return state.published[request.parts["id"]]


@route("POST", _ALERTS)
def create_alert(state: State, request: Request) -> Answer:
    found = {**request.body, "id": str(uuid.uuid4()), "lifecycle_state": "ACTIVE"}
    if not found.get("warehouse_id"):
        raise Refusal(400, "INVALID_PARAMETER_VALUE", "An alert needs a warehouse.")
    state.alerts[found["id"]] = found
    return found


@route("GET", f"{_ALERTS}/{{id}}")
def get_alert(state: State, request: Request) -> Answer:
    if request.parts["id"] not in state.alerts:
        raise missing(f"Alert {request.parts['id']}")
    return state.alerts[request.parts["id"]]


@route("PATCH", f"{_ALERTS}/{{id}}")
def change_alert(state: State, request: Request) -> Answer:
    get_alert(state, request)
    state.alerts[request.parts["id"]].update(request.body)
    return state.alerts[request.parts["id"]]


@route("DELETE", f"{_ALERTS}/{{id}}")
def trash_alert(state: State, request: Request) -> Answer:
    get_alert(state, request)
    del state.alerts[request.parts["id"]]
    return {}


@route("POST", _APPS)
def create_app(state: State, request: Request) -> Answer:
    body = request.body
    if body["name"] in state.apps:
        raise Refusal(409, "ALREADY_EXISTS", f"An app called {body['name']} already exists.")
    is_stopped = request.query.get("no_compute") == "true"
    state.apps[body["name"]] = {
        "resources": [],
        **body,
        "id": str(uuid.uuid4()),
        "service_principal_client_id": str(uuid.uuid5(uuid.NAMESPACE_DNS, body["name"])),
        "service_principal_id": state.number(),
        "compute_status": {"state": "STOPPED" if is_stopped else "ACTIVE"},
        "url": f"https://{body['name']}.example",
    }
    return state.apps[body["name"]]


@route("GET", f"{_APPS}/{{name}}")
def get_app(state: State, request: Request) -> Answer:
    return _app(state, request)


@route("DELETE", f"{_APPS}/{{name}}")
def delete_app(state: State, request: Request) -> Answer:
    _app(state, request)
    return state.apps.pop(request.parts["name"])


@route("POST", f"{_APPS}/{{name}}/update")
def update_app(state: State, request: Request) -> Answer:
    found, asked = _app(state, request), request.body["app"]
    mask = request.body.get("update_mask", "*")
    found.update(asked if mask == "*" else {k: asked.get(k) for k in mask.split(",")})
    return {"status": {"state": "SUCCEEDED"}}


@route("PATCH", f"{_APPS}/{{name}}")
def patch_app(state: State, request: Request) -> Answer:
    found = _app(state, request)
    found.update(request.body)
    return found


@route("GET", f"{_APPS}/{{name}}/update")
def get_update(state: State, request: Request) -> Answer:
    _app(state, request)
    return {"status": {"state": "SUCCEEDED"}}


@route("POST", f"{_APPS}/{{name}}/start")
@route("POST", f"{_APPS}/{{name}}/stop")
def start_or_stop_app(state: State, request: Request) -> Answer:
    found = _app(state, request)
    is_start = request.path.endswith("/start")
    found["compute_status"] = {"state": "ACTIVE" if is_start else "STOPPED"}
    return found


@route("POST", f"{_APPS}/{{name}}/deployments")
def deploy_app(state: State, request: Request) -> Answer:
    found = _app(state, request)
    if not place_of(state, request.body["source_code_path"]).is_dir():
        raise missing(f"Path ({request.body['source_code_path']})")
    deployed = {**request.body, "deployment_id": uuid.uuid4().hex}
    deployed["status"] = {"state": "SUCCEEDED", "message": ""}
    state.deployments[deployed["deployment_id"]] = found["active_deployment"] = deployed
    return deployed


@route("GET", f"{_APPS}/{{name}}/deployments")
def list_deployments(state: State, request: Request) -> Answer:
    active = _app(state, request).get("active_deployment")
    return {"app_deployments": [active] if active else []}


@route("GET", f"{_APPS}/{{name}}/deployments/{{id}}")
def get_deployment(state: State, request: Request) -> Answer:
    if request.parts["id"] not in state.deployments:
        raise missing(f"Deployment {request.parts['id']}")
    return state.deployments[request.parts["id"]]


@route("PUT", "/api/2.0/permissions/{kind}/{id}")
@route("PUT", "/api/2.0/permissions/sql/{kind}/{id}")
def set_permissions(state: State, request: Request) -> Answer:
    key = f"{request.parts['kind']}/{request.parts['id']}"
    state.permissions[key] = request.body["access_control_list"]
    return get_permissions(state, request)


@route("GET", "/api/2.0/permissions/{kind}/{id}")
@route("GET", "/api/2.0/permissions/sql/{kind}/{id}")
def get_permissions(state: State, request: Request) -> Answer:
    given = state.permissions.get(f"{request.parts['kind']}/{request.parts['id']}", [])
    entries = [
        {
            **{key: value for key, value in entry.items() if key != "permission_level"},
            "all_permissions": [{"permission_level": entry["permission_level"]}],
        }
        for entry in given
    ]
    return {"object_id": request.path, "access_control_list": entries}


def _dashboard(state: State, request: Request) -> JsonDict:
    if request.parts["id"] not in state.dashboards:
        raise missing(f"Dashboard {request.parts['id']}")
    return state.dashboards[request.parts["id"]]


def _saved(found: JsonDict, request: Request) -> JsonDict:
    """Every save has an etag and a time of its own; the data set's place comes in the query."""
    for name in ("dataset_catalog", "dataset_schema"):
        if name in request.query:
            found[name] = request.query[name]
    revision = int(found.get("etag", "0")) + 1
    found["etag"], found["update_time"] = str(revision), f"2026-01-01T00:00:{revision % 60:02}Z"
    return found


def _app(state: State, request: Request) -> JsonDict:
    if request.parts["name"] not in state.apps:
        raise missing(f"App with name {request.parts['name']}")
    return state.apps[request.parts["name"]]
