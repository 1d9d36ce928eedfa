"""Turns what a Spark session raises into this package's errors."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pyspark.errors import PySparkException

from dq_databricks.engine.classify import classify
from dq_databricks.errors import EngineError, EngineUnavailableError, OutcomeUnknownError


def _bridge_errors() -> tuple[type[Exception], ...]:
    """Errors of the bridge to the JVM; a client of Spark Connect alone has no bridge."""
    try:
        return (importlib.import_module("py4j.protocol").Py4JError,)
    except ModuleNotFoundError:
        return ()


BRIDGE = _bridge_errors()
_TELLS_NOTHING: tuple[type[Exception], ...] = (*BRIDGE, TypeError)
FAILURES: tuple[type[Exception], ...] = (PySparkException, *BRIDGE, OSError)
"""What a session may raise: its own errors, the bridge's to the JVM, a broken pipe."""

# Spark 4.1 cannot word errors of Delta's own catalogue and names the missing entry instead.
_UNWORDED = re.compile(r"Cannot find main error class '([A-Z0-9_]+)'")
_JAVA_HEAD = re.compile(r"^An error occurred while calling [^\n]*\n:? ?(?:[\w.$]+: )?")
_END_OF_MESSAGE = re.compile(r"\n\s*(?:at [\w.$]+[./]|== SQL|JVM stacktrace|'?\w+ \[|\+- )|;\n'")


@contextmanager
def translated(asked: str, *, writing: bool = False) -> Iterator[None]:
    """Raise children of EngineError for what fails inside; `asked` says what was wanted."""
    try:
        yield
    except FAILURES as failure:
        raise as_engine_error(failure, asked, writing=writing) from failure


def as_engine_error(failure: Exception, asked: str, *, writing: bool = False) -> EngineError:
    """The error that `failure` is. A connection lost while writing leaves the outcome unknown."""
    message = _text(failure)
    kind = _kind(failure, message)
    if writing and kind is EngineUnavailableError:
        kind = OutcomeUnknownError
    return kind(f"{asked}: {_first_part(message)}")


def _kind(failure: Exception, message: str) -> type[EngineError]:
    if isinstance(failure, OSError) or type(failure).__name__ == "Py4JNetworkError":
        return EngineUnavailableError
    unworded = _UNWORDED.search(message)
    condition = unworded[1] if unworded else _told(failure, "getCondition")
    return classify(message, condition=condition, sqlstate=_told(failure, "getSqlState"))


def _text(failure: Exception) -> str:
    try:
        return str(failure)
    except BRIDGE as unworded:
        return str(unworded)


def _told(failure: Exception, name: str) -> str | None:
    """What the error, or the Java error behind it, tells through the method `name`."""
    for teller in (failure, getattr(failure, "java_exception", None)):
        if value := _call(teller, name):
            return value
    return None


def _call(teller: Any, name: str) -> str | None:
    method = getattr(teller, name, None)
    if method is None:
        return None
    try:
        value = method()
    except _TELLS_NOTHING:  # a Java error of another kind has no such method
        return None
    return str(value) if value else None


def _first_part(message: str) -> str:
    """The message without Java's frame, stack trace and query plan."""
    text = _JAVA_HEAD.sub("", message)
    return _END_OF_MESSAGE.split(text, maxsplit=1)[0].strip()
