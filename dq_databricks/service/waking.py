"""After a change somebody asked for, the launcher looks at the queue at once."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Waking:
    """`app`; `wake` is called after every POST that succeeded, for it may have queued a job."""

    def __init__(self, app: ASGIApp, wake: Callable[[], None]) -> None:
        self._app, self._wake = app, wake

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on one request."""
        if scope["type"] != "http" or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        status = int(HTTPStatus.INTERNAL_SERVER_ERROR)

        async def noted(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        await self._app(scope, receive, noted)
        if status < HTTPStatus.BAD_REQUEST:
            self._wake()
