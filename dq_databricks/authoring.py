"""What a sensor, a rule and a check type are written with; tried through `quality.authoring`.

A sensor measures (an entry, its template and an example), a rule judges, a check type is both
under one name.
"""

from dq_databricks.checks.entry import CheckType, Dimension
from dq_databricks.model.column_types import ANY, NUMERIC, SCALARS, TEMPORAL, TEXT, GeneralType
from dq_databricks.model.parameter import Parameter
from dq_databricks.model.vocabulary import ResultStatus, Severity
from dq_databricks.quality.authoring import AuthoringFace, CheckTrial, SensorTrial
from dq_databricks.rules.outcome import no_data, nothing_measured, verdict
from dq_databricks.rules.rule import Rule, rule
from dq_databricks.rules.values import Readout, Verdict
from dq_databricks.sensors.entry import Example, ExampleTable, Scope, Sensor
from dq_databricks.sensors.measure import MeasureKind

__all__ = [
    "ANY",
    "NUMERIC",
    "SCALARS",
    "TEMPORAL",
    "TEXT",
    "AuthoringFace",
    "CheckTrial",
    "CheckType",
    "Dimension",
    "Example",
    "ExampleTable",
    "GeneralType",
    "MeasureKind",
    "Parameter",
    "Readout",
    "ResultStatus",
    "Rule",
    "Scope",
    "Sensor",
    "SensorTrial",
    "Severity",
    "Verdict",
    "no_data",
    "nothing_measured",
    "rule",
    "verdict",
]
