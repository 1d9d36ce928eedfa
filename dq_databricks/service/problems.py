"""Errors as problem+json (RFC 9457): one status and one stable type for every class of ours.

A problem never holds a stack, SQL of ours, a host or a secret; it always holds the request id,
under which the log has the rest.
"""

from __future__ import annotations

import json
import logging
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import Match

from dq_databricks import errors
from dq_databricks.errors import QualityError
from dq_databricks.model.redacting import Redaction

LOG = logging.getLogger("dq_databricks.service")
MEDIA_TYPE = "application/problem+json"
BASE = "/problems/"
RETRY_AFTER_S = 2.0
MOST_DETAIL_CHARS, MOST_ERRORS = 1000, 50
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_CONTROL = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160))}

STATUS: Mapping[type[QualityError], int] = {
    errors.QualityError: 500,
    errors.WrongUseError: 422,
    errors.SettingsError: 422,
    errors.IdentifierError: 422,
    errors.TargetError: 422,
    errors.ParameterError: 422,
    errors.UnknownNameError: 422,
    errors.NotFoundError: 404,
    errors.NoTestsError: 422,
    errors.GateClosedError: 409,
    errors.RegexError: 422,
    errors.UserSqlError: 422,
    errors.DocumentError: 422,
    errors.AlreadyExistsError: 409,
    errors.VersionConflictError: 412,
    errors.EngineError: 500,
    errors.MissingExtraError: 501,
    errors.UnsupportedError: 422,
    errors.SqlError: 422,
    errors.TableNotFoundError: 422,
    errors.ColumnNotFoundError: 422,
    errors.TableExistsError: 409,
    errors.PermissionDeniedError: 403,
    errors.AuthenticationError: 503,
    errors.SchemaMismatchError: 500,
    errors.ConstraintError: 422,
    errors.ExpressionError: 422,
    errors.WriteConflictError: 503,
    errors.EngineUnavailableError: 503,
    errors.OutcomeUnknownError: 503,
    errors.StatementTimeoutError: 504,
    errors.CancelledError: 503,
    errors.DamagedTableError: 500,
    errors.StorageFullError: 507,
    errors.SecretStoreError: 500,
    errors.SecretNotFoundError: 422,
    errors.SecretExposedError: 422,
    errors.SecretDeniedError: 403,
    errors.SecretUnavailableError: 503,
    errors.MigrationError: 503,
    errors.EditedMigrationError: 409,
    errors.SchemaBehindError: 503,
    errors.SchemaNewerError: 503,
    errors.SealError: 409,
    errors.IrreversibleError: 409,
    errors.DriftError: 409,
    errors.SchemaLockedError: 503,
    errors.LeaseLostError: 503,
    errors.SchemaBusyError: 503,
    errors.SchemaMovedError: 503,
    errors.RenameError: 409,
    errors.RestoreError: 409,
    errors.UnauthenticatedError: 401,
    errors.ForbiddenError: 403,
    errors.PreconditionMissingError: 428,
    errors.LimitReachedError: 403,
    errors.TooManyRequestsError: 429,
    errors.RequestError: 400,
    errors.RequestTooLargeError: 413,
    errors.UnsupportedMediaError: 415,
    errors.CursorError: 400,
    errors.IdempotencyMismatchError: 422,
    errors.InProgressError: 409,
    errors.RunEndedError: 409,
    errors.CronError: 422,
}

# What these say comes from a driver or a path, not from us: it may name hosts, folders and SQL.
_UNTOLD = (
    errors.AuthenticationError,
    errors.CancelledError,
    errors.DamagedTableError,
    errors.EngineUnavailableError,
    errors.OutcomeUnknownError,
    errors.SchemaMismatchError,
    errors.StatementTimeoutError,
    errors.StorageFullError,
    errors.WriteConflictError,
)


@dataclass(frozen=True, slots=True)
class ProblemType:
    """One kind of problem: what `type` ends in, its title, its status and when it is raised."""

    slug: str
    title: str
    status: int
    meaning: str

    @property
    def address(self) -> str:
        """The `type` of the problem, which is the address of its description."""
        return BASE + self.slug


