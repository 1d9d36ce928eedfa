"""What an entry of the catalog of check types says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from dq_databricks.model.parameter import Parameter
from dq_databricks.model.vocabulary import Severity
from dq_databricks.rules.rule import Rule
from dq_databricks.sensors.entry import Scope, Sensor
from dq_databricks.sensors.measure import MeasureKind


class Dimension(StrEnum):
    """The side of quality a check looks at."""

    ACCURACY = "accuracy"
    COMPLETENESS = "completeness"
    CONSISTENCY = "consistency"
    INTEGRITY = "integrity"
    REASONABLENESS = "reasonableness"
    TIMELINESS = "timeliness"
    UNIQUENESS = "uniqueness"
    VALIDITY = "validity"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckType:
    """A named pair of a sensor and a rule, with defaults.

    `testgen` and `dqops` are the names of the same check in TestGen and DQOps; each finds it too.
    `defaults` replace the defaults of the rule or the sensor.
    """

    name: str
    description: str
    sensor: Sensor
    rule: Rule
    dimension: Dimension
    severity: Severity = Severity.ERROR
    defaults: Mapping[str, object] = field(default_factory=dict)
    testgen: tuple[str, ...] = ()
    dqops: tuple[str, ...] = ()

    @property
    def aliases(self) -> tuple[str, ...]:
        """Every other name it is found by."""
        return self.testgen + self.dqops

    @property
    def kind(self) -> MeasureKind:
        """How it is measured."""
        return self.sensor.kind

    @property
    def scope(self) -> Scope:
        """What a test of this type is bound to."""
        return self.sensor.scope

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The parameters of sensor and rule, with the defaults of this check type."""
        declared = self.sensor.parameters + self.rule.parameters
        return tuple(
            replace(entry, default=self.defaults[entry.name])
            if entry.name in self.defaults
            else entry
            for entry in declared
        )
