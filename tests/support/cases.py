"""All cases of sensors in one table, so that an engine measures them in few statements.

Each case owns its rows (column ``owner``) and its columns; in the rows of others they are NULL.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from dq_databricks.engine.protocol import Engine
from dq_databricks.sensors.entry import Cell, Example, ExampleTable, Sensor
from dq_databricks.sensors.measure import Measure
from dq_databricks.sql.identifiers import quote
from dq_databricks.sql.statement import Parameter, Statement
from tests.support.contract import create, named
from tests.support.sensing import render_example

OWNER = "owner"
NOBODY = "nobody"
_ARROW: Mapping[str, pa.DataType] = {
    "INT": pa.int32(),
    "BIGINT": pa.int64(),
    "DOUBLE": pa.float64(),
    "STRING": pa.string(),
    "BOOLEAN": pa.bool_(),
    "DATE": pa.date32(),
    "TIMESTAMP": pa.timestamp("us", tz="UTC"),
    "DECIMAL(38,18)": pa.decimal128(38, 18),
    "ARRAY<INT>": pa.list_(pa.int32()),
}


@dataclass(frozen=True)
class Case:
    """An example of a sensor under a name of its own."""

    sensor: Sensor
    example: Example
    name: str

    @property
    def columns(self) -> dict[str, str]:
        """The columns of the example by the names they have in the common table."""
        return {column: f"{self.name}.{column}" for column in self.example.table.columns}

    def reference_columns(self, reference: str) -> dict[str, str]:
        table = self.example.references[reference]
        return {column: f"{self.name}.{reference}.{column}" for column in table.columns}

    def _renamed(self, text: str) -> str:
        """SQL of a user with the columns of the example under their common names."""
        words = r"\b(" + "|".join(map(re.escape, self.columns)) + r")\b"
        return re.sub(words, lambda word: quote(self.columns[word[0]]), text)

    def measure(self, table: str) -> Measure:
        """The measure of the case, on the common table."""
        parameters = dict(self.example.parameters)
        for reference in self.example.references:
            renamed = list(self.reference_columns(reference).values())
            parameters |= {"reference_table": table, "reference_columns": renamed}
        if self.sensor.family == "custom":
            parameters = {name: self._renamed(str(text)) for name, text in parameters.items()}
        return render_example(
            self.sensor,
            example=self.example,
            rename=self.columns,
            parameters=parameters,
            table=table,
        )


def write_cases(engine: Engine, table: str, cases: Sequence[Case]) -> None:
    """Create `table` with the rows of all cases in one commit, and ``<table>_empty`` without."""
    types = {OWNER: "STRING"}
    rows: list[dict[str, Cell]] = []
    for case in cases:
        _add(case.example.table, case.columns, case.name, types, rows)
        for reference, content in case.example.references.items():
            _add(content, case.reference_columns(reference), f"{case.name}.r", types, rows)
    columns = ", ".join(f"{quote(name)} {data_type}" for name, data_type in types.items())
    schema = pa.schema([(name, _ARROW[data_type]) for name, data_type in types.items()])
    create(engine, table, columns)
    create(engine, f"{table}_empty", columns)
    engine.append(named(table), pa.Table.from_pylist(rows, schema=schema))


def _add(
    table: ExampleTable,
    renamed: Mapping[str, str],
    owner: str,
    types: dict[str, str],
    rows: list[dict[str, Cell]],
) -> None:
    for column, data_type in table.columns.items():
        types[renamed[column]] = data_type
    for row in table.rows:
        cells = dict(zip((renamed[c] for c in table.columns), row, strict=True))
        rows.append({OWNER: owner, **cells})


def scan_statement(table: str, measures: Mapping[str, Measure], *, empty: bool) -> Statement:
    """All scan measures in one SELECT, each over the rows of its owner (or of nobody)."""
    parameters: dict[str, Parameter] = {}
    items = []
    for name, measure in measures.items():
        parameters.update(measure.expression.parameters)
        owner = NOBODY if empty else name
        items.append(
            f"{measure.expression.text} FILTER (WHERE `{OWNER}` = '{owner}') AS {quote(name)}"
        )
    return Statement(f"SELECT {', '.join(items)} FROM {named(table).sql}", parameters)


def group_statement(table: str, measures: Mapping[str, Measure], *, empty: bool) -> Statement:
    """All group measures in one SELECT of scalar subqueries, grouped as the planner groups."""
    parameters: dict[str, Parameter] = {}
    items = []
    for name, measure in measures.items():
        parameters.update(measure.expression.parameters)
        keys = [quote(column) for column in measure.group_by]
        named_keys = ", ".join(f"{key} AS group_key_{i + 1}" for i, key in enumerate(keys))
        owner = NOBODY if empty else name
        items.append(
            f"(SELECT {measure.expression.text} FROM (SELECT count(*) AS group_rows, {named_keys} "
            f"FROM {named(table).sql} WHERE `{OWNER}` = '{owner}' GROUP BY {', '.join(keys)}) "
            f"AS groups) AS {quote(name)}"
        )
    return Statement(f"SELECT {', '.join(items)}", parameters)