INVALID = ProblemType(
    "invalid-request", "Invalid request", 422, "Parameters or body do not fit what is declared."
)
UNEXPECTED = ProblemType(
    "unexpected", "Unexpected error", 500, "Our fault; the log has more under the request id."
)
NO_ROUTE = ProblemType("no-such-address", "No such address", 404, "Nothing lives at this address.")
NO_METHOD = ProblemType(
    "method-not-allowed", "Method not allowed", 405, "The address does not take this method."
)
BAD = ProblemType("request", "Request", 400, "A request is malformed.")


def problem_of(kind: type[QualityError]) -> ProblemType:
    """The problem type of an error class, or of the nearest class above it that has one."""
    known = next(base for base in kind.__mro__ if base in STATUS)
    return _described(known)


def _described(kind: type[QualityError]) -> ProblemType:
    words = re.findall(r"[A-Z][a-z]*", kind.__name__.removesuffix("Error"))
    meaning = " ".join((kind.__doc__ or "").split())
    slug = "-".join(words).lower()
    return ProblemType(slug, " ".join(words).capitalize(), STATUS[kind], meaning)


def problem_types() -> tuple[ProblemType, ...]:
    """Every kind of problem, by slug."""
    own = {kind.slug: kind for kind in (INVALID, UNEXPECTED, NO_ROUTE, NO_METHOD)}
    ours = {kind.slug: kind for kind in (_described(kind) for kind in STATUS)}
    return tuple(kind for _, kind in sorted({**ours, **own}.items()))


# --- answers -------------------------------------------------------------------------------------


def problem(request: Request, error: Exception) -> Response:
    """The answer to an error of ours."""
    if not isinstance(error, QualityError):
        return on_unexpected(request, error)
    kind = problem_of(type(error))
    if kind.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        _log(request, error, with_trace=kind.status == HTTPStatus.INTERNAL_SERVER_ERROR)
    more: dict[str, Any] = _faults(request, error)
    headers: dict[str, str] = {}
    wait = _wait(error, kind.status)
    if wait is not None:
        more["retry_after_s"] = wait
        headers["Retry-After"] = str(max(1, math.ceil(wait)))
    if kind.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "ApiKey"
    detail = kind.meaning if _is_untold(error, kind) else str(error)
    return told(request, kind, detail, more=more, headers=headers)


def on_invalid(request: Request, error: Exception) -> Response:
    """The answer to parameters or a body that do not fit; `errors` points at each."""
    found = list(_pointers(request, error)) if isinstance(error, RequestValidationError) else []
    where = f": {found[0]['pointer']}: {found[0]['detail']}" if found else ""
    detail = f"{len(found)} thing(s) do not fit{where}"
    return told(request, INVALID, detail, more={"errors": found[:MOST_ERRORS]})


def on_http_error(request: Request, error: Exception) -> Response:
    """The answer to an unknown address, a method that is not allowed, and the like."""
    if not isinstance(error, HTTPException):
        return on_unexpected(request, error)
    path = str(request.scope.get("path", ""))
    kinds = {404: (NO_ROUTE, f"nothing lives at {path}"),
             405: (NO_METHOD, f"{path} does not take {request.method}")}  # fmt: skip
    title = HTTPStatus(error.status_code).phrase
    other = ProblemType(title.lower().replace(" ", "-"), title, error.status_code, title)
    kind, detail = kinds.get(error.status_code, (other, str(error.detail)))
    headers = dict(error.headers or {})
    if kind is NO_METHOD:
        headers["Allow"] = ", ".join(_methods(request)) or headers.get("Allow", "")
    return told(request, kind, detail, headers=headers)


def on_unexpected(request: Request, error: Exception) -> Response:
    """The answer to what nobody foresaw: logged once with its trace, told to nobody else."""
    _log(request, error, with_trace=True)
    return told(request, UNEXPECTED, "something went wrong on our side; it was logged")


