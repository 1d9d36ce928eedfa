"""Documents that people write: YAML or JSON, read into plain values that know their line.

YAML is read as data and nothing else: no tags, no anchors or aliases (a small text could stand for
a huge one), no second document. Words are what they look like: true, false, null and numbers; all
else is text, so `no` and dates stay what was written.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import yaml

from dq_databricks.errors import DocumentError, Fault

Format = Literal["yaml", "json"]
MOST_BYTES = 1_000_000
MOST_DEPTH = 16
MOST_INTEGER, MOST_DIGITS = 2**63 - 1, 40
_WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}
_INTEGER = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?")
_SHOWN = 60
# The parser in C where the driver has it; both give the same events.
_PARSER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


@dataclass(frozen=True, slots=True)
class Node:
    """A value with the line it starts at, from 1; JSON has no lines.

    `value` is text, a number, a boolean, None, a list of nodes or a dict of nodes.
    """

    value: Any
    line: int | None = None

    @property
    def plain(self) -> Any:
        """The value without its lines."""
        if isinstance(self.value, dict):
            return {name: node.plain for name, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain for node in self.value]
        return self.value


def read_document(text: bytes, form: Format) -> Node:
    """The document in `text`. Raises DocumentError with the line where it cannot be read.

    It may have a million bytes and 16 levels. Names that occur twice in one mapping are refused.
    """
    if len(text) > MOST_BYTES:
        raise _refused(f"the document has more than {MOST_BYTES:,} bytes; send it in parts")
    try:
        decoded = text.decode("utf-8-sig")
        decoded.encode("utf-8")
    except UnicodeError as error:
        raise _refused("the document is not UTF-8") from error
    return _from_json(decoded) if form == "json" else _Reader(decoded).read()


def write_document(value: Any, form: Format) -> str:
    """`value` as text that `read_document` reads back as the same value."""
    if form == "json":
        return json.dumps(value, ensure_ascii=False, indent=2) + "\n"
    text: str = yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1000)
    return text


def _refused(problem: str, line: int | None = None) -> DocumentError:
    return DocumentError([Fault(problem, line)])


# --- YAML ----------------------------------------------------------------------------------------


class _Reader:
    """Builds nodes from the events of the parser, so that nothing is ever constructed by a tag."""

    def __init__(self, text: str) -> None:
        self._events = _events(text)

    def read(self) -> Node:
        """The one document."""
        try:
            begins = yaml.StreamStartEvent, yaml.DocumentStartEvent
            first = next(event for event in self._events if not isinstance(event, begins))
            if isinstance(first, yaml.StreamEndEvent):
                raise _refused("the document is empty", 1)
            root = self._node(first, 1)
            self._end()
        except yaml.YAMLError as error:
            raise _unreadable(error) from error
        return root

    def _end(self) -> None:
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                raise _refused("a second document begins; send one at a time", _line(event))

    def _node(self, event: Any, depth: int) -> Node:
        line = _line(event)
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            raise _refused("anchors and aliases (& and *) are not read; write it out", line)
        if event.tag is not None:
            raise _refused(f"tags are not read; remove {event.tag[:_SHOWN]!r}", line)
        if isinstance(event, yaml.ScalarEvent):
            return Node(_scalar(event, line), line)
        if depth > MOST_DEPTH:
            raise _refused(f"the document is nested deeper than {MOST_DEPTH} levels", line)
        if isinstance(event, yaml.SequenceStartEvent):
            return Node(self._items(depth), line)
        return Node(self._fields(depth), line)

    def _items(self, depth: int) -> list[Node]:
        found = []
        for event in self._events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            found.append(self._node(event, depth + 1))
        return found

    def _fields(self, depth: int) -> dict[str, Node]:
        found: dict[str, Node] = {}
        for event in self._events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            name = self._node(event, depth + 1)
            if not isinstance(event, yaml.ScalarEvent):
                raise _refused("a name must be text", name.line)
            if event.value in found:
                raise _refused(f"{event.value[:_SHOWN]!r} is named twice", name.line)
            found[event.value] = self._node(next(self._events), depth + 1)
        return found


def _events(text: str) -> Iterator[Any]:
    events: Iterator[Any] = yaml.parse(text, Loader=_PARSER)
    return events


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


def _scalar(event: yaml.ScalarEvent, line: int) -> Any:
    text: str = event.value
    if not event.implicit[0]:  # it is quoted, or a block of text
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return _bounded(text, line)
    return _finite(float(text), line) if _FLOAT.fullmatch(text) else text


def _bounded(digits: str, line: int | None) -> int:
    if len(digits) > MOST_DIGITS or abs(int(digits)) > MOST_INTEGER:
        raise _refused(f"the whole number {digits[:24]} is beyond 64 bits; quote it", line)
    return int(digits)


def _finite(number: float, line: int | None) -> float:
    if not math.isfinite(number):
        raise _refused("the number is too large for a double; quote it", line)
    return number


def _unreadable(error: yaml.YAMLError) -> DocumentError:
    mark = getattr(error, "problem_mark", None)
    line = mark.line + 1 if mark is not None else None
    return _refused(f"this is no YAML: {getattr(error, 'problem', None) or 'unreadable'}", line)


# A list that occurs twice is written twice, and text that would be read as a number is quoted.
_Dumper: Any = type("_Dumper", (_DUMPER,), {"ignore_aliases": lambda *_: True})


def _represented(dumper: Any, text: str) -> Any:
    is_plain = text not in _WORDS and not _INTEGER.fullmatch(text) and not _FLOAT.fullmatch(text)
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if is_plain else '"')


_Dumper.add_representer(str, _represented)


# --- JSON ----------------------------------------------------------------------------------------


def _from_json(text: str) -> Node:
    try:
        value = json.loads(
            text,
            object_pairs_hook=_without_repeats,
            parse_constant=_refused_constant,
            parse_int=lambda digits: _bounded(digits, None),
            parse_float=lambda digits: _finite(float(digits), None),
        )
        json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        raise _refused(f"this is no JSON: {error.msg}", error.lineno) from error
    except UnicodeEncodeError as error:
        raise _refused("the document holds half a character (a lone surrogate)") from error
    except RecursionError as error:
        raise _refused(f"the document is nested deeper than {MOST_DEPTH} levels") from error
    return _node_of(value, 1)


def _node_of(value: Any, depth: int) -> Node:
    if depth > MOST_DEPTH + 1:
        raise _refused(f"the document is nested deeper than {MOST_DEPTH} levels")
    if isinstance(value, Mapping):
        return Node({name: _node_of(item, depth + 1) for name, item in value.items()})
    if isinstance(value, list):
        return Node([_node_of(item, depth + 1) for item in value])
    return Node(value)


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise _refused(f"{name[:_SHOWN]!r} is named twice in one object")
        found[name] = value
    return found


def _refused_constant(word: str) -> Any:
    raise _refused(f"{word} is not JSON; send null or a text")
