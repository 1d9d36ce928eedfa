"""References of a bundle, `${…}`, and of a job, `{{…}}`: found, and put in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

REFERENCE = re.compile(r"\$\{([A-Za-z_][\w.\-\[\]]*)\}")
DYNAMIC = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
DEPTH = 12


class UnknownReferenceError(LookupError):
    """A reference leads nowhere, or back to itself."""


def references(value: Any) -> Iterator[str]:
    """What the references in a text name."""
    if isinstance(value, str):
        yield from REFERENCE.findall(value)


def dynamic(value: Any) -> Iterator[str]:
    """What the dynamic values of a job in a text name."""
    if isinstance(value, str):
        yield from DYNAMIC.findall(value)


def resolve(value: Any, look_up: Callable[[str], Any], depth: int = DEPTH) -> Any:
    """`value` with every reference put in; a text that is one reference takes its value's type.

    `look_up` gives None for what is left as it stands. Raises UnknownReferenceError.
    """
    if isinstance(value, dict):
        return {key: resolve(child, look_up, depth) for key, child in value.items()}
    if isinstance(value, list):
        return [resolve(child, look_up, depth) for child in value]
    return _text(value, look_up, depth) if isinstance(value, str) else value


def _text(text: str, look_up: Callable[[str], Any], depth: int) -> Any:
    if depth == 0:
        raise UnknownReferenceError(f"{text} leads back to itself")
    whole = REFERENCE.fullmatch(text)
    if whole:
        found = look_up(whole[1])
        return text if found is None else resolve(found, look_up, depth - 1)

    def put_in(match: re.Match[str]) -> str:
        found = look_up(match[1])
        return match[0] if found is None else str(resolve(found, look_up, depth - 1))

    return REFERENCE.sub(put_in, text)
