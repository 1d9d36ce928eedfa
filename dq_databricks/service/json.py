"""JSON in: bodies that are read strictly, in bounded memory."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from dq_databricks.errors import RequestError

MOST_DEPTH = 32
MOST_INTEGER = 2**63 - 1
MOST_DIGITS = 400
# A string (so that brackets in it do not count), or one bracket. Possessive, so that a string which
# never ends is passed over once.
_TOKENS = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)
_HALF = re.compile(rb"\\u[dD][89a-fA-F]")


def read_strictly(body: bytes) -> Any:
    """The JSON document in `body`.

    Raises RequestError for what is not UTF-8 or not JSON, half characters, names that occur twice
    in one object, NaN and infinities, whole numbers beyond 64 bits, and nesting beyond 32 levels.
    The depth is counted before anything is built: hostile nesting costs one pass over the bytes.
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RequestError(f"the body is not UTF-8: byte {error.start} is none") from error
    _check_depth(body)
    document = _parsed(text)
    if _HALF.search(body):
        _check_characters(document)
    return document


def _parsed(text: str) -> Any:
    try:
        return json.loads(
            text,
            object_pairs_hook=_without_repeats,
            parse_constant=_refused_constant,
            parse_int=_integer,
            parse_float=_float,
        )
    except json.JSONDecodeError as error:
        raise RequestError(
            f"the body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}"
        ) from error


def _check_characters(document: Any) -> None:
    try:
        json.dumps(document, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise RequestError("the body holds half a character (a lone surrogate)") from error


def _check_depth(body: bytes) -> None:
    depth = 0
    for token in _TOKENS.finditer(body):
        sign = token[0]
        if sign in (b"[", b"{"):
            depth += 1
            if depth > MOST_DEPTH:
                raise RequestError(f"the body is nested deeper than {MOST_DEPTH} levels")
        elif sign in (b"]", b"}"):
            depth -= 1


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in found if names.count(name) > 1)
        raise RequestError(f"the body names {twice[:60]!r} twice in one object")
    return found


def _refused_constant(word: str) -> Any:
    raise RequestError(f"the body holds {word}, which is not JSON; send null or a text")


def _integer(digits: str) -> int:
    if len(digits) > len(str(-MOST_INTEGER)) or abs(int(digits)) > MOST_INTEGER:
        raise RequestError(f"the body holds the whole number {digits[:24]}…, beyond 64 bits")
    return int(digits)


def _float(digits: str) -> float:
    value = float(digits)
    if len(digits) > MOST_DIGITS or not math.isfinite(value):
        raise RequestError(f"the body holds the number {digits[:24]}, which no double can hold")
    return value
