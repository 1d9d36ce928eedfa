"""Which statements only read, told by their first words: those alone are sent again."""

from __future__ import annotations

import re

_LEAD = re.compile(r"(?:\s+|--[^\n]*(?:\n|\Z)|/\*.*?\*/|\()*", re.DOTALL)
_READS = re.compile(
    r"SELECT|WITH|VALUES|DESC(?:RIBE)?|SHOW|EXPLAIN|LIST|VACUUM\b.*\bDRY\s+RUN\s*;?\s*\Z",
    re.IGNORECASE | re.DOTALL,
)


def reads(text: str) -> bool:
    """Whether carrying out `text` twice changes nothing."""
    lead = _LEAD.match(text)
    return _READS.match(text, lead.end() if lead else 0) is not None
