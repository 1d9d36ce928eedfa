"""Takes secrets out of text that is about to be shown, logged or stored."""

from __future__ import annotations

import re

HIDDEN = "***"
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    # the password, and a token given as the user, of an address
    (re.compile(r"(?i)\b([a-z][a-z0-9+.-]*://)[^\s/@'\"]{1,256}@"), rf"\1{HIDDEN}@"),
    (re.compile(r"\bdqp_[A-Za-z0-9_-]{8,}"), f"dqp_{HIDDEN}"),
    (re.compile(r"\bdapi[0-9a-f]{16,}(?:-[0-9]+)?"), f"dapi{HIDDEN}"),
    (re.compile(r"\bdose[0-9a-f]{16,}"), f"dose{HIDDEN}"),
    (re.compile(r"\bey[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]*"), HIDDEN),
    (re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}"), rf"\1 {HIDDEN}"),
    (
        re.compile(
            r"(?i)(?<![\w/])([a-z_-]*(?:password|passwd|pwd|secret|token|api[_-]?key|access[_-]?key"
            r"|signature|sig))([\"']?\s*[=:]\s*)(?:\"[^\"]*\"|'[^']*'|[^\s,;&\"')}\]]+)"
        ),
        rf"\1\2{HIDDEN}",
    ),
)


def redacted(text: str) -> str:
    """`text` without passwords in addresses, keys, tokens, and values named like secrets."""
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text
