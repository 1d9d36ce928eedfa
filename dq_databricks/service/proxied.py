"""Requests as the proxy of a platform took them, before it passed them on."""

from __future__ import annotations

from contextlib import suppress
from ipaddress import ip_address

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

PROTOCOL_HEADER, ADDRESS_HEADER = "X-Forwarded-Proto", "X-Real-Ip"


class BehindProxy:
    """`app`, told the scheme and the address of the person in front of the proxy.

    The proxy of Databricks Apps ends TLS and always speaks https to people. Only for a process
    that nobody but the proxy reaches: who writes these headers is believed.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on one request."""
        if scope["type"] == "http":
            headers = Headers(scope=scope)
            scheme = headers.get(PROTOCOL_HEADER, "https").strip().lower()
            scope = {**scope, "scheme": "http" if scheme == "http" else "https"}
            with suppress(ValueError):
                scope["client"] = (str(ip_address(headers.get(ADDRESS_HEADER, "").strip())), 0)
        await self._app(scope, receive, send)
