"""`dq serve`: one command from nothing to a service one can sign in to."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dq_databricks import Quality
from dq_databricks.service.serve import KEY_NAME, sign_in_key
from tests.e2e.conftest import Said
from tests.support.provisioned import put_schema
from tests.support.serving import serving


def test_one_command_serves_what_one_can_sign_in_to(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    with serving(tmp_path / "home", log=log) as served, served.client() as client:
        assert client.get("/ready").json()["status"] == "ready"
        assert client.get("/api/v1/alerts").json() == {"items": [], "next_cursor": None}
        without = client.get("/api/v1/alerts", headers={"X-API-Key": ""})
        assert (without.status_code, without.headers["WWW-Authenticate"]) == (401, "ApiKey")
        forged = client.get("/api/v1/%0A%1B%5B31mforged", headers={"X-Request-Id": "mine"})
        assert forged.status_code == 404
        assert "server" not in forged.headers
        code, seconds = served.stop()
    assert (code, seconds < 15) == (0, True)
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    (told,) = [line for line in lines if line.get("request_id") == "mine"]
    assert told["level"] == "info"
    assert "\x1b" not in log.read_text()
    assert served.key not in log.read_text()


def test_keys_of_earlier_starts_do_not_pile_up(quality: Quality) -> None:
    with quality:
        made = [sign_in_key(quality) for _ in range(4)]
        known = quality.access.keys.list().items
        valid = [key.api_key_id for key in known if key.name == KEY_NAME and key.is_valid]
    assert valid == [made[3].api_key_id, made[2].api_key_id]


def test_background_work_goes_on_and_is_shown(tmp_path: Path) -> None:
    put_schema(tmp_path, "dq_metadata")
    with serving(tmp_path) as served, served.client() as client:
        told = client.get("/ready").json()["background"]
        text = client.get("/metrics").text
        assert set(told) <= {"dispatch", "measure", "purge"}
        assert "dq_http_requests_total" in text
        assert served.key not in text
        assert served.stop(signal.SIGINT)[0] == 0


def test_a_port_that_is_taken_is_said_so(dq: Callable[..., Said]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        said = dq("serve", "--port", port)
    assert said.code == 2
    assert f"port {port} of 127.0.0.1 is taken" in said.err


@pytest.mark.parametrize("host", ["999.1.1.1", "no such host"])
def test_a_host_that_cannot_be_listened_on_is_said_so(dq: Callable[..., Said], host: str) -> None:
    said = dq("serve", "--host", host, "--port", "0")
    assert said.code == 2
    assert "--host" in said.err


def test_without_the_extra_its_name_is_told_and_the_rest_works() -> None:
    program = (
        "import sys; sys.modules['fastapi'] = None; sys.modules['uvicorn'] = None; "
        "from dq_databricks.cli.app import run; "
        "assert run(['checks', '--json']) == 0; sys.exit(run(['serve']))"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert answer.returncode == 3
    assert "pip install 'dq-databricks[service]'" in answer.stderr
