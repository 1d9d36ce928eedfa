"""Loads told of over HTTP."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.service import service
from tests.support.tasks import ORDERS, make_orders

ADDRESS = "/api/v1/ingestions"


def test_a_load_is_answered_at_once_and_leads_to_one_run(tmp_path: Path) -> None:
    with service(tmp_path / "home") as under_test:
        make_orders(under_test.quality, 1)
        under_test.quality.catalog.add_table(make_orders(under_test.quality, 1, table="other"))
        client = under_test.as_("editor")
        body = {"target": ORDERS, "key": "load 1"}
        first, again = (client.post(ADDRESS, json=body) for _ in range(2))
        assert (first.status_code, again.status_code) == (202, 202), first.text
        told = first.json()
        assert (told["kind"], told["is_new"], told["is_repeat"]) == ("profile", True, False)
        assert again.json()["job_id"] == told["job_id"]
        assert again.json()["is_repeat"]
        shown = client.get(first.headers["Location"]).json()
        assert (shown["run_id"], shown["status"]) == (told["run_id"], "pending")
        assert shown["trigger_source"] == "ingestion"


def test_a_key_that_may_only_run_puts_no_table_under_watch(tmp_path: Path) -> None:
    with service(tmp_path / "home") as under_test:
        make_orders(under_test.quality, 1)
        runner = under_test.as_("editor", scopes=["read", "run"])
        assert runner.post(ADDRESS, json={"target": ORDERS}).status_code == 404
        under_test.quality.catalog.add_table(ORDERS)
        assert runner.post(ADDRESS, json={"target": ORDERS}).status_code == 202


@pytest.mark.parametrize(
    ("address", "body"),
    [(ADDRESS, {"target": ORDERS}), ("/api/v1/runs", {"kind": "profile", "target": ORDERS})],
)
def test_a_workspace_without_a_project_is_told_to_add_one_and_gets_none_unasked(
    tmp_path: Path, address: str, body: dict[str, str]
) -> None:
    with service(tmp_path / "home") as under_test:
        make_orders(under_test.quality, 1)
        client = under_test.as_("admin")
        refused = [client.post(address, json=body) for _ in range(2)]
        assert [one.status_code for one in refused] == [422, 422]
        assert "add one first" in refused[0].json()["detail"]
        assert client.get("/api/v1/projects").json()["items"] == []
        assert (
            client.post("/api/v1/projects", json={"project_key": "p", "name": "P"}).status_code
            == 201
        )
        assert client.post(address, json=body).status_code == 202
