"""Makes Arrow rows fit the columns of a Delta table, or says why they do not."""

from __future__ import annotations

import pyarrow as pa

from dq_databricks.errors import ConstraintError, SchemaMismatchError


def conform(rows: pa.Table, schema: pa.Schema, *, table: str, lenient: bool = False) -> pa.Table:
    """`rows` with exactly the columns of `schema`; absent ones are NULL.

    `lenient` also allows what an INSERT allows: scalars into STRING, dates into TIMESTAMP.
    Raises SchemaMismatchError, and ConstraintError for NULL in a NOT NULL column.
    """
    columns = [
        conform_column(rows.column(field.name), field, table=table, lenient=lenient)
        if field.name in rows.column_names
        else pa.chunked_array([pa.nulls(rows.num_rows, field.type)])
        for field in schema
    ]
    for field, column in zip(schema, columns, strict=True):
        check_not_null(column, field, table=table)
    loose = pa.schema([pa.field(field.name, field.type) for field in schema])
    return pa.Table.from_arrays(columns, schema=loose)


def check_not_null(column: pa.ChunkedArray, field: pa.Field, *, table: str) -> None:
    """Raise ConstraintError when a NOT NULL column holds NULL."""
    if not field.nullable and column.null_count:
        raise ConstraintError(
            f"write to {table}: column {field.name!r} is NOT NULL; "
            f"{column.null_count} of {len(column)} rows have NULL"
        )


def conform_column(
    column: pa.ChunkedArray, field: pa.Field, *, table: str, lenient: bool = False
) -> pa.ChunkedArray:
    """One column as the type of `field`, without losing anything. Raises SchemaMismatchError."""
    if column.type == field.type:
        return column
    if column.null_count == len(column):
        return pa.chunked_array([pa.nulls(len(column), field.type)])
    if not _fits(column.type, field.type, lenient=lenient):
        raise SchemaMismatchError(
            f"write to {table}: column {field.name!r} is {field.type}, the rows have {column.type}"
        )
    try:
        return column.cast(field.type)
    except pa.ArrowException as error:
        raise SchemaMismatchError(
            f"write to {table}: column {field.name!r} is {field.type}: {error}"
        ) from error


def _fits(source: pa.DataType, target: pa.DataType, *, lenient: bool) -> bool:
    if pa.types.is_dictionary(source):
        return _fits(source.value_type, target, lenient=lenient)
    given, wanted = _family(source), _family(target)
    if given == wanted:
        return given != "nested" or _fit_nested(source, target, lenient=lenient)
    if given == "number" or wanted == "number":
        return lenient and wanted == "string"
    return lenient and (given, wanted) in {
        ("boolean", "string"),
        ("date", "string"),
        ("date", "timestamp"),
        ("date", "timestamp without zone"),
    }


def _fit_nested(source: pa.DataType, target: pa.DataType, *, lenient: bool) -> bool:
    if pa.types.is_struct(source) != pa.types.is_struct(target):
        return False
    if pa.types.is_struct(source):
        names = [field.name for field in target]
        return [field.name for field in source] == names and all(
            _fits(source.field(n).type, target.field(n).type, lenient=lenient)
            for n in range(len(names))
        )
    return bool(pa.types.is_map(source) == pa.types.is_map(target))


def _family(kind: pa.DataType) -> str:
    checks = (
        ("number", pa.types.is_integer),
        ("number", pa.types.is_floating),
        ("number", pa.types.is_decimal),
        ("boolean", pa.types.is_boolean),
        ("date", pa.types.is_date),
        ("nested", pa.types.is_nested),
    )
    for family, holds in checks:
        if holds(kind):
            return family
    if pa.types.is_timestamp(kind):
        return "timestamp" if kind.tz else "timestamp without zone"
    text = {pa.string(), pa.large_string(), pa.string_view()}
    binary = {pa.binary(), pa.large_binary(), pa.binary_view()}
    if kind in text or kind in binary or pa.types.is_fixed_size_binary(kind):
        return "string" if kind in text else "binary"
    return str(kind)
