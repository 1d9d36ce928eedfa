"""Cursors, ETags, idempotency keys, rate limits and headers: A6, A7, M10, M11."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, Response
from fastapi.testclient import TestClient
from pydantic import BaseModel

from dq_databricks.lifecycle.migrations.scripts import latest_version
from dq_databricks.model.alert import Alert
from dq_databricks.model.history import AnsweredRequest
from dq_databricks.model.ids import Context
from dq_databricks.quality.requests import RequestFace
from dq_databricks.service.asking import Writing
from dq_databricks.sql.statement import Statement
from tests.support.served import app_over

AT = datetime(2026, 1, 1, tzinfo=UTC)


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = AT
        self.context = Context(
            now=lambda: self.now, monotonic=lambda: (self.now - AT).total_seconds()
        )

    def go(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class Made(BaseModel):
    """What the test route answers."""

    number: int
    text: str = ""


class Site:
    """A service with a route that counts how often it was carried out."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.clock = Clock()
        self.made = 0
        self.status = 201
        self.text = ""
        self.hold: Callable[[], object] = lambda: None
        self.app: FastAPI = app_over(folder, context=self.clock.context, **settings)
        self.app.post("/api/v1/things", status_code=201)(self._make)
        self.client = TestClient(self.app, raise_server_exceptions=False)

    def _make(self, asked: Writing, response: Response) -> Made:
        self.made += 1
        self.hold()
        response.status_code = self.status
        response.headers["Location"] = f"/api/v1/things/{self.made}"
        return Made(number=self.made, text=self.text)

    def post(self, key: str | None, body: object = None, **headers: str) -> Any:
        more = {} if key is None else {"Idempotency-Key": key}
        return self.client.post("/api/v1/things", json=body, headers={**more, **headers})


def _alerts(count: int) -> Sequence[Alert]:
    return [
        Alert(
            alert_id=f"a{number}",
            source_type="test_failure",
            source_ref="r",
            severity="fatal",
            title="t",
            project_key="default",
            created_at=AT + timedelta(minutes=number),
            updated_at=AT,
        )
        for number in range(count)
    ]


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


# --- cursors -------------------------------------------------------------------------------------


@pytest.fixture
def listed(site: Site) -> Site:
    service = site.app.state.service
    service.face().store.table(Alert).insert_missing(_alerts(5))
    return site


def test_pages_follow_one_another(listed: Site) -> None:
    first = listed.client.get("/api/v1/alerts?limit=3").json()
    rest = listed.client.get("/api/v1/alerts", params={"cursor": first["next_cursor"]}).json()
    assert [row["alert_id"] for row in first["items"]] == ["a4", "a3", "a2"]
    assert [row["alert_id"] for row in rest["items"]] == ["a1", "a0"]
    assert rest["next_cursor"] is None


def test_a6_a_changed_cursor_is_400(listed: Site) -> None:
    cursor = listed.client.get("/api/v1/alerts?limit=3").json()["next_cursor"]
    for bad in (cursor[:-3], "A" + cursor[1:], cursor + "AA", "nonsense", "ü", "%00"):
        answer = listed.client.get("/api/v1/alerts", params={"cursor": bad})
        assert (answer.status_code, answer.json()["type"]) == (400, "/problems/cursor"), bad


def test_a6_a_cursor_of_another_workspace_or_listing_is_400(listed: Site) -> None:
    cursor = listed.client.get("/api/v1/alerts?limit=3").json()["next_cursor"]
    foreign = listed.client.get(
        "/api/v1/alerts", params={"cursor": cursor}, headers={"X-API-Key": "eve"}
    )
    other = listed.client.get("/api/v1/alerts", params={"cursor": cursor, "only_open": True})
    assert (foreign.status_code, other.status_code) == (400, 400)


def test_a6_a_cursor_made_without_the_secret_is_400(listed: Site) -> None:
    """Whoever knows the scheme, but not the secret, makes no cursor."""
    face = listed.app.state.service.face()
    unsigned = face.acting(face.actor, ("default",)).alerts(limit=3).next_cursor
    answer = listed.client.get("/api/v1/alerts", params={"cursor": unsigned})
    assert answer.status_code == 400


# --- ETags ---------------------------------------------------------------------------------------


