"""What the resources of the API do, on one small table: `main.shop.orders`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from dq_databricks.model.catalog import DEFAULT_WORKSPACE
from dq_databricks.model.ids import Context
from dq_databricks.sql.statement import Statement
from tests.support.service import ServiceUnderTest, service
from tests.support.stocked import TABLE, Stock, create_orders, leaps, stock


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ServiceUnderTest, Stock]]:
    folder, leaping = tmp_path_factory.mktemp("resources"), Context(monotonic=leaps())
    with service(folder, context=leaping) as under_test:
        create_orders(under_test.quality.engine)
        yield under_test, stock(under_test.quality, DEFAULT_WORKSPACE, "default")


@pytest.fixture(scope="module")
def found(shop: tuple[ServiceUnderTest, Stock]) -> Stock:
    return shop[1]


@pytest.fixture(scope="module")
def api(shop: tuple[ServiceUnderTest, Stock]) -> TestClient:
    client = shop[0].as_("editor")
    client.base_url = "http://testserver/api/v1/"
    return client


def _get(api: TestClient, path: str, status: int = 200) -> Any:
    answer = api.get(path)
    assert answer.status_code == status, answer.text
    return answer.json()


def _post(api: TestClient, path: str, body: Any = None, status: int = 200) -> Any:
    answer = api.post(path, json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


# --- tests ---------------------------------------------------------------------------------------


def _new_test(api: TestClient, found: Stock, **more: Any) -> Any:
    body = {"table": found.table_id, "check_type": "nulls_percent", "columns": ["note"], **more}
    return _post(api, "tests", body, 201)


def test_s2_a_test_goes_back_to_an_earlier_version_as_a_new_one(
    api: TestClient, found: Stock
) -> None:
    test = _new_test(api, found, parameters={"max_percent": 10.0}, name="notes")
    address, first = f"tests/{test['test_id']}", {"If-Match": '"v1"'}
    changes = {"parameters": {"max_percent": 90.0}, "name": "most notes"}

    assert api.patch(address, json=changes).status_code == 428
    changed = api.patch(address, json=changes, headers=first)
    assert (changed.status_code, changed.headers["etag"]) == (200, '"v2"')
    assert api.patch(address, json=changes, headers=first).status_code == 412

    back = api.post(f"{address}/versions/1/roll-back", headers={"If-Match": '"v2"'}).json()
    assert (back["version"], back["name"], back["definition"]) == (
        3, "notes", test["definition"],
    )  # fmt: skip
    versions = _get(api, f"{address}/versions")["items"]
    assert [(one["version"], one["change"]) for one in versions] == [
        (3, "update"), (2, "update"), (1, "create"),
    ]  # fmt: skip
    assert api.delete(address, headers={"If-Match": '"v3"'}).status_code == 204
    assert _get(api, f"{address}/versions")["items"][0]["change"] == "delete"
    _get(api, address, 404)


def test_a_dry_run_judges_other_parameters_and_stores_nothing(
    api: TestClient, found: Stock
) -> None:
    before = _get(api, "results")["items"]
    run = f"tests/{found.test_id}/dry-run"
    assert _post(api, run, {})["result_status"] == "fail"
    assert _post(api, run, {"parameters": {"max_percent": 50.0}})["result_status"] == "pass"
    assert _get(api, "results")["items"] == before
    assert api.post(run, json={"parameters": {"most": 1}}).status_code == 422


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("DROP TABLE main.shop.orders", "only reading|one SELECT"),
        ("SELECT 1; DELETE FROM main.shop.orders", "statements"),
        ("SELECT 1 /* ; */ ; -- x\nDELETE FROM main.shop.orders", "statements"),
        ("SELECT 'un", "cannot be read"),
        ("SELECT * FROM main.dq_metadata.dq_api_keys", "not for profiles"),
        ("SELECT * FROM main.`DQ_Metadata`.dq_alerts", "not for profiles"),
        ("SELECT * FROM {table} WHERE 1 IN (SELECT 1 FROM dq_api_keys)", "catalog.schema.table"),
        ("SELECT * FROM csv.`/etc/hosts`", "catalog.schema.table"),
        ("SELECT * FROM read_csv('/etc/hosts')", "function|table"),
    ],
)
def test_d14_sql_that_does_more_than_read_its_table_is_refused_when_it_is_stored(
    api: TestClient, found: Stock, sql: str, why: str
) -> None:
    body = {"table": found.table_id, "check_type": "sql_query_rows", "parameters": {"sql": sql}}
    answer = api.post("tests", json=body)
    assert answer.status_code in (403, 422), answer.text
    assert any(words in answer.json()["detail"] for words in why.split("|"))
    assert _post(api, "tests/validate", body)["is_valid"] is False


@pytest.mark.parametrize("text", ["x'; DROP TABLE main.shop.orders --", "`a` b", "'\"${x}{{7*7}}"])
def test_d15_names_and_values_are_never_sql(api: TestClient, found: Stock, text: str) -> None:
    accepted = {"values": [text], "max_percent": 100.0}
    body = {
        "table": found.table_id,
        "check_type": "accepted_values",
        "columns": ["status"],
        "parameters": accepted,
        "name": text,
    }
    test = _post(api, "tests", body, 201)
    assert test["name"] == text
    assert _post(api, f"tests/{test['test_id']}/dry-run", {})["result_status"] == "pass"
    assert api.get("tests", params={"name": text}).json()["items"][0]["name"] == text
    assert api.post("tests", json={**body, "columns": [text]}).status_code == 422
    assert len(_get(api, f"tables/{found.table_id}/columns")["items"]) == 4


@pytest.mark.parametrize(
    "target", ["/etc/hosts", "../orders.parquet", "file:///etc/hosts", "s3://b/x"]
)
def test_a11_a_path_in_a_request_reads_nothing_and_tells_nothing(
    api: TestClient, target: str
) -> None:
    answer = api.post("tables", json={"target": target})
    assert answer.status_code == 422
    assert "a table is named catalog.schema.table" in answer.json()["detail"]
    assert "did you mean" not in answer.text


# --- results -------------------------------------------------------------------------------------


def test_the_rows_of_a_result_are_those_of_the_version_it_saw(
    shop: tuple[ServiceUnderTest, Stock], api: TestClient, found: Stock
) -> None:
    rows = f"results/{found.result_id}/failed-rows"
    seen = _get(api, rows)
    assert [row[0] for row in seen["rows"]] == [3, 5, 7]
    shop[0].quality.engine.execute(Statement(f"UPDATE {TABLE} SET amount = 1 WHERE order_id = 3"))
    assert _get(api, rows) == seen
    assert _get(api, f"{rows}?limit=2")["is_complete"] is False
    viewer = shop[0].as_("viewer").get(f"/api/v1/{rows}")
    assert (viewer.status_code, "scope write" in viewer.json()["detail"]) == (403, True)


def test_figures_count_every_verdict_of_the_window(api: TestClient, found: Stock) -> None:
    for by, group in (("table", found.table_id), ("suite", found.suite)):
        (rate,) = _get(api, f"pass-rates?by={by}")["items"]
        assert (rate["group"], rate["total"], rate["pass_rate"]) == (group, 1, 0.0)
        assert rate["counts"]["fail"] == 1
    assert len(_get(api, f"trends?table_id={found.table_id}")["items"]) == 1
    assert _get(api, "trends?test_id=none")["items"] == []


# --- profiles, anomalies, proposals --------------------------------------------------------------


def test_a_muted_anomaly_stays_muted_in_the_next_profile(
    shop: tuple[ServiceUnderTest, Stock], api: TestClient, found: Stock
) -> None:
    said = _post(api, f"anomalies/{found.anomaly_id}/disposition", {"disposition": "muted"})
    assert (said["disposition"], said["disposed_by"]) == ("muted", "editor of default")
    report = shop[0].quality.profile(found.table_id)

    again = [
        one
        for one in report.tables[0].anomalies
        if (one.column_name, one.anomaly_type) == (said["column_name"], said["anomaly_type"])
    ]
    assert [one.disposition for one in again] == ["muted"]
    assert all(one.disposition is None for one in report.tables[0].anomalies if one not in again)
    address = f"anomalies?profile_run_id={report.run.profile_run_id}"
    assert len(_get(api, f"{address}&disposition=muted")["items"]) == 1

    pair = f"before={found.profile_run_id}&after={report.run.profile_run_id}"
    (table,) = _get(api, f"profiles/comparison?{pair}")["items"]
    assert (table["change"], table["row_count_before"]) in (("same", 10), ("changed", 10))
    assert {one["column_name"] for one in table["columns"]} == {
        "order_id", "amount", "status", "note",
    }  # fmt: skip


def test_chosen_proposals_are_stored_and_others_are_not(api: TestClient, found: Stock) -> None:
    review = _get(api, f"proposals?table={found.table_id}")
    chosen = review["new"][0]["test_id"]
    choice = {"table": found.table_id, "test_ids": [chosen, "not proposed"]}
    _post(api, "proposals/apply", choice, 404)
    _get(api, f"tests/{chosen}", 404)

    applied = _post(api, "proposals/apply", {**choice, "test_ids": [chosen]})
    assert [test["test_id"] for test in applied["new"]] == [chosen]
    after = _get(api, f"proposals?table={found.table_id}")
    assert len(after["new"]) == len(review["new"]) - 1
    assert _get(api, f"tests/{chosen}/versions")["items"][0]["version"] == 1


# --- catalog -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("schema", "status"), [("shop", "healthy"), ("nowhere", "unhealthy"), (None, "healthy")]
)
def test_a_connection_keeps_how_it_fared(api: TestClient, schema: str | None, status: str) -> None:
    new = {"name": f"to {schema}", "catalog": "main", "schema_name": schema}
    added = _post(api, "connections", new, 201)
    tried = _post(api, f"connections/{added['connection_id']}/test")
    assert tried["status"] == status
    assert (tried["last_error"] is None) == (status == "healthy")
    shown = _get(api, f"connections/{added['connection_id']}")
    assert (shown["status"], shown["version"]) == (status, 1)


def test_the_metadata_is_no_source_of_tables(api: TestClient, found: Stock) -> None:
    schemas = _post(api, f"connections/{found.connection_id}/discover", {"schema_name": "shop"})
    assert schemas["names"] == ["orders"]
    hidden = {"name": "x", "catalog": "main", "schema_name": "DQ_metadata"}
    assert api.post("connections", json=hidden).status_code == 403
    assert api.post("tables", json={"target": "main.dq_metadata.dq_users"}).status_code == 403
    look = {"schema_name": "dq_metadata"}
    discover = f"connections/{found.connection_id}/discover"
    assert api.post(discover, json=look).status_code == 403


def test_lists_are_sorted_and_paged_without_gaps(api: TestClient, found: Stock) -> None:
    for number in range(3):
        _new_test(api, found, name=f"page {number}", columns=["order_id"])
    names, cursor = [], ""
    while True:
        page = _get(api, f"tests?name=page&sort=-name&limit=2{cursor}")
        names += [test["name"] for test in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert names == ["page 2", "page 1", "page 0"]
    assert api.get("tests", params={"sort": "secret"}).status_code == 422
    twice = api.get("tests?name=page&name=other")
    assert (twice.status_code, "2 times" in twice.json()["detail"]) == (400, True)
