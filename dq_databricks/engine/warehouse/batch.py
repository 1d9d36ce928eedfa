"""Rows as one JSON value and the SQL that unpacks them, so a batch is one statement, one commit.

Scalars travel as text and are cast where they land: no digit, no NaN and no microsecond depends
on how a server reads JSON numbers. Arrays, maps and structs are read by their own schema.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.types as kind

from dq_databricks.engine.rows import first, following
from dq_databricks.engine.warehouse.parameters import MAX_PARAMETER_BYTES, double_text
from dq_databricks.engine.warehouse.types import is_nested, sql_type
from dq_databricks.errors import UnsupportedError
from dq_databricks.sql.identifiers import TableName, quote
from dq_databricks.sql.statement import Parameter, Statement

MAX_STATEMENT_CHARS = 15_000_000
_ROOM_FOR_KEYS = 50_000
_MAX_LITERAL_KEYS = 100

_JSON_HAS = {"BOOLEAN", "TINYINT", "SMALLINT", "INT", "BIGINT"}

Encode = Callable[[Any], object]


@dataclass(frozen=True, slots=True)
class Batch:
    """A SELECT that gives the rows again, and the values it binds."""

    select: str
    parameters: Mapping[str, Parameter]


def insert_statement(table: TableName, rows: pa.Table) -> Statement:
    """One INSERT of all `rows`; columns they lack become NULL."""
    batch = unpacked(rows)
    columns = ", ".join(quote(name) for name in rows.column_names)
    return Statement(f"INSERT INTO {table.sql} ({columns})\n{batch.select}", batch.parameters)


def merge_statement(
    table: TableName,
    rows: pa.Table,
    on: Sequence[str],
    *,
    update: bool,
    counter: str | None = None,
) -> Statement:
    """One MERGE by key; the condition also names the keys, so the target is pruned by them."""
    batch, (literal, keys) = unpacked(rows), _literal_keys(rows, on)
    equal = [f"t.{quote(name)} = s.{quote(name)}" for name in on]
    names = [quote(name) for name in rows.column_names]
    changes = [name for name in names if name not in {quote(key) for key in on}] or names
    sets = ", ".join(f"t.{name} = s.{name}" for name in changes)
    clauses = [
        f"MERGE INTO {table.sql} AS t",
        f"USING (\n{batch.select}\n) AS s",
        f"ON {' AND '.join([*equal, *literal])}",
        *([f"WHEN MATCHED{following(counter)} THEN UPDATE SET {sets}"] if update else []),
        f"WHEN NOT MATCHED{first(counter)} THEN INSERT ({', '.join(names)})"
        f" VALUES ({', '.join(f's.{name}' for name in names)})",
    ]
    return Statement("\n".join(clauses), {**batch.parameters, **keys})


def unpacked(rows: pa.Table) -> Batch:
    """`rows` as a SELECT over one JSON value.

    The value is a parameter up to the limit of 1 MB; longer ones stand in the text as a raw
    string that cannot hold a quote. Raises UnsupportedError beyond the length of a statement.
    """
    payload = _payload(rows)
    shape = ", ".join(
        f"c{n}: {sql_type(field.type) if is_nested(field.type) else 'STRING'}"
        for n, field in enumerate(rows.schema)
    )
    casts = ",\n  ".join(_cast(n, field) for n, field in enumerate(rows.schema))
    bound = len(payload.encode()) <= MAX_PARAMETER_BYTES - _ROOM_FOR_KEYS
    source = ":rows" if bound else _raw_string(payload)
    text = (
        f"SELECT\n  {casts}\n"
        f"FROM (SELECT explode(from_json({source}, 'ARRAY<STRUCT<{shape}>>')) AS r)"
    )
    return Batch(text, {"rows": payload} if bound else {})


def _payload(rows: pa.Table) -> str:
    columns = [
        [None if value is None else encode(value) for value in column.to_pylist()]
        for encode, column in zip(map(_encoder, rows.schema.types), rows.columns, strict=True)
    ]
    names = [f"c{number}" for number in range(rows.num_columns)]
    records = [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]
    return json.dumps(records, ensure_ascii=False, separators=(",", ":"))


def _raw_string(payload: str) -> str:
    # In JSON an apostrophe may be written as an escape; in a raw string nothing else ends it.
    text = payload.replace("'", "\\u0027")
    if len(text) > MAX_STATEMENT_CHARS:
        raise UnsupportedError(
            f"the rows take {len(text):,} characters; a SQL warehouse takes at most"
            f" {MAX_STATEMENT_CHARS:,} in one statement. Write fewer rows at once"
        )
    return f"r'{text}'"


def _cast(number: int, field: pa.Field) -> str:
    column, target = f"r.c{number}", sql_type(field.type)
    forms = {"VOID": "NULL", "BINARY": f"unhex({column})", "STRING": column}
    value = column if is_nested(field.type) else forms.get(target, f"CAST({column} AS {target})")
    return f"{value} AS {quote(field.name)}"


def _encoder(arrow: pa.DataType) -> Encode:
    """How values of an Arrow type become JSON: text, or lists and objects."""
    if kind.is_map(arrow):
        key, item = _inner(arrow.key_type), _inner(arrow.item_type)
        return lambda pairs: {key(k): item(v) for k, v in pairs}
    if kind.is_struct(arrow):
        parts = {field.name: _inner(field.type) for field in arrow}
        return lambda value: {name: part(value[name]) for name, part in parts.items()}
    if is_nested(arrow):
        each = _inner(arrow.value_type)
        return lambda values: [each(value) for value in values]
    return _scalar_encoder(arrow)


def _inner(arrow: pa.DataType) -> Encode:
    encode, target = _encoder(arrow), sql_type(arrow)
    if target == "BINARY":
        raise UnsupportedError("binary values inside arrays, maps or structs cannot be written")
    if target in _JSON_HAS:
        return lambda value: value
    return lambda value: None if value is None else encode(value)


def _scalar_encoder(arrow: pa.DataType) -> Encode:
    target = sql_type(arrow)
    special: dict[str, Encode] = {
        "BINARY": lambda value: value.hex(),
        "BOOLEAN": lambda value: str(value).lower(),
        "DATE": lambda value: value.isoformat(),
        "DOUBLE": double_text,
        "FLOAT": double_text,
        "STRING": lambda value: value,
        "TIMESTAMP": lambda value: _moment(value.astimezone(UTC)),
        "TIMESTAMP_NTZ": _moment,
    }
    if target.startswith("DECIMAL"):
        return lambda value: format(value, "f")
    return special.get(target, str)


def _moment(value: datetime) -> str:
    return value.isoformat(sep=" ", timespec="microseconds")


def _literal_keys(rows: pa.Table, on: Sequence[str]) -> tuple[list[str], dict[str, Parameter]]:
    conditions: list[str] = []
    parameters: dict[str, Parameter] = {}
    room = _MAX_LITERAL_KEYS
    for number, name in enumerate(on):
        values = rows.column(name).unique().to_pylist()
        if len(values) > room or any(isinstance(value, bytes | float) for value in values):
            continue
        room -= len(values)
        found = {f"k{number}_{position}": value for position, value in enumerate(values)}
        markers = ", ".join(f":{key}" for key in found)
        conditions.append(f"t.{quote(name)} IN ({markers})")
        parameters |= found
    return conditions, parameters
