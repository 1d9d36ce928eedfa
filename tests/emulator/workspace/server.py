"""The http side of the fake workspace."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self
from urllib.parse import parse_qsl, urlsplit

from tests.emulator.workspace import catalog, files, identity, jobs, pages, secrets
from tests.emulator.workspace.routes import Answer, Refusal, Request, find
from tests.emulator.workspace.state import State
from tests.emulator.workspace.tasks import Executor

SUBJECTS = (catalog, files, identity, jobs, pages, secrets)  # imported, so registered
TOKEN = "token-of-the-fake-workspace"


class FakeWorkspace:
    """A workspace whose files lie below `folder` and whose tasks `executor` carries out."""

    def __init__(self, folder: Path, executor: Executor, *, user: str = "ada@example.com") -> None:
        files_of_it = folder / "workspace"
        files_of_it.mkdir(parents=True)
        self.state = State(files_of_it, user, executor)
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.state = self.state
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._thread.start()

    @property
    def host(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.state.executor.cancel()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    state: State


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def do_PATCH(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def _serve(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        split = urlsplit(self.path)
        state = self.server.state
        query = dict(parse_qsl(split.query))
        request = Request(self.command, split.path, query, raw)
        state.calls.append(f"{self.command} {split.path}")
        self._send(*self._answered(state, request))

    def _answered(self, state: State, request: Request) -> tuple[int, Answer]:
        if not request.path.startswith("/.well-known/") and not self._is_known():
            return 401, {"error_code": "UNAUTHENTICATED", "message": "who are you?"}
        found = find(request)
        if found is None:
            state.unknown.append(f"{request.method} {request.path}")
            return 501, {"error_code": "NOT_IMPLEMENTED", "message": f"no {state.unknown[-1]}"}
        handler, request = found
        try:
            with state.lock:
                return 200, handler(state, request)
        except Refusal as refusal:
            return refusal.status, refusal.document()

    def _is_known(self) -> bool:
        return self.headers.get("Authorization") == f"Bearer {TOKEN}"

    def _send(self, status: int, answer: Answer) -> None:
        is_raw = isinstance(answer, bytes)
        content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header(
            "Content-Type", "application/octet-stream" if is_raw else "application/json"
        )
        self.send_header("Content-Length", str(len(content)))
        self.send_header("X-Databricks-Org-Id", "1")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: object) -> None:
        """Keep quiet: tests read `calls` instead."""
