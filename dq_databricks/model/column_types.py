"""The general type of a column: what a sensor needs to know of a Databricks SQL type."""

from __future__ import annotations

from enum import StrEnum


class GeneralType(StrEnum):
    """What a column holds, whatever its exact type."""

    INTEGER = "integer"
    DECIMAL = "decimal"
    FLOAT = "float"
    TEXT = "text"
    BOOLEAN = "boolean"
    DATE = "date"
    TIMESTAMP = "timestamp"
    BINARY = "binary"
    NESTED = "nested"
    OTHER = "other"


NUMERIC = frozenset({GeneralType.INTEGER, GeneralType.DECIMAL, GeneralType.FLOAT})
TEMPORAL = frozenset({GeneralType.DATE, GeneralType.TIMESTAMP})
TEXT = frozenset({GeneralType.TEXT})
SCALARS = NUMERIC | TEMPORAL | TEXT | {GeneralType.BOOLEAN}
ANY = frozenset(GeneralType)

_BY_NAME = {
    **dict.fromkeys(("TINYINT", "SMALLINT", "INT", "INTEGER", "BIGINT"), GeneralType.INTEGER),
    **dict.fromkeys(("BYTE", "SHORT", "LONG"), GeneralType.INTEGER),
    **dict.fromkeys(("DECIMAL", "DEC", "NUMERIC"), GeneralType.DECIMAL),
    **dict.fromkeys(("FLOAT", "REAL", "DOUBLE"), GeneralType.FLOAT),
    **dict.fromkeys(("STRING", "VARCHAR", "CHAR"), GeneralType.TEXT),
    "BOOLEAN": GeneralType.BOOLEAN,
    "DATE": GeneralType.DATE,
    **dict.fromkeys(("TIMESTAMP", "TIMESTAMP_NTZ"), GeneralType.TIMESTAMP),
    "BINARY": GeneralType.BINARY,
    **dict.fromkeys(("ARRAY", "MAP", "STRUCT", "VARIANT"), GeneralType.NESTED),
}
_SAME = {"INTEGER": "INT", "BYTE": "TINYINT", "SHORT": "SMALLINT", "LONG": "BIGINT"}


def general_type(data_type: str) -> GeneralType:
    """The general type of a Databricks SQL type; unknown ones (intervals, void) are OTHER."""
    return _BY_NAME.get(_head(data_type), GeneralType.OTHER)


def can_group(data_type: str) -> bool:
    """Whether values of the type can be compared with each other, so that rows can be grouped."""
    name = data_type.upper()
    return "MAP<" not in name and "VARIANT" not in name and general_type(name) != GeneralType.OTHER


def normal_type(data_type: str) -> str:
    """The type in one spelling: upper case, no blanks, ``INT`` for ``INTEGER``."""
    name = "".join(data_type.upper().split())
    name = {"DEC": "DECIMAL", "NUMERIC": "DECIMAL", "REAL": "FLOAT"}.get(name, name)
    return "DECIMAL(10,0)" if name == "DECIMAL" else _SAME.get(name, name)


def _head(data_type: str) -> str:
    return data_type.upper().partition("(")[0].partition("<")[0].strip()
