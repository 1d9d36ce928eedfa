"""Names of schemas and tables as names of folders, on every file system, and back."""

from __future__ import annotations

import hashlib
import re

_SAFE = re.compile(r"[a-z0-9_-]")
_MARK = "~"
_LONGEST = 180


def folder_name(name: str) -> str:
    """The folder of an object: lower case (names ignore case), other characters as ``~hex~``."""
    text = "".join(char if _SAFE.match(char) else _encode(char) for char in name.lower())
    if len(text) <= _LONGEST:
        return text
    digest = hashlib.sha256(name.lower().encode()).hexdigest()[:32]
    return f"{text[:60].rpartition(_MARK)[0] or text[:60]}{_MARK}{_MARK}{digest}"


def object_name(folder: str) -> str | None:
    """The name a folder stands for; None when it was too long to be kept in the folder's name."""
    if _MARK * 2 in folder:
        return None
    parts = folder.split(_MARK)
    try:
        return "".join(_decode(part) if n % 2 else part for n, part in enumerate(parts))
    except ValueError:
        return None


def _encode(char: str) -> str:
    return f"{_MARK}{ord(char):x}{_MARK}"


def _decode(part: str) -> str:
    return chr(int(part, 16))
