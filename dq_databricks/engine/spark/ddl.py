"""Which schema, table or view a statement makes, drops or comments: it keeps a lake in step."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

_NAME = r"`(?:[^`]|``)+`|\w+"
_HEAD = re.compile(
    rf"""\s*(?:(?P<verb>CREATE|DROP)\s+(?:OR\s+REPLACE\s+)?
    (?P<kind>SCHEMA|DATABASE|TABLE|VIEW)|(?P<comment>COMMENT)\s+ON\s+(?:SCHEMA|DATABASE))\s+
    (?:IF\s+(?:NOT\s+)?EXISTS\s+)?
    (?P<name>(?:{_NAME})(?:\s*\.\s*(?:{_NAME}))*)""",
    re.IGNORECASE | re.VERBOSE,
)
_PART = re.compile(_NAME)


Verb = Literal["CREATE", "DROP", "COMMENT"]
Kind = Literal["SCHEMA", "TABLE", "VIEW"]
_VERBS: Mapping[str, Verb] = {"CREATE": "CREATE", "DROP": "DROP"}
_KINDS: Mapping[str, Kind] = {
    "SCHEMA": "SCHEMA",
    "DATABASE": "SCHEMA",
    "TABLE": "TABLE",
    "VIEW": "VIEW",
}


@dataclass(frozen=True, slots=True)
class Ddl:
    """One CREATE, DROP or COMMENT and the parts of the name it names."""

    verb: Verb
    kind: Kind
    parts: tuple[str, ...]


def read_ddl(text: str) -> Ddl | None:
    """What `text` makes, drops or comments; None for every other statement."""
    head = _HEAD.match(text)
    if head is None:
        return None
    parts = tuple(_plain(part) for part in _PART.findall(head["name"]))
    if head["comment"]:
        return Ddl("COMMENT", "SCHEMA", parts)
    return Ddl(_VERBS[head["verb"].upper()], _KINDS[head["kind"].upper()], parts)


def _plain(part: str) -> str:
    return part[1:-1].replace("``", "`") if part.startswith("`") else part
