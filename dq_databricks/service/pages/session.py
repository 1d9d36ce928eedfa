"""The cookies of the pages: who signed in, the token of forms, what to say once, light or dark."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Literal

from fastapi import Request, Response
from itsdangerous import BadData, URLSafeTimedSerializer

SESSION, VISIT, FLASH, THEME = "dq_session", "dq_visit", "dq_flash", "dq_theme"
SESSION_S = 12 * 3600
FLASH_S = 60
VISIT_S = 30 * 86_400
THEMES = ("light", "dark")
FlashKind = Literal["done", "note", "problem"]


@dataclass(frozen=True, slots=True)
class Flash:
    """What the next page says once."""

    text: str
    kind: FlashKind = "done"


def secret_of(request: Request) -> str:
    """What cookies and forms are signed with."""
    return str(request.app.state.secret)


def signed(request: Request, kind: str, value: object) -> str:
    """`value` (plain JSON) signed for cookies of `kind`."""
    return str(_serializer(request, kind).dumps(value))


def unsigned(request: Request, kind: str, text: str, max_age_s: int) -> object:
    """The value that was `signed`; None when it was changed, is too old or of another kind."""
    try:
        value: object = _serializer(request, kind).loads(text, max_age=max_age_s)
    except BadData:
        return None
    return value


def session_key_id(request: Request) -> str | None:
    """The id of the API key that signed in, from a valid session cookie; else None."""
    value = unsigned(request, SESSION, request.cookies.get(SESSION, ""), SESSION_S)
    return value if isinstance(value, str) else None


def start_session(request: Request, response: Response, api_key_id: str) -> None:
    """Remember the key that signed in; the cookie holds its id, never the key."""
    keep(request, response, SESSION, signed(request, SESSION, api_key_id), SESSION_S)


def end_session(response: Response) -> None:
    """Forget who signed in."""
    response.delete_cookie(SESSION, path="/", httponly=True, samesite="lax")


def say_next(request: Request, response: Response, flash: Flash) -> None:
    """Let the next page say something once."""
    keep(request, response, FLASH, signed(request, FLASH, [flash.kind, flash.text]), FLASH_S)


def said(request: Request) -> Flash | None:
    """What this page is to say."""
    value = unsigned(request, FLASH, request.cookies.get(FLASH, ""), FLASH_S)
    match value:
        case ["done" | "note" | "problem" as kind, str(text)]:
            return Flash(text, kind)
    return None


def theme_of(request: Request) -> str:
    """``light``, ``dark``, or an empty text: as the browser prefers."""
    theme = request.cookies.get(THEME, "")
    return theme if theme in THEMES else ""


def visit_of(request: Request) -> str:
    """The random mark of this browser, which form tokens are bound to; made where missing."""
    if not hasattr(request.state, "visit"):
        request.state.visit = request.cookies.get(VISIT) or secrets.token_urlsafe(18)
    return str(request.state.visit)


def form_token(request: Request) -> str:
    """The token a form of this browser and session must send back."""
    bound = f"{visit_of(request)}\n{request.cookies.get(SESSION, '')}".encode()
    key = f"form:{secret_of(request)}".encode()
    return hmac.new(key, bound, hashlib.sha256).hexdigest()


def is_form_token(request: Request, token: str) -> bool:
    """Whether `token` was given to this browser and session."""
    known = request.cookies.get(VISIT)
    return bool(known) and hmac.compare_digest(form_token(request).encode(), token.encode())


def keep(request: Request, response: Response, name: str, value: str, max_age_s: int) -> None:
    """Set a cookie that scripts cannot read and other sites do not send."""
    response.set_cookie(
        name,
        value,
        max_age=max_age_s,
        path="/",
        httponly=True,
        secure=request.url.scheme == "https",
        samesite="lax",
    )


def _serializer(request: Request, kind: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(secret_of(request), salt=kind)