async def answer_quality_error(request: Request, error: Exception) -> Response:
    """`problem`, without a thread of its own."""
    return problem(request, error)


async def answer_invalid(request: Request, error: Exception) -> Response:
    """`on_invalid`, without a thread of its own."""
    return on_invalid(request, error)


def told(
    request: Request,
    kind: ProblemType,
    detail: str,
    *,
    more: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The answer to one problem."""
    document = {
        "type": kind.address,
        "title": kind.title,
        "status": kind.status,
        "detail": _shown(request, detail),
        "instance": _shown(request, str(request.scope.get("path", ""))),
        "request_id": request_id_of(request),
        **(more or {}),
    }
    body = json.dumps(document, allow_nan=False).encode("ascii")
    answer = Response(body, kind.status, media_type=MEDIA_TYPE, headers=dict(headers or {}))
    answer.headers["Cache-Control"] = "no-store"
    return answer


def request_id_of(request: Request) -> str:
    """The id of a request; empty outside the application."""
    return str(getattr(request.state, "request_id", ""))


def cut(text: str) -> str:
    """`text`, or its beginning: an address may be long, and nobody repeats 60 kB of it."""
    return text if len(text) <= MOST_DETAIL_CHARS else text[: MOST_DETAIL_CHARS - 1] + "…"


def redaction_of(request: Request) -> Redaction:
    """What the service of `request` knows to be secret."""
    app = request.scope.get("app")
    service = getattr(app.state, "service", None) if app is not None else None
    return service.context.redaction if service is not None else Redaction.of_environment()


def _shown(request: Request, text: str) -> str:
    # Before blanks are folded, which would break a secret of several lines apart.
    hidden = " ".join(redaction_of(request)(text).split())
    return cut(hidden.translate(_CONTROL))


def _methods(request: Request) -> list[str]:
    """What an address takes: the routes of several methods each know their own only."""
    app, scope = request.scope.get("app"), request.scope
    offers = ((method, {**scope, "method": method}) for method in _METHODS)
    routes = app.routes if app is not None else ()
    return [
        method
        for method, asked in offers
        if any(route.matches(asked)[0] is Match.FULL for route in routes)
    ]


def _is_untold(error: QualityError, kind: ProblemType) -> bool:
    return isinstance(error, _UNTOLD) or kind.status == HTTPStatus.INTERNAL_SERVER_ERROR


def _faults(request: Request, error: QualityError) -> dict[str, Any]:
    """What does not fit in a document, each with its line."""
    if not isinstance(error, errors.DocumentError):
        return {}
    found = [
        {"in": "body", "pointer": fault.pointer, "detail": _shown(request, fault.problem)}
        | ({} if fault.line is None else {"line": fault.line})
        for fault in error.faults[:MOST_ERRORS]
    ]
    return {"errors": found}


def _wait(error: QualityError, status: int) -> float | None:
    told = getattr(error, "retry_after_s", None)
    if told is not None:
        return float(told)
    return RETRY_AFTER_S if status == HTTPStatus.SERVICE_UNAVAILABLE else None


def _pointers(request: Request, error: RequestValidationError) -> Iterator[dict[str, str]]:
    for entry in error.errors():
        place, *parts = (str(part) for part in entry["loc"]) if entry["loc"] else ("",)
        if place == "body":
            pointer = "/" + "/".join(p.replace("~", "~0").replace("/", "~1") for p in parts)
            yield {"in": "body", "pointer": pointer, "detail": _shown(request, str(entry["msg"]))}
        else:
            name = ".".join(parts)
            yield {"in": place, "pointer": name, "detail": _shown(request, str(entry["msg"]))}


def _log(request: Request, error: Exception, *, with_trace: bool) -> None:
    LOG.error(
        "%s %s: %s: %s",
        request.method,
        _shown(request, str(request.scope.get("path", ""))),
        type(error).__name__,
        redaction_of(request)(str(error)),
        exc_info=error if with_trace else None,
        extra={"request_id": request_id_of(request)},
    )
