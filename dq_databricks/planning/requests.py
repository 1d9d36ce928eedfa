"""Who asks for what: measures folded so that each identical one is taken once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dq_databricks.errors import WrongUseError
from dq_databricks.planning.measure import Measure
from dq_databricks.sql.statement import Parameter

FrozenParameter = tuple[str, str, str]
"""Name, type and value of a parameter, comparable: 1, 1.0 and true are three values."""


@dataclass(frozen=True, slots=True)
class Request:
    """Identical measures, to be taken once: the first of them speaks for all `keys`."""

    measures: tuple[Measure, ...]
    parameters: frozenset[FrozenParameter]

    @property
    def measure(self) -> Measure:
        """The measure that speaks for all."""
        return self.measures[0]

    @property
    def keys(self) -> tuple[str, ...]:
        """Who asked, in order."""
        return tuple(measure.key for measure in self.measures)


def fold(measures: Sequence[Measure]) -> list[Request]:
    """One request per distinct (kind, expression, parameters, group), in order of appearance.

    Raises WrongUseError when one key asks for two different things.
    """
    found: dict[tuple[object, ...], list[Measure]] = {}
    asked: dict[str, tuple[object, ...]] = {}
    for measure in measures:
        identity = _identity(measure)
        if measure.key not in asked:
            found.setdefault(identity, []).append(measure)
        elif asked[measure.key] != identity:
            raise WrongUseError(
                f"measure key {measure.key!r} asks for two different expressions; "
                "give each measure a key of its own"
            )
        asked[measure.key] = identity
    return [
        Request(tuple(same), frozen_parameters(same[0].expression.parameters))
        for same in found.values()
    ]


def frozen_parameters(parameters: Mapping[str, Parameter]) -> frozenset[FrozenParameter]:
    """`parameters` as a set of comparable values."""
    return frozenset(frozen(name, value) for name, value in parameters.items())


def frozen(name: str, value: Parameter) -> FrozenParameter:
    """One parameter as a comparable value."""
    return name, type(value).__name__, repr(value)


def _identity(measure: Measure) -> tuple[object, ...]:
    return (
        measure.kind,
        measure.expression.text,
        frozen_parameters(measure.expression.parameters),
        measure.group_by,
        frozen("value", measure.value),
    )
