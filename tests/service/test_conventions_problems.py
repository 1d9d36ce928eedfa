"""Every error is a problem: a stable type, the right status, a request id, and no secrets."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from dq_databricks import errors
from dq_databricks.errors import QualityError
from dq_databricks.model.redacting import redacted
from dq_databricks.service.problems import STATUS, problem_of, problem_types
from tests.support.served import app_over


def _classes(kind: type[QualityError]) -> Iterator[type[QualityError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from _classes(child)


class _Raises:
    """An application with a route that raises what it is told."""

    def __init__(self, folder: Path) -> None:
        self.error: Exception = RuntimeError("unset")
        self.app: FastAPI = app_over(folder)
        self.app.get("/raise")(self._raise)
        self.client = TestClient(self.app, raise_server_exceptions=False)

    def _raise(self) -> None:
        raise self.error


@pytest.fixture(scope="module")
def raises(tmp_path_factory: pytest.TempPathFactory) -> _Raises:
    return _Raises(tmp_path_factory.mktemp("lake"))


def test_every_class_of_errors_has_a_status_and_a_type_of_its_own() -> None:
    ours = {kind for kind in _classes(QualityError) if kind.__module__ == errors.__name__}
    assert ours - set(STATUS) == set()
    slugs = [problem_of(kind).slug for kind in ours]
    assert len(slugs) == len(set(slugs))


def _an(kind: type[QualityError]) -> QualityError:
    if kind is errors.TooManyRequestsError:
        return errors.TooManyRequestsError("no", 1.5)
    if kind is errors.DocumentError:
        return errors.DocumentError([errors.Fault("no such thing", 3, "/tests/0")])
    return kind("no such thing")


@pytest.mark.parametrize("kind", sorted(STATUS, key=lambda kind: kind.__name__))
def test_every_error_is_answered_as_its_problem(raises: _Raises, kind: type[QualityError]) -> None:
    raises.error = _an(kind)
    answer = raises.client.get("/raise")
    document = answer.json()
    assert answer.status_code == document["status"] == STATUS[kind]
    assert answer.headers["content-type"] == "application/problem+json"
    assert document["type"] == f"/problems/{problem_of(kind).slug}"
    assert document["instance"] == "/raise"
    assert document["request_id"] == answer.headers["X-Request-Id"]
    assert ("Retry-After" in answer.headers) == (STATUS[kind] in (429, 503))
    assert raises.client.get(document["type"]).status_code == 200


def test_s11_a_full_disk_is_507_storage_full(raises: _Raises) -> None:
    raises.error = errors.StorageFullError("/srv/dq on disk7 is full")
    answer = raises.client.get("/raise")
    assert (answer.status_code, answer.json()["type"]) == (507, "/problems/storage-full")
    assert "disk7" not in answer.text


def test_what_nobody_foresaw_is_logged_once_and_told_to_nobody(
    raises: _Raises, caplog: pytest.LogCaptureFixture
) -> None:
    raises.error = RuntimeError("password=hunter2 at db.internal")
    with caplog.at_level(logging.ERROR, logger="dq_databricks.service"):
        answer = raises.client.get("/raise", headers={"X-Request-Id": "from-client"})
    assert answer.status_code == 500
    assert answer.json()["type"] == "/problems/unexpected"
    assert "hunter2" not in answer.text
    assert "db.internal" not in answer.text
    told = [record for record in caplog.records if record.name == "dq_databricks.service"]
    assert len(told) == 1
    assert told[0].__dict__["request_id"] == "from-client"
    assert "hunter2" not in told[0].getMessage()


def test_an_id_that_a_log_cannot_hold_is_replaced(raises: _Raises) -> None:
    answer = raises.client.get("/health", headers={"X-Request-Id": "a b\tc" + "x" * 90})
    assert len(answer.headers["X-Request-Id"]) == 36


def test_unknown_addresses_and_methods_are_problems(raises: _Raises) -> None:
    missing, method = raises.client.get("/api/v1/nothing"), raises.client.put("/health")
    assert missing.json()["type"] == "/problems/no-such-address"
    assert method.json()["type"] == "/problems/method-not-allowed"
    assert (missing.status_code, method.status_code) == (404, 405)
    assert method.headers["allow"]


def test_a_refused_method_names_every_method_that_the_address_takes(raises: _Raises) -> None:
    many = raises.client.put("/api/v1/runs")
    assert (many.status_code, many.headers["allow"]) == (405, "GET, POST")
    assert raises.client.put("/openapi.json").headers["allow"] == "GET, HEAD"


def test_a_long_address_is_cut_in_the_answer_and_in_the_log(
    raises: _Raises, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="dq_databricks.access_log"):
        answer = raises.client.get("/" + "a" * 60_000)
    assert answer.status_code == 404
    assert len(answer.content) < 5_000
    assert [len(record.getMessage()) < 2_000 for record in caplog.records] == [True]


def test_what_does_not_fit_is_pointed_at(raises: _Raises) -> None:
    answer = raises.client.get("/api/v1/alerts?limit=0")
    assert answer.status_code == 422
    (found,) = answer.json()["errors"]
    assert (found["in"], found["pointer"]) == ("query", "limit")


def test_the_list_of_problems_names_each_kind(raises: _Raises) -> None:
    page = raises.client.get("/problems").text
    assert all(kind.address in page for kind in problem_types())
    assert raises.client.get("/problems/nonsense").status_code == 404


@pytest.mark.parametrize(
    "text",
    [
        "postgres://ada:CANARY@db/x failed",
        "https://CANARY@host/x",
        "Authorization: Bearer CANARYCANARY",
        "SET token = 'CANARY'",
        '{"client_secret": "CANARY"}',
        "?sig=CANARY&x=1",
        "key dqp_CANARYCANARYCANARY",
        "password=CANARY, retry",
    ],
)
def test_a8_secrets_leave_no_trace_in_a_problem(raises: _Raises, text: str) -> None:
    assert "CANARY" not in redacted(text)
    raises.error = errors.TargetError(text)
    assert "CANARY" not in raises.client.get("/raise").text


def test_a_path_is_no_secret_that_is_named() -> None:
    assert redacted("'/etc/passwd': a table is named") == "'/etc/passwd': a table is named"


def test_a9_control_characters_of_names_do_not_reach_answers(raises: _Raises) -> None:
    raises.error = errors.NotFoundError("no row '\x1b[31mred\n2026 INFO forged'")
    detail = raises.client.get("/raise").json()["detail"]
    assert detail == "no row '\\x1b[31mred 2026 INFO forged'"
