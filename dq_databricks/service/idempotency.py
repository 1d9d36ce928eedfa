"""Idempotency-Key: a POST below the API that is sent twice is carried out once.

The second answer is the first, with ``Idempotency-Replayed: true``. A key counts for one
principal and one address, for 24 hours. Answers 429 and 5xx are not kept: repeat those.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import MutableMapping
from typing import Any

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dq_databricks.errors import AlreadyExistsError, RequestError
from dq_databricks.model.history import AnsweredRequest
from dq_databricks.quality.requests import RequestFace, RequestScope
from dq_databricks.service.problems import problem
from dq_databricks.service.site import Service

HEADER, REPLAYED = "Idempotency-Key", "Idempotency-Replayed"
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_KEPT_HEADERS = ("content-type", "location", "etag")
_SECRET = re.compile(rb"\bdqp_[A-Za-z0-9_-]{20,}")
_LEAST_KEPT, _TOO_MANY = 500, 429


class Idempotency:
    """Claims each POST that carries a key before it is carried out."""

    def __init__(self, app: ASGIApp, *, service: Service, base_path: str) -> None:
        self._app = app
        self._service = service
        self._base_path = base_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Carry the request out, or give the answer it got the first time."""
        key = Headers(scope=scope).get(HEADER) if _is_post(scope, self._base_path) else None
        if key is None:
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        faces, claimed, is_answered = await run_in_threadpool(self._claim, request, key)
        if is_answered:
            await _replayed(request, claimed)(scope, receive, send)
            return
        await self._carry_out(faces, claimed, scope, receive, send)

    async def _carry_out(
        self,
        face: RequestFace,
        claimed: AnsweredRequest,
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        """Answer, keep the answer, then send it: what a client has seen can be replayed."""
        answer = _Kept()
        try:
            await self._app(scope, receive, answer.take)
        except BaseException:
            await run_in_threadpool(face.release, claimed)
            raise
        if answer.status >= _LEAST_KEPT or answer.status == _TOO_MANY:
            await run_in_threadpool(face.release, claimed)
        else:
            kept = (answer.status, answer.headers_text(), answer.body_text())
            await run_in_threadpool(face.finish, claimed, *kept)
        for message in answer.messages:
            await send(message)

    def _claim(self, request: Request, key: str) -> tuple[RequestFace, AnsweredRequest, bool]:
        if not _KEY.fullmatch(key):
            raise RequestError(f"{HEADER}: send 1 to 255 printable ASCII characters")
        principal = self._service.authenticate(request)
        face = self._service.face().requests
        scope = RequestScope(
            workspace_id=principal.workspace_id,
            principal=principal.actor.api_key_id or principal.actor.name,
            route=f"{request.method} {request.url.path}",
            key=key,
            fingerprint=_fingerprint(request),
        )
        claimed, is_answered = face.claim(scope)
        return face, claimed, is_answered


class _Kept:
    """An answer that is held back until it is stored."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    async def take(self, message: MutableMapping[str, Any]) -> None:
        """Hold one part of the answer back."""
        self.messages.append(message)

    @property
    def status(self) -> int:
        """The status of the answer; 500 where there is none."""
        return int(self.messages[0]["status"]) if self.messages else _LEAST_KEPT

    def headers_text(self) -> str:
        """The headers that belong to the answer, as JSON."""
        headers = Headers(raw=self.messages[0]["headers"])
        return json.dumps({name: headers[name] for name in _KEPT_HEADERS if name in headers})

    def body_text(self) -> str | None:
        """The body; None when it holds a secret that is shown once."""
        body = b"".join(message.get("body", b"") for message in self.messages[1:])
        return None if _SECRET.search(body) else body.decode("utf-8")


def _is_post(scope: Scope, base_path: str) -> bool:
    return (
        scope["type"] == "http"
        and scope["method"] == "POST"
        and str(scope["path"]).startswith(base_path)
    )


def _fingerprint(request: Request) -> str:
    digest = hashlib.sha256(request.url.query.encode() + b"\x00")
    digest.update(request.state.body)
    return digest.hexdigest()


def _replayed(request: Request, answered: AnsweredRequest) -> Response:
    if answered.body is None:
        answer = problem(
            request,
            AlreadyExistsError(
                "this request was carried out, and its answer held a secret that is shown once; "
                "to get another, send the request with a new Idempotency-Key"
            ),
        )
    else:
        answer = Response(answered.body, answered.status_code or _LEAST_KEPT)
        for name, value in json.loads(answered.headers or "{}").items():
            answer.headers[name] = value
    answer.headers[REPLAYED] = "true"
    return answer
