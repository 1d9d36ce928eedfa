"""Bodies are read strictly, in bounded memory and time: A5 and S17."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import BaseModel

from dq_databricks.service.json import read_strictly
from tests.support.served import app_over

LIMIT = 200_000


class Note(BaseModel):
    """What the test route takes and gives."""

    text: str = ""
    value: float | None = None


def _noted(note: Note) -> Note:
    return note


def _odd() -> Note:
    return Note(value=float("nan"))


def _raw() -> dict[str, object]:
    return {"values": [float("inf"), 1.5, {"x": float("nan")}]}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    app: FastAPI = app_over(tmp_path_factory.mktemp("lake"), max_body_bytes=LIMIT)
    app.post("/api/v1/notes")(_noted)
    app.get("/api/v1/odd")(_odd)
    app.get("/api/v1/raw")(_raw)
    return TestClient(app, raise_server_exceptions=False)


def _send(client: TestClient, body: bytes, kind: str = "application/json") -> tuple[int, str]:
    answer = client.post("/api/v1/notes", content=body, headers={"Content-Type": kind})
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.text


HOSTILE = {
    "deep lists": b"[" * 10_000 + b"]" * 10_000,
    "deep objects": b'{"text":' * 10_000 + b"1" + b"}" * 10_000,
    "never closed": b"[" * 100_000,
    "names twice": b'{"text": "a", "text": "b"}',
    "NaN": b'{"value": NaN}',
    "Infinity": b'{"value": -Infinity}',
    "beyond a double": b'{"value": 1e999}',
    "huge whole number": b'{"value": ' + b"9" * 100_000 + b"}",
    "not UTF-8": b'{"text": "\xff\xfe"}',
    "UTF-16": '{"text": "a"}'.encode("utf-16"),
    "not JSON": b"{'text': 1}",
    "a quote for each byte": b'"' + b'\\"' * 90_000,
    "a byte order mark": b"\xef\xbb\xbf{}",
    "two documents": b"{} {}",
    "half a character": b'{"text": "\\ud800"}',
    "half a character in a name": b'{"\\udfff": 1}',
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a5_a_hostile_body_is_refused_at_once(client: TestClient, name: str) -> None:
    status, text = _send(client, HOSTILE[name])
    assert (status, json.loads(text)["type"]) == (400, "/problems/request")


def test_a5_depth_in_a_text_is_no_depth(client: TestClient) -> None:
    assert _send(client, json.dumps({"text": "[{" * 10_000 + '"'}).encode())[0] == 200


def test_a5_what_fits_json_but_not_the_route_is_422(client: TestClient) -> None:
    status, text = _send(client, b'{"value": "high"}')
    assert status == 422
    assert json.loads(text)["errors"][0]["pointer"] == "/value"


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "", "application/json5"])
def test_other_media_types_are_415(client: TestClient, kind: str) -> None:
    assert _send(client, b"{}", kind)[0] == 415


def test_s17_a_body_that_says_it_is_too_large_is_not_read(client: TestClient) -> None:
    status, text = _send(client, b'{"text": "' + b"x" * LIMIT + b'"}')
    assert (status, json.loads(text)["type"]) == (413, "/problems/request-too-large")


def test_s17_chunks_are_counted_and_memory_is_bounded(client: TestClient) -> None:
    sent = 0

    def chunks() -> Iterator[bytes]:
        nonlocal sent
        for _ in range(100):
            sent += 1
            yield b"x" * 50_000

    tracemalloc.start()
    answer = client.post(
        "/api/v1/notes", content=chunks(), headers={"Content-Type": "application/json"}
    )
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert answer.status_code == 413
    assert peak < 20_000_000


def test_numbers_that_json_lacks_are_answered_as_null(client: TestClient) -> None:
    assert client.get("/api/v1/odd").json() == {"text": "", "value": None}
    assert client.get("/api/v1/raw").json() == {"values": [None, 1.5, {"x": None}]}


def test_whole_characters_may_be_escaped(client: TestClient) -> None:
    status, text = _send(client, b'{"text": "\\ud83d\\ude00"}')
    assert (status, json.loads(text)["text"]) == (200, "\U0001f600")


def test_strict_reading_takes_what_json_allows() -> None:
    text = '{"a": [1, -2.5e3, true, null, "ü\\n\\"{["], "b": {}}'
    assert read_strictly(text.encode()) == json.loads(text)


def test_the_body_of_a_folder_path_is_not_json(tmp_path: Path, client: TestClient) -> None:
    answer = client.post("/nothing", content=b"a=1", headers={"Content-Type": "text/plain"})
    assert answer.status_code == 404
