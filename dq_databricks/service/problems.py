"""Errors as problem+json (RFC 9457), in one handler."""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import JSONResponse

from dq_databricks.errors import (
    ForbiddenError,
    NotFoundError,
    PreconditionMissingError,
    QualityError,
    UnauthenticatedError,
    VersionConflictError,
)

_STATUS: dict[type[QualityError], int] = {
    UnauthenticatedError: 401,
    ForbiddenError: 403,
    NotFoundError: 404,
    VersionConflictError: 412,
    PreconditionMissingError: 428,
}


def problem(_request: Request, error: Exception) -> JSONResponse:
    """The answer to an error of ours."""
    status = next(
        (_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS),
        422 if getattr(error, "wrong_use", False) else 503,
    )
    document = {
        "type": "about:blank",
        "title": type(error).__name__,
        "status": status,
        "detail": str(error),
    }
    return JSONResponse(document, status, media_type="application/problem+json")
