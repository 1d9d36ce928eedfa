"""The catalog of check types: found by name, or by the name the same check has elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from dq_databricks.checks.entry import CheckType
from dq_databricks.errors import UnknownNameError
from dq_databricks.model.discovery import discover
from dq_databricks.model.words import did_you_mean


@dataclass(frozen=True, slots=True)
class ParameterDescription:
    """A parameter as people read it; `default` is None where there is none."""

    name: str
    type: str
    required: bool
    default: object
    help: str


@dataclass(frozen=True, slots=True)
class CheckTypeDescription:
    """A check type as people read it: what it measures, how it judges, what it takes."""

    name: str
    description: str
    kind: str
    scope: str
    dimension: str
    severity: str
    measures: str
    passes: str
    column_types: tuple[str, ...]
    parameters: tuple[ParameterDescription, ...]
    aliases: tuple[str, ...]


@cache
def check_types() -> Mapping[str, CheckType]:
    """Every check type by its name, in the order of the alphabet."""
    return dict(sorted(discover("dq_databricks.checks", CheckType).items()))


def find_check_type(name: str) -> CheckType:
    """The check type of this name or alias, case aside.

    Raises UnknownNameError with near names.
    """
    found = _by_any_name().get(name.strip().lower())
    if found:
        return found
    names = [n for entry in check_types().values() for n in (entry.name, *entry.aliases)]
    hint = did_you_mean(name, names) or f"; known: {', '.join(check_types())}"
    raise UnknownNameError(f"no check type is named {name!r}{hint}")


def describe(check_type: CheckType) -> CheckTypeDescription:
    """`check_type` in words, for listings and documentation."""
    sensor = check_type.sensor
    return CheckTypeDescription(
        name=check_type.name,
        description=check_type.description,
        kind=str(check_type.kind),
        scope=str(check_type.scope),
        dimension=str(check_type.dimension),
        severity=str(check_type.severity),
        measures=sensor.measures,
        passes=check_type.rule.arithmetic,
        column_types=tuple(sorted(sensor.accepts)),
        parameters=tuple(
            ParameterDescription(
                name=parameter.name,
                type=parameter.type_in_words,
                required=parameter.is_required,
                default=None if parameter.is_required else parameter.default,
                help=parameter.help,
            )
            for parameter in check_type.parameters
        ),
        aliases=check_type.aliases,
    )


@cache
def _by_any_name() -> Mapping[str, CheckType]:
    names: dict[str, CheckType] = {}
    for check_type in check_types().values():
        for name in (check_type.name, *check_type.aliases):
            if names.setdefault(name.lower(), check_type) is not check_type:
                raise TypeError(f"two check types answer to {name!r}")
    return names
