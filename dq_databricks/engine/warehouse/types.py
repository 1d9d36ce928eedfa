"""Types: from Arrow to Databricks SQL, and one spelling for what a warehouse reports."""

from __future__ import annotations

import re

import pyarrow as pa
import pyarrow.types as kind

from dq_databricks.errors import UnsupportedError
from dq_databricks.sql.identifiers import quote

_PLAIN: dict[pa.DataType, str] = {
    pa.bool_(): "BOOLEAN",
    pa.int8(): "TINYINT",
    pa.int16(): "SMALLINT",
    pa.int32(): "INT",
    pa.int64(): "BIGINT",
    pa.uint8(): "SMALLINT",
    pa.uint16(): "INT",
    pa.uint32(): "BIGINT",
    pa.uint64(): "DECIMAL(20,0)",
    pa.float16(): "FLOAT",
    pa.float32(): "FLOAT",
    pa.float64(): "DOUBLE",
    pa.date32(): "DATE",
    pa.date64(): "DATE",
    pa.null(): "VOID",
}
_WORD = re.compile(r"[A-Za-z_]\w*\Z")


def sql_type(arrow: pa.DataType) -> str:
    """The Databricks SQL type of an Arrow type.

    Raises UnsupportedError for a type Delta has no column for.
    """
    if kind.is_list(arrow) or kind.is_large_list(arrow) or kind.is_fixed_size_list(arrow):
        return f"ARRAY<{sql_type(arrow.value_type)}>"
    if kind.is_map(arrow):
        key, item = (sql_type(part) for part in (arrow.key_type, arrow.item_type))
        return f"MAP<{key}, {item}>"
    if kind.is_struct(arrow):
        return f"STRUCT<{', '.join(_field(field) for field in arrow)}>"
    return _scalar(arrow)


def is_nested(arrow: pa.DataType) -> bool:
    """Whether values of the type hold other values."""
    return bool(kind.is_nested(arrow))


def _field(field: pa.Field) -> str:
    name = field.name if _WORD.match(field.name) else quote(field.name)
    return f"{name}: {sql_type(field.type)}"


def _scalar(arrow: pa.DataType) -> str:
    if kind.is_string(arrow) or kind.is_large_string(arrow) or kind.is_string_view(arrow):
        return "STRING"
    if kind.is_binary(arrow) or kind.is_large_binary(arrow) or kind.is_fixed_size_binary(arrow):
        return "BINARY"
    if kind.is_timestamp(arrow):
        return "TIMESTAMP_NTZ" if arrow.tz is None else "TIMESTAMP"
    if kind.is_decimal(arrow) and arrow.precision <= 38:
        return f"DECIMAL({arrow.precision},{arrow.scale})"
    if kind.is_dictionary(arrow):
        return _scalar(arrow.value_type)
    if arrow not in _PLAIN:
        raise UnsupportedError(f"rows of Arrow type {arrow} have no type in Databricks SQL")
    return _PLAIN[arrow]


def canonical_type(reported: str) -> str:
    """One spelling: ``struct<a:int>`` is ``STRUCT<a: INT>``; field names stay as they are."""
    text = reported.strip()
    head, bracket, rest = text.partition("<")
    if not bracket or not rest.endswith(">"):
        return text.upper()
    parts = _split(rest[:-1], ",")
    if head.strip().upper() == "STRUCT":
        parts = [f"{name.strip()}: {canonical_type(of)}" for name, of in map(_named, parts)]
    else:
        parts = [canonical_type(part) for part in parts]
    return f"{head.strip().upper()}<{', '.join(parts)}>"


def _named(field: str) -> tuple[str, str]:
    name, *of = _split(field, ":")
    return name, ":".join(of)


def _split(text: str, separator: str) -> list[str]:
    """Split at separators that stand outside of brackets and back quotes."""
    parts, depth, quoted = [""], 0, False
    for char in text:
        quoted ^= char == "`"
        depth += 0 if quoted else (char in "<(") - (char in ">)")
        if char == separator and not depth and not quoted:
            parts.append("")
        else:
            parts[-1] += char
    return [part for part in parts if part.strip()]
