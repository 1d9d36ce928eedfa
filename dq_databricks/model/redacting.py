"""Takes secrets out of text that is about to be shown, logged or stored.

Two ways together: values that are known to be secrets, and what looks like one. A reference such
as ``secret:SCOPE/KEY`` says where a secret is kept; it stays, so that messages can name it.
"""

from __future__ import annotations

import base64
import json
import os
import re
import threading
from collections.abc import Iterable, Mapping
from typing import Self
from urllib.parse import quote

HIDDEN = "***"
LEAST_CHARS = 8
"""A shorter value is found in words that have nothing to do with it."""

_KEPT_IN = r"(?:secret|env|file|vault):"
_REFERENCE = re.compile(rf"(?i){_KEPT_IN}\S")
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    # the password, and a token given as the user, of an address; Azure names a container there
    (
        re.compile(
            r"(?i)\b(?!(?:abfs|wasb)s?://[^\s/:@]+@)([a-z][a-z0-9+.-]*://)[^\s/@'\"]{1,256}@"
        ),
        rf"\1{HIDDEN}@",
    ),
    (re.compile(r"\bdqp_[A-Za-z0-9_-]{8,}"), f"dqp_{HIDDEN}"),
    (re.compile(r"\bdapi[0-9a-f]{8,}[-\w]*"), f"dapi{HIDDEN}"),
    (re.compile(r"\bdose[0-9a-f]{8,}[-\w]*"), f"dose{HIDDEN}"),
    (re.compile(r"\beyJ[\w-]{8,}(?:\.[\w-]+){0,2}"), HIDDEN),
    (re.compile(r"\bey[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]*"), HIDDEN),
    (re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}"), rf"\1 {HIDDEN}"),
    (
        re.compile(
            # not a reference to a scope, which is written like a value that has a name
            r"(?i)(?<![\w/])(?!secret:[\w.@-]+/[\w.@-]+(?![\w.@/+=-]))"
            r"([a-z_-]*(?:password|passwd|pwd|secret|token|api[_-]?key|access[_-]?key"
            r"|signature|sig))([\"']?\s*[=:]\s*)(?!(?:secret|env|file|vault):[\w./~])(?:\"[^\"]*\"|'[^']*'|[^\s,;&\"')}\]]+)"
        ),
        rf"\1\2{HIDDEN}",
    ),
)
_NAMED_SECRET = re.compile(r"(?i)(?:token|secret|passw(?:or)?d|pwd|key|credentials?)s?\Z")


_UNMISTAKABLE = (
    re.compile(r"(?i)\b[a-z][a-z0-9+.-]*://[^\s/:@'\"]*:[^\s/@'\"]+@"),
    re.compile(r"(?i)[?&](?:[a-z_-]*token|sig|signature|[a-z_-]*secret|password)=[^&\s'\"]{8,}"),
    re.compile(r"\bdqp_[A-Za-z0-9_-]{20,}"),
    re.compile(r"\bdapi[0-9a-f]{16,}"),
    re.compile(r"\bdose[0-9a-f]{16,}"),
    re.compile(r"\beyJ[\w-]{8,}\.[\w-]{4,}\.[\w-]*"),
)


def holds_secret(text: str) -> bool:
    """Whether `text` surely holds a token, a key or the password of an address."""
    return any(pattern.search(text) for pattern in _UNMISTAKABLE)


def redacted(text: str, known: Iterable[str] = ()) -> str:
    """`text` without `known` values, passwords in addresses, keys, tokens, and values so named."""
    return _without_patterns(_without(text, _compiled(known)))


class Redaction:
    """What a process knows to be secret; one object, made at the top and shared by all below."""

    def __init__(self, known: Iterable[str] = ()) -> None:
        self._lock = threading.Lock()
        self._values: frozenset[str] = frozenset()
        self._pattern: re.Pattern[str] | None = None
        self.learn(*known)

    @classmethod
    def of_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        """One that knows the variables (of the process by default) whose names say secret."""
        source = os.environ if environment is None else environment
        named = [text for name, text in source.items() if _NAMED_SECRET.search(name)]
        values = [text for text in named if not _REFERENCE.match(text)]
        return cls([*values, *(part for text in values for part in text.split(","))])

    def learn(self, *values: str) -> None:
        """Hide these values from now on; those shorter than 8 characters are no secrets."""
        with self._lock:
            new = frozenset(values) - self._values
            if new:
                self._values |= new
                self._pattern = _compiled(self._values)

    @property
    def pattern(self) -> str | None:
        """A regular expression (RE2) that finds every known value; None when there is none."""
        return None if self._pattern is None else self._pattern.pattern

    def hide(self, text: str) -> str:
        """`text` without the known values alone: for what is stored and is no message."""
        return _without(text, self._pattern)

    def finds(self, text: str) -> bool:
        """Whether `text` holds a known value, or surely a secret: then it must not be stored."""
        return self.hide(text) != text or holds_secret(text)

    def __call__(self, text: str) -> str:
        """`text` without the known values and without what looks like a secret."""
        return _without_patterns(self.hide(text))


def _without(text: str, pattern: re.Pattern[str] | None) -> str:
    return text if pattern is None else pattern.sub(HIDDEN, text)


def _without_patterns(text: str) -> str:
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


def _compiled(values: Iterable[str]) -> re.Pattern[str] | None:
    forms = {form for value in values for form in _forms(value)}
    if not forms:
        return None
    longest_first = sorted(forms, key=lambda form: (-len(form), form))
    return re.compile("|".join(map(re.escape, longest_first)))


def _forms(value: str) -> set[str]:
    """A value as it stands, and as addresses, JSON, Python and base64 write it."""
    try:
        coded = base64.b64encode(value.encode()).decode()
    except UnicodeEncodeError:  # bytes of a variable that are no text; nothing could show them
        return set()
    lines = value.split("\n") if "\n" in value else []
    written = {value.strip(), quote(value, safe=""), json.dumps(value)[1:-1], repr(value)[1:-1]}
    long_lines = {line.strip() for line in lines if len(line.strip()) >= 2 * LEAST_CHARS}
    forms = {*written, coded, coded.rstrip("="), *long_lines}
    return forms if len(value.strip()) >= LEAST_CHARS else set()
