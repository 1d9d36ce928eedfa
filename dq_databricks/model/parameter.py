"""A parameter of a sensor or rule: its type and help in words, and the check of a given value."""

from __future__ import annotations

import json
import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, Final, Union, get_args, get_origin

from pydantic import ConfigDict, TypeAdapter, ValidationError

from dq_databricks.errors import ParameterError
from dq_databricks.model.words import did_you_mean


class _Required:
    """The default of a parameter that has none."""

    def __repr__(self) -> str:
        return "required"


REQUIRED: Final = _Required()
_WORDS: Final[Mapping[object, str]] = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    date: "a date (YYYY-MM-DD)",
    type(None): "nothing",
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """A named, typed value. `kind` is a type pydantic knows, constraints included."""

    name: str
    kind: Any
    help: str
    default: object = REQUIRED

    @property
    def is_required(self) -> bool:
        """Whether a value must be given."""
        return self.default is REQUIRED

    @property
    def takes_nothing(self) -> bool:
        """Whether None is a value of its own, and not the lack of one."""
        return _WORDS[type(None)] in self.type_in_words.split(" or ")

    @property
    def type_in_words(self) -> str:
        """The type as a person says it: "a whole number or nothing"."""
        return _type_in_words(self.kind)

    def checked(self, value: object, *, owner: str) -> object:
        """`value` as the parameter's type; nothing is guessed from text, but dates are ISO text.

        Raises ParameterError naming `owner`, the parameter, what was given and what is wanted.
        """
        try:
            return _adapter(self.kind).validate_json(_as_json(value), strict=True)
        except (ValidationError, TypeError) as error:
            raise ParameterError(
                f"{owner}: parameter {self.name}: got {value!r}; wanted {self.type_in_words}"
                f"{_why(error)}. {self.help}"
            ) from error


def check_parameters(
    declared: Sequence[Parameter], given: Mapping[str, object], *, owner: str
) -> dict[str, object]:
    """Values for all `declared` parameters: those `given`, checked, else their defaults.

    Raises ParameterError: unknown (with the nearest name), missing, or of the wrong type.
    """
    names = [parameter.name for parameter in declared]
    for name in given:
        if name not in names:
            raise ParameterError(
                f"{owner}: unknown parameter {name!r}{did_you_mean(name, names)}; "
                f"it takes {', '.join(names) or 'no parameters'}"
            )
    values = {p.name: _value_of(p, given, owner=owner) for p in declared}
    _check_pairs(values, owner=owner)
    return values


def _value_of(parameter: Parameter, given: Mapping[str, object], *, owner: str) -> object:
    value = given.get(parameter.name)
    if value is not None or (parameter.name in given and parameter.takes_nothing):
        return parameter.checked(value, owner=owner)
    if parameter.is_required:
        raise ParameterError(
            f"{owner}: parameter {parameter.name} is missing; wanted {parameter.type_in_words}. "
            f"{parameter.help}"
        )
    return parameter.default


def _check_pairs(values: Mapping[str, object], *, owner: str) -> None:
    """Where ``min_x`` and ``max_x`` both exist, one is given and they are in order."""
    for low_name, high_name in ((n, "max_" + n[4:]) for n in values if n.startswith("min_")):
        if high_name not in values:
            continue
        low, high = values[low_name], values[high_name]
        if low is None and high is None:
            raise ParameterError(f"{owner}: give {low_name}, {high_name} or both; got neither")
        if _is_above(low, high):
            raise ParameterError(
                f"{owner}: {low_name} is {low}, above {high_name}, which is {high}"
            )


def _is_above(low: object, high: object) -> bool:
    if isinstance(low, int | float) and isinstance(high, int | float):
        return low > high
    return isinstance(low, date) and isinstance(high, date) and low > high


@cache
def _adapter(kind: Any) -> TypeAdapter[object]:
    try:
        return TypeAdapter(kind, config=ConfigDict(allow_inf_nan=False))
    except TypeError as error:  # a type form that is no type, such as a number
        raise TypeError(f"{kind!r} is no parameter type") from error


def _as_json(value: object) -> str:
    return json.dumps(value, default=_plain)


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Sequence | set | frozenset):
        return list(value)
    raise TypeError(f"{type(value).__name__} is no parameter value")


def _why(error: ValidationError | TypeError) -> str:
    if isinstance(error, ValidationError):
        details = error.errors()[0]
        if details["type"].startswith(("greater", "less", "too", "string_too")):
            return f" ({details['msg'].lower()})"
    return ""


def _type_in_words(kind: object) -> str:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _type_in_words(arguments[0])
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(_type_in_words(a) for a in _without_int(arguments)))
    if origin in (list, tuple):
        return f"a list of {_type_in_words(arguments[0])}"
    if origin is dict:
        return "names and types"
    return _WORDS.get(kind, str(kind))


def _without_int(arguments: tuple[object, ...]) -> tuple[object, ...]:
    return tuple(a for a in arguments if not (a is int and float in arguments))