def test_what_a_client_has_is_not_sent_again(listed: Site) -> None:
    first = listed.client.get("/api/v1/alerts/a1")
    tag = first.headers["ETag"]
    again = listed.client.get("/api/v1/alerts/a1", headers={"If-None-Match": f'"v9", {tag}'})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    listed.client.post("/api/v1/alerts/a1/acknowledge")
    changed = listed.client.get("/api/v1/alerts/a1", headers={"If-None-Match": tag})
    assert (changed.status_code, changed.json()["acknowledged"]) == (200, True)


# --- idempotency ---------------------------------------------------------------------------------


def test_a7_a_repeated_request_is_answered_as_the_first_time(site: Site) -> None:
    first, again = site.post("k1", {"a": 1}), site.post("k1", {"a": 1})
    assert site.made == 1
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert again.headers["Location"] == first.headers["Location"]
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers


def test_a7_another_body_is_422(site: Site) -> None:
    site.post("k1", {"a": 1})
    answer = site.post("k1", {"a": 2})
    assert (answer.status_code, site.made) == (422, 1)
    assert answer.json()["type"] == "/problems/idempotency-mismatch"


def test_a7_keys_of_others_are_other_keys(site: Site) -> None:
    site.post("k1")
    site.post("k1", **{"X-API-Key": "bob"})
    site.post("k1", **{"X-API-Key": "eve"})
    site.post("k2")
    site.post(None)
    assert site.made == 5


def test_a7_of_concurrent_twins_one_is_carried_out(site: Site) -> None:
    inside, go_on = threading.Event(), threading.Event()
    site.hold = lambda: (inside.set(), go_on.wait(10))
    answers: list[Any] = []
    first = threading.Thread(target=lambda: answers.append(site.post("k1")))
    first.start()
    assert inside.wait(10)
    twin = site.post("k1")
    go_on.set()
    first.join(10)
    assert (twin.status_code, twin.json()["type"]) == (409, "/problems/in-progress")
    assert (answers[0].status_code, site.post("k1").json(), site.made) == (
        201,
        answers[0].json(),
        1,
    )


@pytest.mark.parametrize("refused", [404, 412, 503])
def test_a7_what_was_refused_can_be_repeated(site: Site, refused: int) -> None:
    site.status = refused
    assert site.post("k1").status_code == refused
    site.status = 201
    assert site.post("k1").status_code == 201
    assert site.made == 2


def _dies(face: RequestFace, claimed: AnsweredRequest) -> None:
    """What a process that was killed does about its claim."""


