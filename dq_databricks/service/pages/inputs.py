"""The fields of a form whose names are only known when it is drawn, and values as people type them.

A parameter of a check type becomes one field; what comes back is read by the type it declares.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Literal

from fastapi import Depends, Request

from dq_databricks.quality import CheckTypeDescription

PREFIX = "p_"
FieldKind = Literal["number", "date", "text", "area", "choice"]
_MOST_CHARS = 20_000


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form. `hint` says what may stand there, `step` is that of a number."""

    name: str
    label: str
    kind: FieldKind
    value: str = ""
    help: str = ""
    hint: str = ""
    step: str = ""
    required: bool = False
    choices: tuple[str, ...] = ()


class Sent:
    """What a form sent: each name with its values, cut where they are absurdly long."""

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        self._pairs = [(name, text[:_MOST_CHARS]) for name, text in pairs]

    def one(self, name: str, default: str = "") -> str:
        """The last value of `name`, without blanks around it."""
        return next((text.strip() for key, text in reversed(self._pairs) if key == name), default)

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of `name` that is not empty."""
        return tuple(text.strip() for key, text in self._pairs if key == name and text.strip())

    def number(self, name: str, default: int = 0) -> int:
        """A whole number; `default` where there is none."""
        text = self.one(name)
        return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else default

    def below(self, prefix: str) -> dict[str, str]:
        """The values whose names begin with `prefix`, by the rest of the name."""
        return {
            name.removeprefix(prefix): text.strip()
            for name, text in self._pairs
            if name.startswith(prefix)
        }


async def _sent(request: Request) -> Sent:
    form = await request.form()
    return Sent([(name, value) for name, value in form.multi_items() if isinstance(value, str)])


FormSent = Annotated[Sent, Depends(_sent)]
"""The fields of the form, whatever their names."""


def fields_of(check: CheckTypeDescription, values: Mapping[str, object]) -> tuple[Field, ...]:
    """A field for each parameter of `check`, holding its value of `values`, else its default."""
    return tuple(
        Field(
            name=PREFIX + parameter.name,
            label=parameter.name.replace("_", " "),
            kind=_kind(parameter.type, parameter.name),
            value=as_typed(values.get(parameter.name, parameter.default)),
            help=parameter.help,
            hint=_hint(parameter.type, required=parameter.required, default=parameter.default),
            step="1" if parameter.type.startswith("a whole number") else "any",
            required=parameter.required,
            choices=("true", "false") if parameter.type.startswith("true") else (),
        )
        for parameter in check.parameters
    )


def refilled(fields: Sequence[Field], sent: Sent) -> tuple[Field, ...]:
    """The same fields, holding what was sent."""
    return tuple(replace(one, value=sent.one(one.name)) for one in fields)


def texts_of(
    check: CheckTypeDescription, sent: Sent, stored: Mapping[str, object] | None = None
) -> dict[str, str]:
    """The parameters that were sent, as text.

    An empty field means the default; where a value is `stored`, it is taken away.
    """
    given, stored = sent.below(PREFIX), stored or {}
    texts: dict[str, str] = {}
    for parameter in check.parameters:
        text = given.get(parameter.name, "")
        if text:
            texts[parameter.name] = text
        elif parameter.name in stored and "nothing" in parameter.type:
            texts[parameter.name] = "null"
        elif parameter.name in stored and parameter.default is not None:
            texts[parameter.name] = as_typed(parameter.default)
    return texts


def as_typed(value: object) -> str:
    """A parameter as a person types it: lists separated by commas where that is unambiguous."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, list | tuple) and all(_is_plain(item) for item in value):
        return ", ".join(value)
    return json.dumps(value, ensure_ascii=False, default=str)


def _is_plain(item: object) -> bool:
    """Whether `item` is text that reads as itself between commas."""
    if not isinstance(item, str) or not item or "," in item or item != item.strip():
        return False
    try:
        json.loads(item)
    except ValueError:
        return True
    return False


def _kind(type_in_words: str, name: str) -> FieldKind:
    if type_in_words.startswith(("a whole number", "a number")):
        return "number"
    if type_in_words.startswith("a date"):
        return "date"
    if type_in_words.startswith("true"):
        return "choice"
    is_long = "sql" in name or type_in_words.startswith(("a list", "names"))
    return "area" if is_long else "text"


def _hint(type_in_words: str, *, required: bool, default: object) -> str:
    words = type_in_words.removesuffix(" or nothing")
    if words.startswith("a list"):
        words += ", separated by commas or as JSON"
    if words.startswith("names"):
        words += ', as JSON: {"column": "type"}'
    if required:
        return f"{words}; required"
    return f"{words}; empty: {as_typed(default)}" if default is not None else f"{words}; optional"
