"""Secret scopes and signing in, on loopback: as much of a workspace as reading a secret needs."""

from __future__ import annotations

import base64
import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit


@dataclass
class ScopesFake:
    """Secrets by scope and key for who sends one of `tokens`; OAuth for one service principal.

    `granted` is the access token that the principal gets, and `asked` each path that was asked.
    """

    values: dict[tuple[str, str], str] = field(default_factory=dict)
    tokens: set[str] = field(default_factory=set)
    principal: tuple[str, str] = ("", "")
    granted: str = ""
    readable: bool = True
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.fake = self
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
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def secret(self, query: dict[str, list[str]], authorization: str) -> tuple[int, dict[str, Any]]:
        if authorization.removeprefix("Bearer ") not in self.tokens:
            return 401, _error("UNAUTHENTICATED", f"who are you with {authorization}?")
        if not self.readable:
            return 403, _error("PERMISSION_DENIED", f"not with {authorization}")
        scope, key = query["scope"][0], query["key"][0]
        if (scope, key) not in self.values:
            return 404, _error("RESOURCE_DOES_NOT_EXIST", f"no {scope}/{key}")
        value = base64.b64encode(self.values[scope, key].encode()).decode()
        return 200, {"key": key, "value": value}

    def token(self, authorization: str, form: dict[str, list[str]]) -> tuple[int, dict[str, Any]]:
        client, secret = self.principal
        basic = base64.b64encode(f"{client}:{secret}".encode()).decode()
        is_right = authorization == f"Basic {basic}" or form.get("client_secret") == [secret]
        if not is_right:
            return 401, {"error": "invalid_client"}
        return 200, {"access_token": self.granted, "token_type": "Bearer", "expires_in": 3600}


def _error(code: str, message: str) -> dict[str, Any]:
    return {"error_code": code, "message": message}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    fake: ScopesFake


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        fake, address = self.server.fake, urlsplit(self.path)
        fake.asked.append(address.path)
        if address.path == "/api/2.0/secrets/get":
            sent = self.headers.get("Authorization", "")
            self._answer(*fake.secret(parse_qs(address.query), sent))
        elif address.path == "/.well-known/databricks-config":
            self._answer(200, {"oidc_endpoint": f"{fake.host}/oidc"})
        elif address.path == "/oidc/.well-known/oauth-authorization-server":
            places = {"authorization_endpoint": "/oidc/v1/authorize"}
            places["token_endpoint"] = "/oidc/v1/token"
            self._answer(200, {name: fake.host + path for name, path in places.items()})
        else:
            self._answer(404, _error("NOT_FOUND", "no such address"))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        fake = self.server.fake
        fake.asked.append(self.path)
        self._answer(*fake.token(self.headers.get("Authorization", ""), parse_qs(body)))

    def _answer(self, status: int, document: dict[str, Any]) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Keep quiet: tests read `asked` instead."""
