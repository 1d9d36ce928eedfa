"""Limits: how large and how deep a body may be, and how often a key may ask."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from fastapi import Request
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dq_databricks.errors import (
    RequestError,
    RequestTooLargeError,
    TooManyRequestsError,
    UnsupportedMediaError,
)
from dq_databricks.service.json import read_strictly

_WITH_BODY = frozenset({"POST", "PUT", "PATCH", "DELETE"})
MOST_KEYS = 10_000
YAML = "application/yaml"


class Bodies:
    """Reads each body once, up to `most_bytes`; below `base_path` it must be strict JSON.

    At the addresses of `yaml_paths` it may be YAML too, which the route reads. Memory is bounded by
    the limit, whether or not a length is announced. The bytes that were read are kept in the state
    of the request as `body`.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        most_bytes: int,
        base_path: str,
        yaml_paths: frozenset[str] = frozenset(),
    ) -> None:
        self._app = app
        self._yaml_paths = yaml_paths
        self._most_bytes = most_bytes
        self._base_path = base_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on once its body is known to be acceptable."""
        if scope["type"] != "http" or scope["method"] not in _WITH_BODY:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        body = await self._read(headers, receive)
        is_yaml = scope["path"] in self._yaml_paths and media_type(headers) == YAML
        if body and not is_yaml and scope["path"].startswith(self._base_path):
            _check_is_json(headers)
            read_strictly(body)
        scope.setdefault("state", {})["body"] = body
        await self._app(scope, _again(body, receive), send)

    async def _read(self, headers: Headers, receive: Receive) -> bytes:
        announced = headers.get("content-length", "0")
        if not announced.isascii() or not announced.isdigit():
            raise RequestError(f"Content-Length {announced[:20]!r} is no number of bytes")
        if int(announced) > self._most_bytes:
            raise self._too_large()
        parts, size = [], 0
        while True:
            message = await receive()
            if message["type"] != "http.request":
                raise RequestError("the client went away before its request was complete")
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if size > self._most_bytes:
                raise self._too_large()
            if not message.get("more_body", False):
                return b"".join(parts)

    def _too_large(self) -> RequestTooLargeError:
        return RequestTooLargeError(
            f"the body has more than {self._most_bytes:,} bytes; send less, or in parts"
        )


def media_type(headers: Headers) -> str:
    """The media type of a body, in small letters and without its parameters."""
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def _check_is_json(headers: Headers) -> None:
    kind = media_type(headers)
    if kind != "application/json" and not (
        kind.startswith("application/") and kind.endswith("+json")
    ):
        raise UnsupportedMediaError(
            f"Content-Type {kind[:60]!r}: send JSON, with Content-Type: application/json"
        )


def _again(body: bytes, receive: Receive) -> Receive:
    """Gives the body that was read already, then whatever comes after it."""
    is_given = False

    async def replayed() -> Message:
        nonlocal is_given
        if is_given:
            return await receive()
        is_given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


class RateLimiter:
    """A token bucket for each key of this process: `per_s` a second, `burst` at once; 0: no limit.

    The bound of a deployment is this times its processes.
    """

    def __init__(self, per_s: int, burst: int, monotonic: Callable[[], float]) -> None:
        self._per_s = per_s
        self._burst = max(burst, 1)
        self._monotonic = monotonic
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, key: str, request: Request) -> None:
        """Count one request of `key`; raises TooManyRequestsError when it has none left."""
        if self._per_s == 0:
            return
        with self._lock:
            tokens = self._taken(key)
        request.state.rate_limit = (self._burst, max(0, math.floor(tokens)))
        if tokens < 0:
            wait = -tokens / self._per_s
            raise TooManyRequestsError(
                f"this key asked too often: {self._per_s} requests a second may be sent, "
                f"{self._burst} at once",
                round(wait, 3),
            )

    def _taken(self, key: str) -> float:
        """The tokens that are left; below 0: how many are missing, and none was taken."""
        now = self._monotonic()
        bucket = self._buckets.pop(key, None) or _Bucket(float(self._burst), now)
        self._buckets[key] = bucket
        if len(self._buckets) > MOST_KEYS:
            self._buckets.popitem(last=False)
        tokens = min(self._burst, bucket.tokens + (now - bucket.at) * self._per_s)
        bucket.at = now
        bucket.tokens = tokens - 1 if tokens >= 1 else tokens
        return tokens - 1


def rate_headers(scope: Scope) -> dict[str, str]:
    """What the rate limit says to a client, once its request was counted."""
    counted = scope.get("state", {}).get("rate_limit")
    if counted is None:
        return {}
    limit, left = cast("tuple[int, int]", counted)
    return {"RateLimit-Limit": str(limit), "RateLimit-Remaining": str(left)}
