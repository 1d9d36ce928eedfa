"""Signing in with an API key, signing out, and light or dark."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from dq_databricks.errors import ForbiddenError, TooManyRequestsError, UnauthenticatedError
from dq_databricks.quality.audit import SIGN_IN, SIGN_OUT
from dq_databricks.service.asking import service_of
from dq_databricks.service.pages.forms import checked_form, done, inside, page_router
from dq_databricks.service.pages.render import Place, bare_page
from dq_databricks.service.pages.session import (
    THEME,
    THEMES,
    VISIT_S,
    end_session,
    keep,
    start_session,
)

router = page_router()
_PLACE = Place("Sign in")
_LONGEST_KEY = 512


@dataclass(frozen=True, slots=True)
class SignInContext:
    """`next` is the address that was wanted; `problem` why the last key was refused."""

    next: str
    problem: str = ""


@router.get("/sign-in")
def show_sign_in(request: Request, wanted: Annotated[str, Query(alias="next")] = "/") -> Response:
    """Ask for a key."""
    return bare_page(request, "sign_in.html", _PLACE, SignInContext(inside(wanted)))


@router.post("/sign-in", dependencies=[Depends(checked_form)])
def sign_in(
    request: Request,
    key: Annotated[str, Form(max_length=_LONGEST_KEY)] = "",
    wanted: Annotated[str, Form(alias="next")] = "/",
) -> Response:
    """Start a session for a valid key; the cookie holds the id of the key, never the key."""
    service = service_of(request)
    try:
        principal = service.authenticate(_with_key(request, key.strip()))
    except (UnauthenticatedError, ForbiddenError, TooManyRequestsError) as error:
        context = SignInContext(inside(wanted), str(error))
        return bare_page(request, "sign_in.html", _PLACE, context, status=401)
    service.quality(principal).audit.note(SIGN_IN, "session", principal.actor.api_key_id or "")
    response = RedirectResponse(inside(wanted), 303)
    start_session(request, response, principal.actor.api_key_id or "")
    return response


@router.post("/sign-out", dependencies=[Depends(checked_form)])
def sign_out(request: Request) -> Response:
    """End the session; one whose key is no longer valid has ended already."""
    service = service_of(request)
    with suppress(UnauthenticatedError, ForbiddenError):
        principal = service.authenticate(request)
        quality = service.quality(principal)
        quality.audit.note(SIGN_OUT, "session", principal.actor.api_key_id or "")
    response = RedirectResponse("/sign-in", 303)
    end_session(response)
    return response


@router.post("/theme", dependencies=[Depends(checked_form)])
def choose_theme(
    request: Request,
    theme: Annotated[str, Form()] = "",
    wanted: Annotated[str, Form(alias="next")] = "/",
) -> Response:
    """Light, dark, or as the browser prefers."""
    response = done(request, wanted)
    if theme in THEMES:
        keep(request, response, THEME, theme, VISIT_S)
    else:
        response.delete_cookie(THEME, path="/")
    return response


def _with_key(request: Request, key: str) -> Request:
    """The same request with `key` in its header and no session."""
    name = service_of(request).settings.api_key_header.lower().encode()
    headers = [pair for pair in request.scope["headers"] if pair[0] not in (name, b"cookie")]
    state = {**request.scope.get("state", {})}
    state.pop("principal", None)
    return Request({**request.scope, "headers": [*headers, (name, key.encode())], "state": state})
