"""Idempotency-Key: a POST below the API that is sent twice is carried out once.

The second answer is the first, with ``Idempotency-Replayed: true``. A key counts for one
principal and one address, for 24 hours. Refusals (4xx, 5xx) changed nothing and are not kept.
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

from dq_databricks.errors import AlreadyExistsError, InProgressError, QualityError, RequestError
from dq_databricks.model.history import AnsweredRequest
from dq_databricks.quality.requests import RequestFace, RequestScope
from dq_databricks.service.problems import LOG, problem
from dq_databricks.service.site import Service

HEADER, REPLAYED = "Idempotency-Key", "Idempotency-Replayed"
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_KEPT_HEADERS = ("content-type", "location", "etag")
_SECRET = re.compile(rb"\bdqp_[A-Za-z0-9_-]{20,}")
_LEAST_REFUSED, _NO_ANSWER = 400, 500


class Idempotency:
    """Claims each POST that carries a key before it is carried out."""

    def __init__(self, app: ASGIApp, *, service: Service, base_path: str) -> None:
        self._app = app
        self._service = service
        self._base_path = base_path
        self._at_work: set[str] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Carry the request out, or give the answer it got the first time."""
        key = Headers(scope=scope).get(HEADER) if _is_post(scope, self._base_path) else None
        if key is None:
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        asked = await run_in_threadpool(self._scope, request, key)
        if asked.request_key in self._at_work:
            raise InProgressError("the same request is being carried out now; repeat it soon")
        # One thread runs the loop, so nobody comes between this look and the next line.
        self._at_work.add(asked.request_key)
        try:
            await self._claimed(asked, request, receive, send)
        finally:
            self._at_work.discard(asked.request_key)

    async def _claimed(
        self, asked: RequestScope, request: Request, receive: Receive, send: Send
    ) -> None:
        face, claimed, is_answered = await run_in_threadpool(self._claim, asked)
        if is_answered:
            await _replayed(request, claimed)(request.scope, receive, send)
            return
        answer = _Kept()
        try:
            await self._app(request.scope, receive, answer.take)
        except BaseException:
            await run_in_threadpool(face.release, claimed)
            raise
        await run_in_threadpool(_settle, face, claimed, answer)
        for message in answer.messages:
            await send(message)

    def _scope(self, request: Request, key: str) -> RequestScope:
        if not _KEY.fullmatch(key):
            raise RequestError(f"{HEADER}: send 1 to 255 printable ASCII characters")
        principal = self._service.authenticate(request)
        return RequestScope(
            workspace_id=principal.workspace_id,
            principal=principal.actor.api_key_id or principal.actor.name,
            route=f"{request.method} {request.url.path}",
            key=key,
            fingerprint=_fingerprint(request),
        )

    def _claim(self, asked: RequestScope) -> tuple[RequestFace, AnsweredRequest, bool]:
        face = self._service.face().requests
        return face, *face.claim(asked)


def _settle(face: RequestFace, claimed: AnsweredRequest, answer: _Kept) -> None:
    """Keep an answer that changed something, before it is sent: what a client saw is replayed.

    Where that fails the answer is true all the same, and is sent.
    """
    try:
        if answer.status >= _LEAST_REFUSED:
            face.release(claimed)
        else:
            face.finish(claimed, answer.status, answer.headers_text(), answer.body_text())
    except QualityError as error:
        LOG.warning("an answer could not be kept: %s: %s", type(error).__name__, error)


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
        return int(self.messages[0]["status"]) if self.messages else _NO_ANSWER

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
        answer = Response(answered.body, answered.status_code or _NO_ANSWER)
        for name, value in json.loads(answered.headers or "{}").items():
            answer.headers[name] = value
    answer.headers[REPLAYED] = "true"
    return answer
