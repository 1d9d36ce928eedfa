"""The decorator that makes a function a rule."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, get_args, get_origin

from pydantic.fields import FieldInfo

from dq_databricks.model.parameter import REQUIRED, Parameter, check_parameters
from dq_databricks.rules.values import Readout, Verdict


@dataclass(frozen=True, slots=True)
class Rule:
    """Judges a readout. Pure and total: every readout gets a verdict.

    `arithmetic` is the first line of the function's docstring; `parameters` its keyword
    parameters.
    """

    name: str
    arithmetic: str
    parameters: tuple[Parameter, ...]
    function: Callable[..., Verdict]

    def __call__(self, readout: Readout, **parameters: object) -> Verdict:
        """The verdict. Raises ParameterError for an unknown, missing or wrong parameter."""
        checked = check_parameters(self.parameters, parameters, owner=self.name)
        return self.function(readout, **checked)


def rule(function: Callable[..., Verdict]) -> Rule:
    """Make `function(readout, *, parameters…)` a rule; the signature declares the parameters."""
    hints = typing.get_type_hints(function, include_extras=True)
    _, *declared = inspect.signature(function).parameters.values()
    return Rule(
        name=function.__name__,
        arithmetic=(inspect.getdoc(function) or "").partition("\n")[0],
        parameters=tuple(_parameter(entry, hints) for entry in declared),
        function=function,
    )


def _parameter(declared: inspect.Parameter, hints: Mapping[str, object]) -> Parameter:
    if declared.kind is not inspect.Parameter.KEYWORD_ONLY:
        raise TypeError(f"rule parameter {declared.name} must be keyword-only")
    kind = hints[declared.name]
    default = REQUIRED if declared.default is inspect.Parameter.empty else declared.default
    return Parameter(declared.name, kind, _help(kind), default)


def _help(kind: object) -> str:
    if get_origin(kind) is Annotated:
        for mark in get_args(kind)[1:]:
            if isinstance(mark, FieldInfo) and mark.description:
                return mark.description
    return ""
