"""The service as a Databricks App: a real process, the warehouse and the Jobs API behind it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from dq_databricks import open_quality
from dq_databricks.service import serve
from dq_databricks.service.serve import APP_CANCEL_S, APP_GRACE_S, APP_LIMIT_S, EXIT_NOT_IN_TIME
from dq_databricks.sql.statement import Statement
from tests.emulator.faults import Fault
from tests.support.app import (
    SERVICE_SECRET,
    TEST_JOB,
    RunningApp,
    running_app,
)
from tests.support.jobs import waited
from tests.support.provisioned import put_schema
from tests.support.workspace import CLIENT_SECRET, TOKEN, Workspace, workspace
from tools.app_source import build

API = "/api/v1"
ADMIN, STRANGER = "Ada@Example.com", "eve@example.com"


@pytest.fixture
def behind(tmp_path: Path) -> Iterator[Workspace]:
    """A workspace whose metadata a job has migrated already."""
    put_schema(tmp_path / "home", "dq_metadata")
    with workspace(tmp_path / "home") as found:
        yield found


@pytest.fixture
def app(behind: Workspace, tmp_path: Path) -> Iterator[RunningApp]:
    with running_app(behind, tmp_path) as running:
        yield running


def _with_table(home: Path) -> str:
    """The id of a table with one test."""
    with open_quality(home=home, durable=False) as quality:
        quality.engine.execute(Statement("CREATE SCHEMA IF NOT EXISTS main.shop"))
        quality.engine.execute(Statement("CREATE TABLE main.shop.orders (n BIGINT) USING DELTA"))
        quality.add_test("main.shop.orders", "row_count", parameters={"min_count": 1})
        return quality.catalog.table("main.shop.orders").table_id


def test_the_platform_names_people_and_nobody_else_comes_in(
    app: RunningApp, behind: Workspace
) -> None:
    assert behind.warehouse.count("OpenSession") == 0, "starting up started the warehouse"
    with app.of() as nobody, app.of(ADMIN) as admin, app.of(STRANGER) as stranger:
        assert nobody.get(f"{API}/alerts").status_code == 401
        assert nobody.get("/").headers["Location"].startswith("/sign-in")
        assert admin.get("/").status_code == 200
        assert "ada@example.com" in admin.get("/").text
        assert admin.get(f"{API}/organizations").status_code == 200
        assert admin.get("/ready").json()["engine"] == "warehouse"
        refused = stranger.get("/")
        assert refused.status_code == 403
        assert "eve@example.com is signed in to Databricks, but has not been added" in refused.text
        assert "ask ada@example.com to add this address" in refused.text
        made = admin.post(
            f"{API}/users", json={"email": STRANGER, "username": "eve", "role": "viewer"}
        )
        assert made.status_code == 201
        assert stranger.get(f"{API}/alerts").status_code == 200
        assert stranger.get(f"{API}/keys").status_code == 403
    assert "client_credentials" in behind.sign_ins


def test_a_run_that_is_asked_for_becomes_one_run_of_the_databricks_job(
    app: RunningApp, behind: Workspace, tmp_path: Path
) -> None:
    table_id = _with_table(tmp_path / "home")
    with app.of(ADMIN) as admin:
        asked = admin.post(f"{API}/runs", json={"kind": "test", "target": table_id})
        assert asked.status_code == 202, asked.text
        job = asked.json()
        started = waited(lambda: next(iter(behind.jobs.runs.values()), None))
        assert (str(started.job_id), started.token) == (TEST_JOB, job["run_id"])
        assert started.parameters["run_id"] == job["run_id"]
        # The run of the platform ends without its worker; the app tells so, and starts no other.
        started.end("FAILED", "no worker came")
        shown = waited(lambda: _ended(admin, job["run_id"]))
        assert shown["status"] == "failed"
        assert app.stop() == 0
    assert behind.jobs.calls.count("run-now") == 1
    assert behind.refused == []


def _ended(client: httpx.Client, run_id: str) -> dict[str, str] | None:
    shown: dict[str, str] = client.get(f"{API}/runs/{run_id}").json()
    return shown if shown["is_ended"] else None


def test_a_page_of_strangers_can_change_nothing_in_somebodys_name(app: RunningApp) -> None:
    with app.of(ADMIN, **{"Sec-Fetch-Site": "same-site"}) as lured:
        assert lured.get(f"{API}/alerts").status_code == 200
        refused = lured.post(f"{API}/projects", json={"project_key": "stolen", "name": "stolen"})
        assert (refused.status_code, "another address" in refused.text) == (403, True)


def test_what_the_app_says_is_json_and_holds_no_secret(app: RunningApp, behind: Workspace) -> None:
    with app.of(ADMIN) as admin:
        assert admin.get("/").status_code == 200
        behind.warehouse.script.set(Fault("status", times=100, status=403, message="no " + TOKEN))
        assert admin.get("/suites").status_code >= 400
    behind.warehouse.script.set()
    assert app.stop() == 0
    lines = [json.loads(line) for line in app.output.splitlines()]
    assert any("serving on" in line["message"] for line in lines)
    for secret in (CLIENT_SECRET, SERVICE_SECRET, TOKEN, "dqp_"):
        assert secret not in app.output, secret


def test_what_is_missing_is_said_and_nothing_is_made(tmp_path: Path) -> None:
    with workspace(tmp_path / "home") as found, running_app(found, tmp_path) as app:
        with app.of(ADMIN) as admin:
            ready = admin.get("/ready")
            assert ready.status_code == 503
            assert "has no tables yet" in ready.json()["detail"]
            assert admin.get("/health").status_code == 200
            assert admin.get("/").status_code == 503
        assert app.stop() == 0
        assert found.warehouse.count("ExecuteStatement", "CREATE") == 0


def test_requests_in_flight_finish_when_the_platform_stops_the_app(
    app: RunningApp, behind: Workspace
) -> None:
    with app.of(ADMIN) as admin:
        assert admin.get(f"{API}/alerts").status_code == 200
        before = behind.warehouse.count("ExecuteStatement")
        behind.warehouse.script.set(Fault("delay", seconds=2.0))
        answers: list[int] = []
        asking = threading.Thread(
            target=lambda: answers.append(admin.get(f"{API}/incidents").status_code)
        )
        asking.start()
        waited(lambda: behind.warehouse.count("ExecuteStatement") > before or None)
        assert app.stop() == 0
        asking.join()
    assert answers == [200]


def test_a_statement_that_never_ends_does_not_keep_the_app_alive(
    app: RunningApp, behind: Workspace
) -> None:
    with app.of(ADMIN) as admin:
        assert admin.get(f"{API}/alerts").status_code == 200
        behind.warehouse.script.set(Fault("hang", times=100))
        asking = threading.Thread(target=_asked_in_vain, args=(admin, f"{API}/incidents"))
        asking.start()
        waited(lambda: behind.warehouse.service.operations or None)
        code = app.stop()
        asking.join()
    # On a machine too busy to be told in time, it gives up by itself, and is still not killed.
    assert code in (0, EXIT_NOT_IN_TIME), app.output
    assert behind.warehouse.service.cancelled, "the warehouse was left with the statement"


def test_the_app_gives_up_before_the_platform_kills_it() -> None:
    assert APP_GRACE_S + APP_CANCEL_S < APP_LIMIT_S < 15


def test_an_app_that_cannot_end_ends_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[int] = []
    monkeypatch.setattr(serve, "APP_LIMIT_S", 0.0)
    monkeypatch.setattr(serve.os, "_exit", ended.append)
    serve._end_in_time()
    assert waited(lambda: ended or None) == [EXIT_NOT_IN_TIME]


def _asked_in_vain(client: httpx.Client, path: str) -> None:
    try:
        client.get(path)
    except httpx.TransportError:
        return


def test_the_code_that_runs_is_the_folder_that_was_deployed(
    behind: Workspace, tmp_path: Path
) -> None:
    folder = tmp_path / "source"
    build(folder)
    with (folder / "dq_databricks" / "service" / "static" / "app.css").open("a") as style:
        style.write("/* deployed */")
    with running_app(behind, tmp_path, cwd=folder, PYTHONPATH="") as app, app.of(ADMIN) as admin:
        assert admin.get("/").status_code == 200
        assert admin.get("/static/app.css").text.endswith("/* deployed */")
        assert app.stop() == 0
