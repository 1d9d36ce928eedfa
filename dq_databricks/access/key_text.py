"""The text of an API key: a prefix scanners know, 256 random bits, and a checksum for typos."""

from __future__ import annotations

import zlib
from collections.abc import Callable

MARK = "dqp_"
RANDOM_BYTES = 32
PREFIX_CHARS = 12
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_BODY_CHARS, _CHECK_CHARS = 43, 6
KEY_CHARS = len(MARK) + _BODY_CHARS + _CHECK_CHARS


def new_key(random_bytes: Callable[[int], bytes]) -> str:
    """A fresh key of 53 characters."""
    body = _text(int.from_bytes(random_bytes(RANDOM_BYTES)), _BODY_CHARS)
    return MARK + body + _check(body)


def is_key(text: str) -> bool:
    """Whether `text` has the form and the checksum of a key; whether it opens anything, rows say.

    What is cut, mistyped or something else is told apart here, before anything is read.
    """
    if len(text) != KEY_CHARS or not text.startswith(MARK) or not text.isascii():
        return False
    body, check = text[len(MARK) : -_CHECK_CHARS], text[-_CHECK_CHARS:]
    return body.isalnum() and _check(body) == check


def prefix_of(key: str) -> str:
    """The part of a key by which its row is found and named in messages; it opens nothing."""
    return key[:PREFIX_CHARS]


def _check(body: str) -> str:
    return _text(zlib.crc32((MARK + body).encode()), _CHECK_CHARS)


def _text(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, len(_ALPHABET))
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))
