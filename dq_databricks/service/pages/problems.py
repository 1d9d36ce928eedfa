"""Errors as pages: sign in first, not found, not allowed, and the rest."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from dq_databricks.errors import QualityError, UnauthenticatedError
from dq_databricks.service.asking import Asked, service_of
from dq_databricks.service.pages.render import Place, bare_page, page
from dq_databricks.service.principal import Principal
from dq_databricks.service.problems import on_http_error, on_invalid, problem

_TITLES = {
    401: "Sign in first",
    403: "Not allowed",
    404: "Not found",
    405: "Not possible here",
    412: "Changed meanwhile",
    413: "Too much at once",
    422: "That does not fit",
    428: "Which version?",
    429: "Too many requests",
    503: "Not available now",
}
_ADVICE = {
    403: "Ask an admin of the workspace for a key with the scope that is missing.",
    404: "It may have been removed, or belongs to another workspace.",
    412: "Somebody else was faster: reload the page and repeat your change on what is there now.",
    422: "Go back, correct what is named above and send it again.",
    429: "Wait a moment, then try again.",
    503: "Try again in a moment; /ready says what the service waits for.",
}


@dataclass(frozen=True, slots=True)
class ProblemContext:
    """What went wrong and what to do."""

    status: int
    title: str
    detail: str
    advice: str
    wrong: tuple[str, ...] = ()
    request_id: str = ""


def page_problem(request: Request, error: Exception) -> Response:
    """The page that answers an error of ours, or of the way a page was asked for."""
    if isinstance(error, UnauthenticatedError) and request.method in ("GET", "HEAD"):
        wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"/sign-in?next={quote(wanted, safe='/')}", 303)
    answer = _as_json(request, error)
    document = json.loads(bytes(answer.body))
    status = answer.status_code
    context = ProblemContext(
        status=status,
        title=_TITLES.get(status, "Something went wrong"),
        detail=document["detail"],
        advice=_advice(status, document["detail"]),
        wrong=tuple(f"{item['pointer']}: {item['detail']}" for item in document.get("errors", ())),
        request_id=document["request_id"],
    )
    response = _drawn(request, Place(context.title), context)
    if "retry-after" in answer.headers:
        response.headers["Retry-After"] = answer.headers["retry-after"]
    return response


def _advice(status: int, detail: str) -> str:
    """What to do; a key with more scopes is no way out of what no scope allows."""
    if status == HTTPStatus.FORBIDDEN and "scope" not in detail:
        return ""
    return _ADVICE.get(status, "")


async def answer_http_error_as_asked(request: Request, error: Exception) -> Response:
    """The answer to an unknown address: a page for a browser, a problem for everybody else."""
    wants_page = "text/html" in request.headers.get("accept", "")
    if wants_page and not request.url.path.startswith("/api/"):
        return await run_in_threadpool(page_problem, request, error)
    return on_http_error(request, error)


class PageRoute(APIRoute):
    """A route whose errors are pages."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, with errors of ours and of wrong forms answered as pages."""
        original = super().get_route_handler()

        async def handler(request: Request) -> Response:
            try:
                return await original(request)
            except (QualityError, RequestValidationError, HTTPException) as error:
                return await run_in_threadpool(page_problem, request, error)

        return handler


def _drawn(request: Request, place: Place, context: ProblemContext) -> Response:
    principal = None if context.status == 401 else _principal(request)
    if principal is None:
        return bare_page(request, "problem.html", place, context, status=context.status)
    service = service_of(request)
    asked = Asked(request, principal, service.quality(principal), service)
    return page(asked, "problem.html", place, context, status=context.status)


def _principal(request: Request) -> Principal | None:
    try:
        return service_of(request).authenticate(request)
    except QualityError:  # nobody is signed in, which is no reason to say nothing
        return None


def _as_json(request: Request, error: Exception) -> Response:
    """The answer of the API to the same error, which says what may be told, and logs the rest."""
    if isinstance(error, RequestValidationError):
        return on_invalid(request, error)
    if isinstance(error, HTTPException):
        return on_http_error(request, error)
    return problem(request, error)
