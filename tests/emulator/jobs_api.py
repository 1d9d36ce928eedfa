"""The Jobs API on loopback: run-now with idempotency tokens, runs/get and runs/cancel, faults."""

from __future__ import annotations

import json
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from tests.emulator.faults import Fault, Script

_NAMES = {"run-now": "run-now", "get": "get", "cancel": "cancel"}


@dataclass
class FakeRun:
    """One run of the platform; tests set its states."""

    run_id: int
    job_id: int
    token: str
    parameters: dict[str, str]
    life_cycle_state: str = "PENDING"
    result_state: str | None = None
    message: str = ""
    cancels: int = 0

    def end(self, result_state: str, message: str = "") -> None:
        self.life_cycle_state, self.result_state, self.message = "TERMINATED", result_state, message

    def document(self) -> dict[str, Any]:
        state = {"life_cycle_state": self.life_cycle_state, "state_message": self.message}
        if self.result_state is not None:
            state["result_state"] = self.result_state
        return {"run_id": self.run_id, "job_id": self.job_id, "state": state}


@dataclass
class JobsApiFake:
    """A workspace with a Jobs API. `runs` are those that were started, by id."""

    runs: dict[int, FakeRun] = field(default_factory=dict)
    most_open: int = 1_000
    script: Script = field(default_factory=Script)
    calls: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.fake = self
        self._lock = threading.Lock()
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._thread.start()

    @property
    def host(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def forget(self, run_id: int) -> None:
        """Let the history of a run expire."""
        del self.runs[run_id]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, call: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        with self._lock:
            if call == "run-now":
                return self._run_now(body)
            run = self.runs.get(int(body["run_id"]))
            if run is None:
                message = f"Run {body['run_id']} does not exist."
                return 400, {"error_code": "INVALID_PARAMETER_VALUE", "message": message}
            if call == "cancel":
                run.cancels += 1
                return 200, {}
            return 200, run.document()

    def _run_now(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        known = [run for run in self.runs.values() if run.token == body["idempotency_token"]]
        if known:
            return 200, {"run_id": known[0].run_id}
        if (
            sum(run.life_cycle_state != "TERMINATED" for run in self.runs.values())
            >= self.most_open
        ):
            return 429, {"error_code": "QUOTA_EXCEEDED", "message": "too many active runs"}
        run_id = 1_000 + len(self.runs)
        self.runs[run_id] = FakeRun(
            run_id, int(body["job_id"]), body["idempotency_token"], body["job_parameters"]
        )
        return 200, {"run_id": run_id}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    fake: JobsApiFake


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        self._serve({name: values[0] for name, values in query.items()})

    def do_POST(self) -> None:
        self._serve(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def _serve(self, body: dict[str, Any]) -> None:
        path = urlsplit(self.path).path
        call = _NAMES.get(path.rpartition("/")[2], "")
        if "/jobs/" not in path or not call:
            self._send(404, {"error_code": "ENDPOINT_NOT_FOUND", "message": path})
            return
        fake = self.server.fake
        fake.calls.append(call)
        fault = fake.script.next(call)
        if fault is None:
            self._send(*fake.answer(call, body))
        else:
            self._fail(fault, call, body)

    def _fail(self, fault: Fault, call: str, body: dict[str, Any]) -> None:
        if fault.kind in ("status_after", "drop_after", "delay"):
            answer = self.server.fake.answer(call, body)
        if fault.kind == "delay":
            time.sleep(fault.seconds)
            with suppress(OSError):
                self._send(*answer)
        elif fault.kind.startswith("drop"):
            self.close_connection = True
            self.connection.close()
        else:
            self._send(fault.status, {"error_code": "FAULT", "message": fault.message})

    def _send(self, status: int, document: dict[str, Any]) -> None:
        text = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *args: object) -> None:
        """Keep quiet: tests read `calls` instead."""