def test_a7_a_claim_whose_owner_died_is_taken_over_after_a_minute(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.status = 503
    with monkeypatch.context() as patched:
        patched.setattr(RequestFace, "release", _dies)
        site.post("k1")
    site.status = 201
    assert site.post("k1").status_code == 409
    site.clock.go(61)
    assert site.post("k1").status_code == 201


def test_a7_keys_are_forgotten_after_a_day(site: Site) -> None:
    site.post("k1")
    site.clock.go(24 * 3600 + 1)
    assert site.app.state.service.face().requests.purge() == 1
    assert site.post("k1").json() == {"number": 2, "text": ""}


def test_a7_a_secret_is_shown_once_and_never_stored(site: Site, tmp_path: Path) -> None:
    site.text = "dqp_" + "s" * 43
    assert site.text in site.post("k1").text
    again = site.post("k1")
    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (409, "true")
    rows = site.app.state.service.engine.query(
        Statement("SELECT body FROM `main`.`dq_metadata`.`dq_answered_requests`")
    )
    assert rows.to_pylist() == [{"body": None}]


@pytest.mark.parametrize("key", ["", "ü".encode().decode("latin-1"), "x" * 256, "a b"])
def test_a_key_that_is_none_is_400(site: Site, key: str) -> None:
    answer = site.client.post(
        "/api/v1/things", headers=[(b"Idempotency-Key", key.encode("latin-1"))]
    )
    assert (answer.status_code, site.made) == (400, 0)


def test_a_key_does_not_help_who_may_not_ask(site: Site) -> None:
    assert site.post("k1", **{"X-API-Key": "nobody"}).status_code == 401


# --- limits and headers --------------------------------------------------------------------------


def test_each_key_has_its_own_rate(tmp_path: Path) -> None:
    site = Site(tmp_path, rate_limit_per_s=2, rate_limit_burst=3)
    statuses = [site.client.get("/api/v1/alerts").status_code for _ in range(4)]
    assert statuses == [200, 200, 200, 429]
    refused = site.client.get("/api/v1/alerts")
    assert refused.headers["Retry-After"] == "1"
    assert refused.headers["RateLimit-Limit"] == "3"
    assert refused.json()["retry_after_s"] == 0.5
    other = site.client.get("/api/v1/alerts", headers={"X-API-Key": "bob"})
    assert (other.status_code, other.headers["RateLimit-Remaining"]) == (200, "2")
    site.clock.go(0.5)
    assert site.client.get("/api/v1/alerts").status_code == 200
    assert site.client.get("/health").status_code == 200


def test_answers_carry_safe_headers_and_no_server(site: Site) -> None:
    headers = site.client.get("/docs").headers
    assert "unsafe-inline" not in headers["Content-Security-Policy"].split("style-src-attr")[0]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "server" not in headers
    assert "strict-transport-security" not in headers
    secure = TestClient(site.app, base_url="https://testserver").get("/health")
    assert "max-age" in secure.headers["Strict-Transport-Security"]


def test_other_sites_may_ask_only_when_told_so(site: Site, tmp_path: Path) -> None:
    ask = {"Origin": "https://a.example", "Access-Control-Request-Method": "GET"}
    assert site.client.options("/api/v1/alerts", headers=ask).status_code == 405
    open_site = Site(tmp_path, cors_origins="https://a.example")
    answer = open_site.client.options("/api/v1/alerts", headers=ask)
    assert answer.headers["access-control-allow-origin"] == "https://a.example"
    bad = open_site.client.options("/api/v1/alerts", headers={**ask, "Origin": "https://b.example"})
    assert "access-control-allow-origin" not in bad.headers


def test_documentation_comes_from_this_host_alone(site: Site) -> None:
    page = site.client.get("/docs").text
    assert "http" not in page.replace("https://", "http").split("<main>")[0]
    assert "<script" not in page
    assert "/api/v1/alerts/{alert_id}/acknowledge" in page


def test_metrics_count_by_route_and_name_no_key(site: Site) -> None:
    site.client.get("/api/v1/alerts/a1")
    site.client.get("/api/v1/alerts/a2")
    text = site.client.get("/metrics").text
    wanted = 'requests_total{method="GET",route="/api/v1/alerts/{alert_id}",status="404"} 2.0'
    assert wanted in text
    assert "key-ada" not in text
    assert "dq_cache_reads" in text


# --- the schema ----------------------------------------------------------------------------------


def _set_version(site: Site, version: int) -> None:
    text = "UPDATE `main`.`dq_metadata`.`dq_settings` SET value = :v WHERE key = 'schema_version'"
    site.app.state.service.engine.execute(Statement(text, {"v": str(version)}))


def test_m10_a_newer_schema_is_read_and_not_written(listed: Site) -> None:
    _set_version(listed, latest_version() + 1)
    assert listed.client.get("/api/v1/alerts").status_code == 200
    refused = listed.client.post("/api/v1/alerts/a1/acknowledge")
    assert (refused.status_code, refused.json()["type"]) == (503, "/problems/schema-newer")
    assert listed.client.get("/ready").json()["type"] == "/problems/schema-newer"


def test_m11_an_older_schema_refuses_writes_and_is_not_ready(tmp_path: Path) -> None:
    site = Site(tmp_path, data_quality_auto_manage_tables=False)
    assert site.client.get("/ready").json()["status"] == "ready"
    _set_version(site, latest_version() - 1)
    refused = site.client.post("/api/v1/alerts/a1/acknowledge")
    assert (refused.status_code, refused.json()["type"]) == (503, "/problems/schema-behind")
    assert refused.headers["Retry-After"]
    ready = site.client.get("/ready")
    assert (ready.status_code, ready.json()["type"]) == (503, "/problems/schema-behind")
    assert site.client.get("/health").status_code == 200


def test_m11_a_service_without_a_schema_says_so(tmp_path: Path) -> None:
    (tmp_path / "lake").mkdir()
    site = Site(tmp_path, data_quality_auto_manage_tables=False)
    assert site.client.get("/ready").status_code == 503
    assert site.client.get("/api/v1/alerts").json()["type"] == "/problems/schema-behind"
