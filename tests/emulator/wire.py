"""Values on the wire: Arrow tables as Thrift row sets, Thrift parameters as Python values."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.types as kind
from databricks.sql.thrift_api.TCLIService import ttypes

from dq_databricks.sql.statement import Parameter

T = ttypes.TTypeId
_TYPES = {
    pa.bool_(): T.BOOLEAN_TYPE,
    pa.int8(): T.TINYINT_TYPE,
    pa.int16(): T.SMALLINT_TYPE,
    pa.int32(): T.INT_TYPE,
    pa.int64(): T.BIGINT_TYPE,
    pa.float32(): T.FLOAT_TYPE,
    pa.float64(): T.DOUBLE_TYPE,
    pa.string(): T.STRING_TYPE,
    pa.binary(): T.BINARY_TYPE,
    pa.date32(): T.DATE_TYPE,
    pa.null(): T.NULL_TYPE,
}


def ok() -> ttypes.TStatus:
    return ttypes.TStatus(statusCode=ttypes.TStatusCode.SUCCESS_STATUS)


def failed(message: str) -> ttypes.TStatus:
    return ttypes.TStatus(statusCode=ttypes.TStatusCode.ERROR_STATUS, errorMessage=message)


def metadata(table: pa.Table) -> ttypes.TGetResultSetMetadataResp:
    columns = [
        ttypes.TColumnDesc(field.name, ttypes.TTypeDesc([_entry(field.type)]), position)
        for position, field in enumerate(table.schema, 1)
    ]
    return ttypes.TGetResultSetMetadataResp(
        status=ok(),
        schema=ttypes.TTableSchema(columns),
        resultFormat=ttypes.TSparkRowSetType.ARROW_BASED_SET,
        lz4Compressed=False,
        arrowSchema=table.schema.serialize().to_pybytes(),
        isStagingOperation=False,
    )


def page(table: pa.Table, start: int, rows: int) -> ttypes.TFetchResultsResp:
    part = table.slice(start, rows).combine_chunks()
    batches = [
        ttypes.TSparkArrowBatch(batch.serialize().to_pybytes(), batch.num_rows)
        for batch in part.to_batches()
        if batch.num_rows and batch.num_columns
    ]
    return ttypes.TFetchResultsResp(
        status=ok(),
        hasMoreRows=start + part.num_rows < table.num_rows,
        results=ttypes.TRowSet(startRowOffset=start, rows=[], arrowBatches=batches),
        resultSetMetadata=metadata(table),
    )


def _entry(arrow: pa.DataType) -> ttypes.TTypeEntry:
    return ttypes.TTypeEntry(ttypes.TPrimitiveTypeEntry(_type_id(arrow), _qualifiers(arrow)))


def _type_id(arrow: pa.DataType) -> int:
    if kind.is_decimal(arrow):
        return T.DECIMAL_TYPE
    if kind.is_timestamp(arrow):
        return T.TIMESTAMP_TYPE
    if kind.is_map(arrow):
        return T.MAP_TYPE
    if kind.is_struct(arrow):
        return T.STRUCT_TYPE
    return T.ARRAY_TYPE if kind.is_nested(arrow) else _TYPES[arrow]


def _qualifiers(arrow: pa.DataType) -> ttypes.TTypeQualifiers | None:
    if not kind.is_decimal(arrow):
        return None
    numbers = {"precision": arrow.precision, "scale": arrow.scale}
    return ttypes.TTypeQualifiers(
        {name: ttypes.TTypeQualifierValue(i32Value=number) for name, number in numbers.items()}
    )


def parameters(sent: list[ttypes.TSparkParameter] | None) -> dict[str, Parameter]:
    return {parameter.name: _value(parameter) for parameter in sent or []}


def _value(parameter: ttypes.TSparkParameter) -> Parameter:
    if parameter.type == "ARRAY":
        return [argument.value for argument in parameter.arguments]
    if parameter.value is None:
        return None
    text = parameter.value.stringValue
    match parameter.type.partition("(")[0]:
        case "INT" | "BIGINT":
            return int(text)
        case "DOUBLE":
            return float(text)
        case "BOOLEAN":
            return {"true": True, "false": False}[text]
        case "DECIMAL":
            return Decimal(text)
        case "DATE":
            return date.fromisoformat(text)
        case "TIMESTAMP":
            return datetime.fromisoformat(text)
        case "STRING":
            return text
    raise ValueError(f"a warehouse binds no parameter of type {parameter.type}")
