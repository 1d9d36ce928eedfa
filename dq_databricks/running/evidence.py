"""The SQL behind one measurement, so that a person can repeat it alone."""

from __future__ import annotations

from dq_databricks.engine.protocol import Snapshot
from dq_databricks.model.redacting import redacted
from dq_databricks.planning.measure import Measure, MeasureKind, Measurement
from dq_databricks.sql.statement import Statement

_SHOWN_CHARS = 200


def statement_text(measure: Measure, measurement: Measurement, snapshot: Snapshot) -> str | None:
    """The statement that measures `measure` alone, its parameters in comments above.

    A scan shares its statement with other tests; here it stands by itself, without secrets.
    None for metadata.
    """
    statement = _alone(measure, measurement, snapshot)
    if statement is None:
        return None
    used = (name for name in sorted(statement.parameters) if f":{name}" in statement.text)
    lines = [f"-- :{name} = {_shown(statement.parameters[name])}" for name in used]
    return redacted("\n".join([*lines, statement.text]))


def _alone(measure: Measure, measurement: Measurement, snapshot: Snapshot) -> Statement | None:
    if measure.kind is MeasureKind.METADATA:
        return None
    if measure.kind is not MeasureKind.SCAN:
        return measurement.statement
    expression = measure.expression
    relation = snapshot.relation.sql
    return Statement(f"SELECT {expression.text} AS value\nFROM {relation}", expression.parameters)


def _shown(value: object) -> str:
    text = " ".join(repr(value).split())
    return text if len(text) <= _SHOWN_CHARS else text[: _SHOWN_CHARS - 1] + "…"
