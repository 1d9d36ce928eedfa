"""A whole workspace on one loopback address: sign-in, a SQL warehouse, the Jobs API.

What the parts answer stays theirs: the warehouse emulator and the fake Jobs API stand behind it.
"""

from __future__ import annotations

import base64
import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from dq_databricks.engine.local import LocalEngine
from tests.emulator import Emulator
from tests.emulator.jobs_api import JobsApiFake
from tests.emulator.workspace_api import WorkspaceApi
from tests.support.local_engine import SHARED

CLIENT_ID, CLIENT_SECRET = "6f3c9a40-app-client", "s3cr3t-of-the-app-0123456789abcdef"
TOKEN = "opaque-token-from-m2m-sign-in"
WAREHOUSE_ID = "w1"


@dataclass
class Workspace:
    """What a test looks at: the parts, and who signed in how often."""

    warehouse: Emulator
    jobs: JobsApiFake
    host: str = ""
    api: WorkspaceApi = field(default_factory=WorkspaceApi)
    sign_ins: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


@contextmanager
def workspace(home: Path) -> Iterator[Workspace]:
    """A workspace whose catalog `main` is the lake below `home`."""
    with ExitStack() as stack:
        lake = stack.enter_context(
            LocalEngine(home, catalog="main", durable=False, database=SHARED)
        )
        jobs = stack.enter_context(JobsApiFake())
        warehouse = stack.enter_context(Emulator(lake, tokens=frozenset({TOKEN})))
        found = Workspace(warehouse, jobs)
        server = _Front(("127.0.0.1", 0), _Handler)
        server.workspace = found
        found.host = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(
            target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        thread.start()
        stack.callback(thread.join)
        stack.callback(server.server_close)
        stack.callback(server.shutdown)
        yield found


class _Front(ThreadingHTTPServer):
    daemon_threads = True
    workspace: Workspace


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Front

    def do_GET(self) -> None:
        self._route("GET", b"")

    def do_DELETE(self) -> None:
        self._route("DELETE", self.rfile.read(int(self.headers.get("Content-Length", "0"))))

    def do_POST(self) -> None:
        self._route("POST", self.rfile.read(int(self.headers.get("Content-Length", "0"))))

    def _route(self, method: str, body: bytes) -> None:
        found, path = self.server.workspace, urlsplit(self.path).path
        if path == "/.well-known/databricks-config":
            self._say(200, {"oidc_endpoint": f"{found.host}/oidc", "workspace_id": "1"})
        elif path.startswith("/oidc/"):
            self._sign_in(path, body)
        elif path.startswith("/sql/"):
            self._pass_on(found.warehouse.host, method, body)
        elif self.headers.get("Authorization") != f"Bearer {TOKEN}":
            found.refused.append(path)
            self._say(401, {"error_code": "UNAUTHENTICATED", "message": "who are you?"})
        elif (answer := self._own(method, path, body)) is not None:
            self._say(*answer)
        else:
            self._pass_on(found.jobs.host, method, body)

    def _own(self, method: str, path: str, body: bytes) -> tuple[int, dict[str, object]] | None:
        asked = parse_qs(urlsplit(self.path).query)
        query = {name: values[0] for name, values in asked.items()}
        text = body.decode()
        document = json.loads(text) if text else {}
        answer: tuple[int, dict[str, object]] | None = self.server.workspace.api.answer(
            method, path, query, text, document
        )
        return answer

    def _sign_in(self, path: str, body: bytes) -> None:
        host = self.server.workspace.host
        if path.startswith("/oidc/.well-known/"):
            ends = {"authorization_endpoint": "authorize", "token_endpoint": "token"}
            self._say(200, {name: f"{host}/oidc/v1/{end}" for name, end in ends.items()})
            return
        asked = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        known = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        if self.headers.get("Authorization") != f"Basic {known}":
            self._say(401, {"error": "invalid_client"})
            return
        self.server.workspace.sign_ins.append(asked["grant_type"])
        self._say(200, {"access_token": TOKEN, "token_type": "Bearer", "expires_in": 3600})

    def _pass_on(self, host: str, method: str, body: bytes) -> None:
        connection = http.client.HTTPConnection(urlsplit(host).netloc)
        keep = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "connection")}
        connection.request(method, self.path, body or None, keep)
        answer = connection.getresponse()
        content = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("connection", "transfer-encoding", "server", "date"):
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)
        connection.close()

    def _say(self, status: int, document: dict[str, object]) -> None:
        text = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *args: object) -> None:
        """Keep quiet."""
