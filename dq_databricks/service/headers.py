"""The outermost layer: request ids, headers of every answer, unexpected errors, one log line."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, MutableMapping
from http import HTTPStatus
from typing import Any

from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dq_databricks.model.ids import Context
from dq_databricks.service.limits import rate_headers
from dq_databricks.service.metrics import Metrics
from dq_databricks.service.problems import cut, problem

LOG = logging.getLogger("dq_databricks.access_log")
REQUEST_ID = "X-Request-Id"
_OWN_ID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)

# Charts carry style attributes; scripts and style sheets come from files of ours only.
_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_HSTS = "max-age=31536000; includeSubDomains"


class Conventions:
    """What holds for every answer: its id, its safe headers, its line in the log, its count.

    An error that nothing below answered becomes a problem here and is logged once.
    """

    def __init__(self, app: ASGIApp, *, context: Context, metrics: Metrics) -> None:
        self._app = app
        self._context = context
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Carry one request through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        request_id = _given(headers) or self._context.new_id()
        scope.setdefault("state", {})["request_id"] = request_id
        answer = _Answer(scope, headers, send)
        started = self._context.monotonic()
        try:
            await self._app(scope, receive, answer.send)
        except Exception as error:
            if answer.status:
                raise  # the connection is cut: half an answer must not look like a whole one
            told = problem(Request(scope), error)
            await told(scope, receive, answer.send)
        finally:
            seconds = self._context.monotonic() - started
            self._metrics.answered(scope, answer.status, seconds)
            _log(scope, answer.status, seconds)


class _Answer:
    """Sends an answer with our headers, and remembers its status."""

    def __init__(self, scope: Scope, asked: Headers, send: Send) -> None:
        self.status = 0
        self._scope = scope
        self._asked = asked
        self._send = send
        self._is_unchanged = False

    async def send(self, message: Message) -> None:
        """Pass on a part of the answer."""
        if message["type"] == "http.response.start":
            self._begin(message)
        elif self._is_unchanged:
            message = {**message, "body": b""}
        await self._send(message)

    def _begin(self, message: MutableMapping[str, Any]) -> None:
        headers = MutableHeaders(raw=message["headers"])
        if self._has_same(message["status"], headers):
            self._is_unchanged = True
            message["status"] = int(HTTPStatus.NOT_MODIFIED)
            for name in ("content-length", "content-type"):
                if name in headers:
                    del headers[name]
        self.status = message["status"]
        headers[REQUEST_ID] = self._scope["state"]["request_id"]
        for name, value in {**_ALWAYS, **rate_headers(self._scope)}.items():
            headers[name] = value
        headers.setdefault("Content-Security-Policy", _CSP)
        headers.setdefault("Cache-Control", "private, no-cache")
        if self._scope.get("scheme") == "https":
            headers["Strict-Transport-Security"] = _HSTS
        message["headers"] = headers.raw

    def _has_same(self, status: int, headers: MutableHeaders) -> bool:
        """Whether the client already has what it asks for."""
        wanted, tag = self._asked.get("if-none-match"), headers.get("etag")
        if status != HTTPStatus.OK or wanted is None or tag is None:
            return False
        if self._scope["method"] not in ("GET", "HEAD"):
            return False
        return wanted.strip() == "*" or tag in {_plain(one) for one in wanted.split(",")}


def _plain(tag: str) -> str:
    return tag.strip().removeprefix("W/")


def _given(headers: Headers) -> str | None:
    """The id that the client sent, where it is one that a log can hold."""
    given = headers.get(REQUEST_ID, "")
    return given if _OWN_ID.fullmatch(given) else None


def _log(scope: Scope, status: int, seconds: float) -> None:
    level: Callable[..., None] = LOG.warning if status >= 500 or status == 0 else LOG.info
    level(
        "%s %s %s",
        cut(scope["method"]),
        cut(scope["path"]),
        status or "cut",
        extra={"request_id": scope["state"]["request_id"], "ms": round(seconds * 1000, 1)},
    )
