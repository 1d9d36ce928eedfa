"""What a failure of the connector means: which error, and may the statement have run."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from databricks.sql import exc
from urllib3.exceptions import ConnectTimeoutError, HTTPError, MaxRetryError, NewConnectionError

from dq_databricks.engine.classify import classify
from dq_databricks.errors import (
    AuthenticationError,
    CancelledError,
    EngineError,
    EngineUnavailableError,
    OutcomeUnknownError,
    PermissionDeniedError,
)

# What the connector, urllib3 and the socket raise; anything else is our own mistake.
DRIVER_ERRORS = (exc.Error, HTTPError, OSError, EOFError)

_NOT_CONNECTED = (NewConnectionError, ConnectTimeoutError)
_LOST_SESSION = re.compile(
    r"(?i)invalid\s*(session|operation)?\s*handle|session .{0,80}(not found|closed|expired)"
)
_BAD_TOKEN = re.compile(r"(?i)token|credential|unauthenticated")
_REFUSED = {400, 404, 429, 501}


class NotSentError(EngineUnavailableError):
    """The warehouse did not take the statement: sending it again cannot double it."""


class UnreachableError(NotSentError):
    """Nobody answers at the address: more likely a wrong host than a pause worth waiting for."""


@dataclass(frozen=True, slots=True)
class Moment:
    """When a failure came: does the statement read, had the server taken it, did we cancel it."""

    reading: bool
    taken: bool = False
    cancelled: bool = False


def translate(error: Exception, moment: Moment, hide: Callable[[str], str]) -> EngineError:
    """The error to raise for `error`, its message without secrets."""
    inner = _innermost(error)
    if isinstance(inner, EngineError):
        is_lost = moment.taken and not moment.reading and inner.retryable
        return _unknown(str(inner)) if is_lost else inner
    text = hide(_text(error))
    if moment.cancelled and moment.reading:
        return CancelledError(f"the statement was cancelled: {text}")
    if isinstance(error, exc.DatabaseError) and not isinstance(error, exc.RequestError):
        return _reported(text, moment)
    if isinstance(_reason(inner), _NOT_CONNECTED) and not moment.taken:
        return UnreachableError(f"cannot reach the warehouse; check DATABRICKS_HOST ({text})")
    if isinstance(inner, exc.MaxRetryDurationError):
        return NotSentError(f"the warehouse is busy or still starting: {text}")
    if moment.taken and not moment.reading:
        return _unknown(text)
    return _refused(_http_code(error), text) or (
        EngineUnavailableError(f"the connection to the warehouse broke: {text}")
        if moment.reading
        else _unknown(text)
    )


def _reported(text: str, moment: Moment) -> EngineError:
    """The server itself says what went wrong: a statement it failed was not carried out."""
    if _LOST_SESSION.search(text) and not moment.taken:
        return NotSentError(f"the session of the warehouse ended: {text}")
    known = classify(text)
    if known is EngineError and "unexpectedly closed" in text:
        return CancelledError(text) if moment.reading else _unknown(text)
    return known(text)


def _refused(code: int | None, text: str) -> EngineError | None:
    if code == 401 or (code == 403 and _BAD_TOKEN.search(text)):
        return AuthenticationError(
            f"the workspace answered {code}: the credentials are missing, wrong or expired ({text})"
        )
    if code == 403:
        return PermissionDeniedError(f"the workspace answered 403: {text}")
    if code == 429:
        return NotSentError(f"the warehouse is busy (429): {text}")
    if code in _REFUSED:
        return EngineError(
            f"the workspace refused the request ({code}): {text}. Check DATABRICKS_HOST and"
            " DATABRICKS_HTTP_PATH"
        )
    return None


def _unknown(text: str) -> OutcomeUnknownError:
    return OutcomeUnknownError(
        "the connection to the warehouse broke while a write ran; it may or may not have been"
        f" committed. Look the rows up by their ids before writing again ({text})"
    )


def _innermost(error: Exception) -> BaseException:
    # RequestError carries what it wraps as its second argument.
    wrapped = error.args[1] if isinstance(error, exc.RequestError) and len(error.args) > 1 else None
    return wrapped if isinstance(wrapped, BaseException) else error


def _reason(error: BaseException) -> BaseException | None:
    return error.reason if isinstance(error, MaxRetryError) else error


def _http_code(error: Exception) -> int | None:
    context = error.context if isinstance(error, exc.RequestError) else {}
    code = context.get("http-code")
    return code if isinstance(code, int) and code >= 400 else None


def _text(error: Exception) -> str:
    message = str(getattr(error, "message", None) or error).strip(" .")
    code = _http_code(error)
    return (message or type(error).__name__) + (f" (HTTP {code})" if code else "")
