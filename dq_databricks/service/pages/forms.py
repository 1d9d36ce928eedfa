"""What pages are given: who asks, with their forms checked, and answers to a form."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse

from dq_databricks.errors import ForbiddenError
from dq_databricks.model.vocabulary import Scope
from dq_databricks.service.asking import Asked, Reading, ask, service_of
from dq_databricks.service.pages.problems import PageRoute
from dq_databricks.service.pages.session import (
    SESSION,
    Flash,
    FlashKind,
    is_form_token,
    say_next,
)

PageReading = Reading
"""For GET: who asks may read."""


def page_router() -> APIRouter:
    """A router whose errors are answered as pages, and which the API's documentation leaves out."""
    return APIRouter(route_class=PageRoute, include_in_schema=False)


def checked_form(request: Request, form_token: Annotated[str, Form()] = "") -> None:
    """Refuse a form that no page of ours gave to this browser and session.

    A request whose key is in its header is no form: no other site can make a browser send it.
    """
    header = service_of(request).settings.api_key_header
    if SESSION not in request.cookies and request.headers.get(header):
        return
    if not is_form_token(request, form_token):
        raise ForbiddenError(
            "this form is too old or came from elsewhere: go back, reload the page, send it again"
        )


def _changing(scope: Scope) -> Callable[..., AsyncIterator[Asked]]:
    async def asked(
        request: Request, _form: Annotated[None, Depends(checked_form)]
    ) -> AsyncIterator[Asked]:
        async with ask(request, scope) as found:
            yield found

    return asked


PageWriting = Annotated[Asked, Depends(_changing(Scope.WRITE))]
PageRunning = Annotated[Asked, Depends(_changing(Scope.RUN))]
PageAdministering = Annotated[Asked, Depends(_changing(Scope.ADMIN))]
PageOperating = Annotated[Asked, Depends(_changing(Scope.PLATFORM))]


def done(
    request: Request, href: str, text: str = "", *, kind: FlashKind = "done"
) -> RedirectResponse:
    """After a form: go on to `href`, where `text` is said once."""
    response = RedirectResponse(inside(href), 303)
    if text:
        say_next(request, response, Flash(text, kind))
    return response


def inside(href: str) -> str:
    """`href` where it is an address of this host, else the overview."""
    is_local = href.startswith("/") and not href.startswith(("//", "/\\"))
    return href if is_local and "\n" not in href and "\r" not in href else "/"
