"""Spark's types as Databricks names, answers as plain Arrow, rows cast to the types of a table."""

from __future__ import annotations

import re

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import types as st
from pyspark.sql.pandas.types import to_arrow_type

from dq_databricks.engine.protocol import ColumnInfo
from dq_databricks.errors import SchemaMismatchError

_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


def type_name(kind: st.DataType) -> str:
    """The Databricks name in upper case: ``ARRAY<STRUCT<a: INT, b: STRING>>``."""
    if isinstance(kind, st.ArrayType):
        return f"ARRAY<{type_name(kind.elementType)}>"
    if isinstance(kind, st.MapType):
        return f"MAP<{type_name(kind.keyType)}, {type_name(kind.valueType)}>"
    if isinstance(kind, st.StructType):
        fields = (f"{_field_name(f.name)}: {type_name(f.dataType)}" for f in kind.fields)
        return f"STRUCT<{', '.join(fields)}>"
    return str(kind.simpleString()).upper()


def columns_of(schema: st.StructType) -> tuple[ColumnInfo, ...]:
    """The columns of a frame or table."""
    return tuple(
        ColumnInfo(
            name=field.name,
            data_type=type_name(field.dataType),
            nullable=field.nullable,
            position=position,
            comment=(field.metadata or {}).get("comment"),
        )
        for position, field in enumerate(schema.fields)
    )


def plain(answer: pa.Table) -> pa.Table:
    """`answer` with UTC timestamps and without large or view types, as the protocol promises."""
    fields = [pa.field(f.name, _plain_type(f.type), f.nullable) for f in answer.schema]
    if [field.type for field in fields] == answer.schema.types:
        return answer.replace_schema_metadata(None)
    return answer.cast(pa.schema(fields))


def fitted(table: object, rows: pa.Table, schema: st.StructType) -> pa.Table:
    """`rows` cast, without loss, to the types that `schema` has for their columns.

    Raises SchemaMismatchError naming the column when a value or type does not fit.
    """
    kinds = {field.name.lower(): field.dataType for field in schema.fields}
    arrays = [
        _cast(table, name, rows.column(name), to_arrow_type(kinds[name.lower()]))
        for name in rows.column_names
    ]
    return _without_offsets(pa.Table.from_arrays(arrays, names=rows.column_names))


def _without_offsets(rows: pa.Table) -> pa.Table:
    """The same rows in buffers of their own: Spark's client refuses slices of nested columns."""
    if not any(pa.types.is_nested(kind) for kind in rows.schema.types):
        return rows
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as stream:
        stream.write_table(rows)
    return pa.ipc.open_stream(sink.getvalue()).read_all()


def _field_name(name: str) -> str:
    return name if _PLAIN_NAME.match(name) else "`" + name.replace("`", "``") + "`"


def _plain_type(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_timestamp(kind):
        return pa.timestamp("us", "UTC" if kind.tz else None)
    if pa.types.is_large_string(kind):
        return pa.string()
    if pa.types.is_large_binary(kind):
        return pa.binary()
    if pa.types.is_struct(kind):
        return pa.struct([pa.field(f.name, _plain_type(f.type), f.nullable) for f in kind])
    if pa.types.is_map(kind):
        return pa.map_(_plain_type(kind.key_type), _plain_type(kind.item_type))
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return pa.list_(_plain_type(kind.value_type))
    return kind


def _cast(table: object, name: str, values: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    if values.type == kind:
        return values
    try:
        if not (_family(values.type) == _family(kind) or pa.types.is_null(values.type)):
            raise pa.ArrowInvalid(f"{values.type} is no {kind}")
        return pc.cast(values, kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise SchemaMismatchError(
            f"write to {table}: column {name!r} is {kind}, the rows bring {values.type} ({error})"
        ) from error


def _family(kind: pa.DataType) -> str:
    tests = (
        ("number", (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal)),
        ("text", (pa.types.is_string, pa.types.is_large_string)),
        ("bytes", (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_fixed_size_binary)),
        ("list", (pa.types.is_list, pa.types.is_large_list)),
        ("date", (pa.types.is_date,)),
    )
    found = (name for name, checks in tests if any(check(kind) for check in checks))
    zone = "with zone" if pa.types.is_timestamp(kind) and kind.tz else ""
    return next(found, f"{kind.id} {zone}")
