"""The rows a measure counted, where it says which: for looking at what a test found wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dq_databricks.engine.protocol import Snapshot
from dq_databricks.sensors.entry import Sensor
from dq_databricks.sensors.measure import Measure, MeasureKind
from dq_databricks.sql.identifiers import quote
from dq_databricks.sql.statement import Parameter, Statement

_REPEATED = frozenset({"duplicate_value_count", "duplicate_key_count", "duplicate_row_count"})
_KEEPS_NULLS = "duplicate_row_count"
_COUNTED = "SELECT count(*) AS value\nFROM"


@dataclass(frozen=True, slots=True)
class CountedRows:
    """A SELECT of the rows that were counted, at most `limit` of them; or why there is none."""

    statement: Statement | None = None
    reason: str | None = None


def counted_rows(sensor: Sensor, measure: Measure, snapshot: Snapshot, limit: int) -> CountedRows:
    """The rows of `snapshot` that `measure` of `sensor` counts."""
    text = _select(sensor, measure, snapshot)
    if text is None:
        return CountedRows(
            reason=f"{sensor.name} measures one figure of the table, and counts no single rows"
        )
    parameters: Mapping[str, Parameter] = {**measure.expression.parameters, "most_rows": limit}
    return CountedRows(Statement(f"{text}\nLIMIT :most_rows", parameters))


def _select(sensor: Sensor, measure: Measure, snapshot: Snapshot) -> str | None:
    text = measure.expression.text.strip()
    table = snapshot.relation.sql
    if measure.kind is MeasureKind.SCAN and text.startswith("count(CASE ") and text[-1] == ")":
        # count() counts what is not null, so the rows it counts are these
        return f"SELECT *\nFROM {table}\nWHERE ({text[len('count(') : -1]}) IS NOT NULL"
    if measure.kind is MeasureKind.QUERY and text.startswith(_COUNTED):
        return "SELECT *\nFROM" + text.removeprefix(_COUNTED)
    if sensor.name in _REPEATED:
        return _repeated(measure.group_by, table, keeps_nulls=sensor.name == _KEEPS_NULLS)
    return None


def _repeated(columns: Sequence[str], table: str, *, keeps_nulls: bool) -> str:
    keys = ", ".join(quote(column) for column in columns)
    complete = "" if keeps_nulls else "".join(f" AND {quote(c)} IS NOT NULL" for c in columns)
    return (
        f"SELECT *\nFROM (\n  SELECT *, count(*) OVER (PARTITION BY {keys}) AS same_rows\n"
        f"  FROM {table}\n) AS counted\nWHERE same_rows > 1{complete}"
    )
