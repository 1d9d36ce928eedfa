"""Which function answers which address: each subject registers its own."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

if TYPE_CHECKING:
    from tests.emulator.workspace.state import State

JsonDict = dict[str, Any]


class Refusal(Exception):
    """An answer that is an error of the API."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code

    def document(self) -> JsonDict:
        return {"error_code": self.code, "message": str(self)}


def missing(what: str) -> Refusal:
    return Refusal(404, "RESOURCE_DOES_NOT_EXIST", f"{what} does not exist.")


@dataclass(frozen=True)
class Request:
    """One request; `parts` are the named segments of its address."""

    method: str
    path: str
    query: dict[str, str] = field(default_factory=dict)
    raw: bytes = b""
    parts: dict[str, str] = field(default_factory=dict)

    @property
    def body(self) -> JsonDict:
        return json.loads(self.raw) if self.raw else {}


Answer = JsonDict | bytes
Handler = Callable[["State", Request], Answer]
_ROUTES: list[tuple[str, re.Pattern[str], Handler]] = []


def route(method: str, pattern: str) -> Callable[[Handler], Handler]:
    """Register what answers an address such as /api/2.0/alerts/{id}; a part is one segment."""
    text = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(pattern))

    def register(handler: Handler) -> Handler:
        _ROUTES.append((method, re.compile(text), handler))
        return handler

    return register


def find(request: Request) -> tuple[Handler, Request] | None:
    """The function for a request, and the request with its parts."""
    for method, pattern, handler in _ROUTES:
        match = pattern.fullmatch(request.path) if method == request.method else None
        if match:
            parts = {name: unquote(value) for name, value in match.groupdict().items()}
            return handler, Request(request.method, request.path, request.query, request.raw, parts)
    return None
