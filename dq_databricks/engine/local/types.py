"""Databricks SQL type names of Delta, Arrow and parquet types, and Delta types of parsed SQL."""

from __future__ import annotations

import re
from typing import Any

import pyarrow as pa
from sqlglot import exp

from dq_databricks.errors import UnsupportedError
from dq_databricks.sql.identifiers import quote

_DELTA_NAMES = {
    "string": "STRING",
    "long": "BIGINT",
    "integer": "INT",
    "short": "SMALLINT",
    "byte": "TINYINT",
    "float": "FLOAT",
    "double": "DOUBLE",
    "boolean": "BOOLEAN",
    "binary": "BINARY",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "timestamp_ntz": "TIMESTAMP_NTZ",
    "variant": "VARIANT",
    "void": "VOID",
}
_DECIMAL = re.compile(r"decimal\((\d+),\s*(-?\d+)\)")
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

_ARROW_NAMES = {
    pa.int8(): "TINYINT",
    pa.int16(): "SMALLINT",
    pa.int32(): "INT",
    pa.int64(): "BIGINT",
    # Spark reads the unsigned types of parquet into the next larger signed one.
    pa.uint8(): "SMALLINT",
    pa.uint16(): "INT",
    pa.uint32(): "BIGINT",
    pa.uint64(): "DECIMAL(20,0)",
    pa.float16(): "FLOAT",
    pa.float32(): "FLOAT",
    pa.float64(): "DOUBLE",
    pa.bool_(): "BOOLEAN",
    pa.string(): "STRING",
    pa.large_string(): "STRING",
    pa.string_view(): "STRING",
    pa.binary(): "BINARY",
    pa.large_binary(): "BINARY",
    pa.binary_view(): "BINARY",
    pa.date32(): "DATE",
    pa.null(): "VOID",
}

_DELTA_OF_SQL = {
    exp.DataType.Type.TEXT: "string",
    exp.DataType.Type.BIGINT: "long",
    exp.DataType.Type.INT: "integer",
    exp.DataType.Type.SMALLINT: "short",
    exp.DataType.Type.TINYINT: "byte",
    exp.DataType.Type.FLOAT: "float",
    exp.DataType.Type.DOUBLE: "double",
    exp.DataType.Type.BOOLEAN: "boolean",
    exp.DataType.Type.BINARY: "binary",
    exp.DataType.Type.DATE: "date",
    exp.DataType.Type.TIMESTAMPTZ: "timestamp",
    exp.DataType.Type.TIMESTAMPNTZ: "timestamp_ntz",
}


def name_of_delta_type(delta_type: Any, *, column: str) -> str:
    """The SQL name of a type as the Delta log writes it: a string or a nested object."""
    if isinstance(delta_type, str):
        return _name_of_primitive(delta_type, column=column)
    kind = delta_type["type"]
    if kind == "array":
        return f"ARRAY<{name_of_delta_type(delta_type['elementType'], column=column)}>"
    if kind == "map":
        key = name_of_delta_type(delta_type["keyType"], column=column)
        return f"MAP<{key}, {name_of_delta_type(delta_type['valueType'], column=column)}>"
    fields = (
        f"{_field_name(field['name'])}: {name_of_delta_type(field['type'], column=column)}"
        for field in delta_type["fields"]
    )
    return f"STRUCT<{', '.join(fields)}>"


def _name_of_primitive(delta_type: str, *, column: str) -> str:
    if match := _DECIMAL.fullmatch(delta_type):
        return f"DECIMAL({match[1]},{match[2]})"
    if delta_type not in _DELTA_NAMES:
        raise UnsupportedError(
            f"column {column!r} has type {delta_type!r}, which is not known here"
        )
    return _DELTA_NAMES[delta_type]


def name_of_arrow_type(arrow_type: pa.DataType, *, column: str) -> str:
    """The SQL name of an Arrow or parquet type.

    Raises UnsupportedError for types Databricks SQL does not have, such as times of day.
    """
    if arrow_type in _ARROW_NAMES:
        return _ARROW_NAMES[arrow_type]
    if pa.types.is_dictionary(arrow_type):
        return name_of_arrow_type(arrow_type.value_type, column=column)
    if pa.types.is_decimal(arrow_type) and arrow_type.precision <= 38:
        return f"DECIMAL({arrow_type.precision},{arrow_type.scale})"
    if pa.types.is_timestamp(arrow_type):
        return "TIMESTAMP_NTZ" if arrow_type.tz is None else "TIMESTAMP"
    if pa.types.is_fixed_size_binary(arrow_type):
        return "BINARY"
    return _name_of_nested(arrow_type, column=column)


def _name_of_nested(arrow_type: pa.DataType, *, column: str) -> str:
    if pa.types.is_map(arrow_type):
        key = name_of_arrow_type(arrow_type.key_type, column=column)
        return f"MAP<{key}, {name_of_arrow_type(arrow_type.item_type, column=column)}>"
    if pa.types.is_struct(arrow_type):
        fields = (
            f"{_field_name(f.name)}: {name_of_arrow_type(f.type, column=column)}"
            for f in arrow_type
        )
        return f"STRUCT<{', '.join(fields)}>"
    if hasattr(arrow_type, "value_type"):
        return f"ARRAY<{name_of_arrow_type(arrow_type.value_type, column=column)}>"
    raise UnsupportedError(
        f"column {column!r} has type {arrow_type}, which Databricks SQL does not have; "
        "store it as another type or leave the column out"
    )


def _field_name(name: str) -> str:
    return name if _PLAIN_NAME.fullmatch(name) else quote(name)


def delta_type_of(data_type: exp.DataType, *, column: str) -> Any:
    """A parsed SQL type as the Delta log writes it. Raises UnsupportedError."""
    kind = data_type.this
    if kind == exp.DataType.Type.DECIMAL:
        return _decimal(data_type)
    if kind == exp.DataType.Type.ARRAY:
        element = delta_type_of(data_type.expressions[0], column=column)
        return {"type": "array", "elementType": element, "containsNull": True}
    if kind == exp.DataType.Type.MAP:
        key, value = (delta_type_of(part, column=column) for part in data_type.expressions)
        return {"type": "map", "keyType": key, "valueType": value, "valueContainsNull": True}
    if kind == exp.DataType.Type.STRUCT:
        return {"type": "struct", "fields": [_struct_field(f) for f in data_type.expressions]}
    if kind not in _DELTA_OF_SQL:
        raise UnsupportedError(
            f"column {column!r}: the local engine cannot write type {data_type.sql('databricks')}"
        )
    return _DELTA_OF_SQL[kind]


def _struct_field(field: exp.Expression) -> dict[str, Any]:
    kind = delta_type_of(field.args["kind"], column=field.name)
    return {"name": field.name, "type": kind, "nullable": True, "metadata": {}}


def _decimal(data_type: exp.DataType) -> str:
    sizes = [int(size.name) for size in data_type.expressions]
    precision, scale = (*sizes, 0)[:2] if sizes else (10, 0)
    return f"decimal({precision},{scale})"
