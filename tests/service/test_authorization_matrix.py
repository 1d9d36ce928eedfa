"""Every route of the API, held against everybody who might call it and everybody's objects.

The routes come from the application and the answers from the scope each declares, so a new route
is held to the same rules; it fails here until somebody says what its objects are.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from httpx import Response

from dq_databricks.model.access import ApiKey
from dq_databricks.model.catalog import DEFAULT_WORKSPACE
from dq_databricks.model.ids import Context
from dq_databricks.model.vocabulary import Scope
from dq_databricks.service.api.routes import ROUTERS
from tests.support.service import ServiceUnderTest, make_workspace, service
from tests.support.stocked import Stock, create_orders, leaps, stock

API = "/api/v1"
MISSING = "0195fa11-0000-7000-8000-0000deadbeef"

# Where the value of each path parameter stands in a stock; SHARED holds what belongs to nobody.
OBJECTS = {
    "alert_id": "alert_id",
    "anomaly_id": "anomaly_id",
    "api_key_id": "api_key_id",
    "connection_id": "connection_id",
    "incident_id": "incident_id",
    "job_id": "job_id",
    "key_id": "api_key_id",
    "profile_run_id": "profile_run_id",
    "project_key": "project_key",
    "result_id": "result_id",
    "run_id": "run_id",
    "schedule_id": "schedule_id",
    "table": "table_id",
    "table_group_id": "table_group_id",
    "test_id": "test_id",
    "test_suite_key": "suite",
    "user": "user_id",
    "user_id": "user_id",
    "workspace": "workspace_id",
    "workspace_id": "workspace_id",
}
SHARED = {
    "name": None,
    "organization": "default",
    "organization_id": "default",
    "number": "1",
    "sequence": "1",
}
SHARED_NAMES = {"show_check": "nulls_percent", "show_setting": "user", "edit_setting": "user"}

# Whoever operates the platform sees these of every workspace.
OF_THE_PLATFORM = {"api_key_id", "user", "workspace"}

# Bodies for the routes that look at theirs before they look for the object; @ names one of ours.
BODIES: dict[str, dict[str, object]] = {
    "dispose_anomaly": {"disposition": "confirmed"},
    "edit_table": {"table_group_id": "@table_group_id"},
    "edit_setting": {"value": "x"},
    "resolve_incident": {"resolution": "fixed", "notes": "reloaded"},
    "edit_schedule": {"name": "weekly"},
    "edit_test": {"name": "renamed"},
    "assign_incident": {"assigned_to": "ann"},
    "snooze_incident": {"until": "2099-01-01T00:00:00Z"},
    "mute_incident": {"until": "2099-01-01T00:00:00Z"},
    "comment_on_incident": {"notes": "seen"},
    "give_role": {"role": "viewer"},
}
# Bodies and queries that name an object: the name of the field, and where the rest comes from.
NAMING: dict[str, tuple[str, str, dict[str, object]]] = {
    "add_group": ("connection_id", "connection_id", {"name": "g"}),
    "preview_masks": ("connection_id", "connection_id", {}),
    "add_table": ("table_group_id", "table_group_id", {"target": "main.shop.orders"}),
    "add_test": ("table", "table_id", {"check_type": "row_count_range"}),
    "validate_test": ("table", "table_id", {"check_type": "row_count_range"}),
    "apply_proposals": ("table", "table_id", {}),
    "add_connection": ("project", "project_key", {"name": "c"}),
    "start_run": ("target", "table_id", {"kind": "profile"}),
    "complete_ingestion": ("target", "table_id", {}),
}
# In the bodies, ids are the only things that may differ.
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")


@dataclass(frozen=True)
class Operation:
    """A route with the scope it declares."""

    name: str
    method: str
    path: str
    scope: Scope

    @property
    def parameters(self) -> list[str]:
        return re.findall(r"{(\w+)}", self.path)

    @property
    def names_an_object(self) -> bool:
        return any(parameter in OBJECTS for parameter in self.parameters)

    def address(self, ids: dict[str, str]) -> str:
        values = {
            name: ids[OBJECTS[name]] if name in OBJECTS else self._shared(name)
            for name in self.parameters
        }
        return API + self.path.format(**values)

    def _shared(self, name: str) -> str:
        return SHARED[name] or SHARED_NAMES[self.name]


def _operations() -> Iterator[Operation]:
    for router in ROUTERS:
        for route in router.routes:
            assert isinstance(route, APIRoute)
            for method in sorted(route.methods):
                yield Operation(route.name, method, route.path, _scope(route))


def _scope(route: APIRoute) -> Scope:
    """The scope of the one `asking` dependency of a route: no route does without."""
    scopes = [
        inspect.getclosurevars(dependant.call).nonlocals["scope"]
        for dependant in route.dependant.dependencies
        if dependant.call is not None and dependant.call.__qualname__.startswith("asking.")
    ]
    assert len(scopes) == 1, f"{route.path}: a route has one of Reading, Writing, … first"
    return Scope(scopes[0])


OPERATIONS = list(_operations())
HAS = {
    "viewer": {Scope.READ},
    "editor": {Scope.READ, Scope.WRITE, Scope.RUN},
    "admin": {Scope.READ, Scope.WRITE, Scope.RUN, Scope.ADMIN},
    "platform": set(Scope),
}


@dataclass(frozen=True)
class World:
    """A service with two workspaces, and a client for everybody."""

    ours: dict[str, str]
    theirs: dict[str, str]
    clients: dict[str, TestClient]

    def ask(self, who: str, operation: Operation, ids: dict[str, str]) -> Response:
        return self.clients[who].request(
            operation.method,
            operation.address(ids),
            json=self._body(operation) if operation.method != "GET" else None,
            headers={"If-Match": '"v999"'},
        )

    def _body(self, operation: Operation) -> dict[str, object]:
        body = BODIES.get(operation.name, {})
        return {name: self.ours.get(str(value)[1:], value) for name, value in body.items()}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder, leaping = tmp_path_factory.mktemp("matrix"), Context(monotonic=leaps())
    with service(folder, context=leaping) as under_test:
        quality = under_test.quality
        create_orders(quality.engine)
        ours = stock(quality, DEFAULT_WORKSPACE, "default")
        elsewhere = make_workspace(quality)
        theirs = stock(quality, elsewhere, "other_project")
        yield World(_ids(ours), _ids(theirs), _clients(under_test, elsewhere))


def _ids(found: Stock) -> dict[str, str]:
    return {name: str(value) for name, value in asdict(found).items()}


def _clients(under_test: ServiceUnderTest, elsewhere: str) -> dict[str, TestClient]:
    keys = under_test.quality.access.keys
    expired = keys.create("expired", role="admin", expires_days=1)
    past = {"expires_at": under_test.context.now() - timedelta(seconds=1)}
    under_test.quality.store.table(ApiKey).change([expired.api_key_id], past)
    revoked = keys.create("revoked", role="admin")
    keys.revoke(revoked.api_key_id)
    return {
        "nobody": under_test.client,
        "malformed": under_test.with_key("dqp_no_key_at_all"),
        "expired": under_test.with_key(expired.key),
        "revoked": under_test.with_key(revoked.key),
        "viewer": under_test.as_("viewer"),
        "editor": under_test.as_("editor"),
        "admin": under_test.as_("admin"),
        "platform": under_test.as_("admin", scopes=[scope.value for scope in Scope]),
        "admin elsewhere": under_test.as_("admin", workspace=elsewhere),
    }


def test_every_route_says_what_its_objects_are() -> None:
    unknown = {
        (operation.name, parameter)
        for operation in OPERATIONS
        for parameter in operation.parameters
        if parameter not in OBJECTS and parameter not in SHARED
    }
    assert not unknown, "add them to OBJECTS with a way to make one, or to SHARED"


@pytest.mark.parametrize("who", ["nobody", "malformed", "expired", "revoked"])
def test_a1_no_route_answers_without_a_valid_key(world: World, who: str) -> None:
    answers = {o.name: world.ask(who, o, world.ours) for o in OPERATIONS}
    assert {name: a.status_code for name, a in answers.items() if a.status_code != 401} == {}


@pytest.mark.parametrize("who", ["viewer", "editor", "admin"])
def test_a3_a_scope_that_is_missing_is_named(world: World, who: str) -> None:
    wrong = {}
    for operation in OPERATIONS:
        if operation.scope in HAS[who]:
            continue
        answer = world.ask(who, operation, world.ours)
        if answer.status_code != 403 or operation.scope.value not in answer.json()["detail"]:
            wrong[operation.name] = (answer.status_code, answer.text[:200])
    assert not wrong, _listed(wrong)


def test_whoever_has_the_scope_reaches_the_own_object(world: World) -> None:
    """A version that nobody stored is sent, so changes are refused after the object was found."""
    wrong = {}
    for operation in OPERATIONS:
        who = next(name for name, scopes in HAS.items() if operation.scope in scopes)
        if operation.method != "GET" and who != "platform" and operation.name not in NAMING:
            who = "platform"
        answer = world.ask(who, operation, world.ours)
        if answer.status_code in (401, 403, 404) or answer.status_code >= 500:
            wrong[operation.name] = (answer.status_code, answer.text[:200])
    assert not wrong, _listed(wrong)


@pytest.mark.parametrize("who", ["admin", "platform", "admin elsewhere"])
def test_a2_an_object_of_another_workspace_is_as_missing_as_one_that_never_was(
    world: World, who: str
) -> None:
    foreign = world.ours if who == "admin elsewhere" else world.theirs
    missing = dict.fromkeys(foreign, MISSING)
    wrong = {}
    for operation in OPERATIONS:
        if not operation.names_an_object or operation.scope not in HAS[who.split()[0]]:
            continue
        if who == "platform" and OF_THE_PLATFORM & set(operation.parameters):
            continue
        found, never = world.ask(who, operation, foreign), world.ask(who, operation, missing)
        if found.status_code != 404 or _told(found, foreign) != _told(never, missing):
            wrong[operation.name] = (found.status_code, found.text[:200], never.text[:200])
    assert not wrong, _listed(wrong)


@pytest.mark.parametrize("name", NAMING)
def test_a2_a_body_that_names_an_object_of_another_workspace(world: World, name: str) -> None:
    operation = next(o for o in OPERATIONS if o.name == name)
    field, attribute, rest = NAMING[name]
    answers = [
        world.clients["admin"].post(operation.address(world.ours), json={**rest, field: value})
        for value in (world.theirs[attribute], MISSING)
    ]
    assert [answer.status_code for answer in answers] == [404, 404], answers[0].text
    told = [
        _told(a, {"it": v})
        for a, v in zip(answers, (world.theirs[attribute], MISSING), strict=True)
    ]
    assert told[0] == told[1]


def _listed(wrong: dict[str, tuple[object, ...]]) -> str:
    return "\n".join(f"{name}: {what}" for name, what in sorted(wrong.items()))


def _told(answer: Response, ids: dict[str, str]) -> tuple[int, dict[str, object]]:
    """What an answer says apart from the id that was asked for."""
    told = {name: value for name, value in answer.json().items() if name != "request_id"}
    text = str(told)
    for value in sorted(set(ids.values()), key=len, reverse=True):
        text = text.replace(value, "ID")
    return answer.status_code, {"text": _ID.sub("ID", text)}
