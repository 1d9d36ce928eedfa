"""Connections over the API and on their page: plan, activation, and who may do what."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from dq_databricks.model.ids import Context
from dq_databricks.sql.statement import Statement
from tests.support.service import ServiceUnderTest, service
from tests.support.stocked import create_orders, leaps

API = "/api/v1/connections"
CANARY = "Zx9QmP4vLw7TkR2nYb6HcJ8sDf3GaE5u"
PG: dict[str, Any] = {
    "connection_type": "postgresql",
    "federation_options": {"host": "db.example.com", "port": 5432, "user": "dq", "database": "d"},
    "managed_credentials_ref": "secret:prod/pg",
}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceUnderTest]:
    folder, leaping = tmp_path_factory.mktemp("connections"), Context(monotonic=leaps())
    with service(folder, context=leaping) as under_test:
        create_orders(under_test.quality.engine)
        under_test.quality.engine.execute(Statement("CREATE SCHEMA main.bare"))
        under_test.quality.catalog.add_connection("first")  # brings the project
        yield under_test


@pytest.fixture(scope="module")
def api(served: ServiceUnderTest) -> TestClient:
    return served.as_("editor")


def _added(api: TestClient, name: str, **fields: Any) -> Any:
    answer = api.post(API, json={"name": name, **fields})
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_a_federated_connection_is_added_planned_and_edited(api: TestClient) -> None:
    added = _added(api, "pg", **PG)
    assert (added["uc_connection"], added["supports_history"]) == ("pg", False)
    plan = api.get(f"{API}/{added['connection_id']}/plan", params={"grant_to": ["a`b", "c"]}).json()
    assert len(plan["steps"]) == 4
    assert "password secret('prod', 'pg')" in plan["steps"][0]["statement"]
    assert plan["steps"][2]["statement"].endswith("TO `a``b`")
    edited = api.patch(
        f"{API}/{added['connection_id']}",
        json={"uc_connection": "other"},
        headers={"If-Match": '"v1"'},
    )
    assert edited.json()["uc_connection"] == "other"
    direct = _added(api, "direct", catalog="main")
    refused = api.get(f"{API}/{direct['connection_id']}/plan")
    assert refused.status_code == 422
    assert "nothing has to be made" in refused.json()["detail"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"federation_options": {**PG["federation_options"], "password": CANARY}},
        {"federation_options": {**PG["federation_options"], "user": CANARY}},
        {"managed_credentials_ref": CANARY},
    ],
)
def test_a_secret_in_a_body_is_refused_and_not_answered(
    api: TestClient, wrong: dict[str, Any]
) -> None:
    refused = api.post(API, json={"name": "bad", **PG, **wrong})
    assert refused.status_code == 422
    assert CANARY not in refused.text


def test_activation_answers_where_its_run_is_and_makes_nothing_twice(
    api: TestClient, served: ServiceUnderTest
) -> None:
    added = _added(api, "shop", catalog="main", schema_name="shop")
    address = f"{API}/{added['connection_id']}/activate"
    first = api.post(address, json={"cron": "30 6 * * *"})
    assert first.status_code == 202, first.text
    told = first.json()
    assert (told["tables"], told["job"]["trigger_source"]) == (1, "api")
    assert first.headers["location"] == f"/api/v1/runs/{told['job']['run_id']}"
    again = api.post(address, json={}).json()
    assert (again["made"], again["job"]) == ([], told["job"])
    bare = _added(api, "bare", catalog="main", schema_name="bare")
    refused = api.post(f"{API}/{bare['connection_id']}/activate", json={})
    assert refused.status_code in (404, 422)
    assert "main.bare does not exist or shows no table" in refused.json()["detail"]
    assert api.get(f"{API}/{bare['connection_id']}").json()["status"] == "unhealthy"
    writer = served.as_("editor", scopes=["read", "write"])
    forbidden = writer.post(address, json={})
    assert (forbidden.status_code, "scope run" in forbidden.json()["detail"]) == (403, True)


def test_a_whole_catalog_shows_no_metadata(api: TestClient) -> None:
    added = _added(api, "all", catalog="main")
    schemas = api.post(f"{API}/{added['connection_id']}/discover", json={}).json()
    assert schemas["names"] == ["bare", "shop"]
    done = api.post(f"{API}/{added['connection_id']}/activate", json={"group": "everything"})
    assert (done.status_code, done.json()["tables"]) == (202, 1)


def test_the_page_shows_the_plan_and_no_markup_of_names(
    api: TestClient, served: ServiceUnderTest
) -> None:
    options = {**PG["federation_options"], "database": "<script>alert(1)</script>"}
    added = _added(api, "hostile", **{**PG, "federation_options": options})
    page = served.as_("viewer").get(
        f"/connections/{added['connection_id']}", headers={"Accept": "text/html"}
    )
    assert page.status_code == 200
    assert "CREATE FOREIGN CATALOG IF NOT EXISTS `hostile`" in page.text
    assert "<script>alert(1)" not in page.text
    assert "secret(&#39;prod&#39;, &#39;pg&#39;)" in page.text
    assert "/activate" not in page.text, "a viewer may not activate"
