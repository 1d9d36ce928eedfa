"""Values bound to a statement, as the typed parameters a SQL warehouse takes."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from databricks.sql.parameters import native

from dq_databricks.errors import SqlError, UnsupportedError
from dq_databricks.sql.statement import Parameter, Statement

MAX_PARAMETERS = 255
MAX_PARAMETER_BYTES = 1_000_000
_LONGEST_DECIMAL = 38

# A marker outside of strings, quoted names and comments; `x:name` is a path into JSON.
_MARKER = re.compile(
    r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|`(?:[^`]|``)*`|--[^\n]*|/\*.*?\*/"
    r"|::|(?<![\w)\]`]):(?P<name>[A-Za-z_]\w*)",
    re.DOTALL,
)
# There is no parameter of this type: it travels as text and is unpacked in place.
_UNPACKED = {"BINARY": "unhex(:{})"}


def bind(statement: Statement) -> tuple[str, list[Any]]:
    """The text to send and its parameters; those the text does not name are left out.

    Raises UnsupportedError beyond 255 parameters or 1 MB of values, SqlError for a value that
    has no type in Databricks SQL.
    """
    named = {match["name"] for match in _MARKER.finditer(statement.text) if match["name"]}
    values = {name: value for name, value in statement.parameters.items() if name in named}
    _check_count(len(values))
    typed = {name: _typed(name, value) for name, value in values.items()}
    _check_size(typed)
    parameters = [_parameter(name, *pair) for name, pair in typed.items()]
    return _unpack(statement.text, {name: kind for name, (kind, _) in typed.items()}), parameters


def _check_count(count: int) -> None:
    if count > MAX_PARAMETERS:
        raise UnsupportedError(
            f"the statement binds {count} parameters; a SQL warehouse takes at most"
            f" {MAX_PARAMETERS}. Send many values as one list"
        )


def _check_size(typed: Mapping[str, tuple[str, str | None]]) -> None:
    size = sum(len(text.encode()) for _, text in typed.values() if text is not None)
    if size > MAX_PARAMETER_BYTES:
        raise UnsupportedError(
            f"the values bound to the statement take {size:,} bytes; a SQL warehouse takes at"
            f" most {MAX_PARAMETER_BYTES:,} for one statement. Write fewer or shorter rows at once"
        )


def _unpack(text: str, kinds: Mapping[str, str]) -> str:
    if not _UNPACKED.keys() & set(kinds.values()):
        return text

    def replace(match: re.Match[str]) -> str:
        form = _UNPACKED.get(kinds.get(match["name"] or "", ""))
        return form.format(match["name"]) if form else match[0]

    return _MARKER.sub(replace, text)


def _parameter(name: str, kind: str, text: str | None) -> Any:
    if text is None:
        return native.VoidParameter(None, name)
    if kind.startswith("DECIMAL"):
        # The connector derives precision and scale from the text, wrongly for a sign or an
        # exponent; its own arguments named `scale` and `precision` mean precision and scale.
        precision, scale = (int(number) for number in re.findall(r"\d+", kind))
        return _decimal(name, text, precision, scale)
    if kind == "ARRAY":
        return native.ArrayParameter(json.loads(text), name)
    return _CLASSES.get(kind, native.StringParameter)(text, name)


def _decimal(name: str, text: str, precision: int, scale: int) -> Any:
    parameter = native.DecimalParameter(text, name, scale=precision, precision=scale)
    if scale == 0:
        parameter.CAST_EXPR = f"DECIMAL({precision},0)"
    return parameter


_CLASSES: Mapping[str, Any] = {
    "BOOLEAN": native.BooleanParameter,
    "INT": native.IntegerParameter,
    "BIGINT": native.BigIntegerParameter,
    "DOUBLE": native.DoubleParameter,
    "DATE": native.DateParameter,
    "TIMESTAMP": native.TimestampParameter,
}


def _typed(name: str, value: Parameter) -> tuple[str, str | None]:
    """The SQL type of a value and its text; None for NULL."""
    match value:
        case None:
            return "VOID", None
        case bool():
            return "BOOLEAN", str(value).lower()
        case int():
            return _integer(name, value), str(value)
        case float():
            return "DOUBLE", double_text(value)
        case Decimal():
            return _decimal_type(name, value), format(value, "f")
        case date():
            return _temporal(name, value)
        case str():
            return "STRING", value
        case bytes():
            return "BINARY", value.hex()
        case Sequence():
            return "ARRAY", json.dumps(list(value), ensure_ascii=False)
    raise SqlError(f"parameter {name!r}: values of type {type(value).__name__} cannot be bound")


def double_text(value: float) -> str:
    """A double as text that Databricks SQL casts back to the same double."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return repr(value)


def _integer(name: str, value: int) -> str:
    if -(2**31) <= value < 2**31:
        return "INT"
    if -(2**63) <= value < 2**63:
        return "BIGINT"
    return _decimal_type(name, Decimal(value))


def _decimal_type(name: str, value: Decimal) -> str:
    if not value.is_finite():
        raise SqlError(f"parameter {name!r}: {value} has no DECIMAL form; bind a float")
    _, digits, exponent = value.as_tuple()
    scale = max(-int(exponent), 0)
    precision = max(len(digits) + max(int(exponent), 0), scale, 1)
    if precision > _LONGEST_DECIMAL:
        raise SqlError(
            f"parameter {name!r}: {precision} digits; DECIMAL holds at most {_LONGEST_DECIMAL}"
        )
    return f"DECIMAL({precision},{scale})"


def _temporal(name: str, value: date) -> tuple[str, str]:
    if not isinstance(value, datetime):
        return "DATE", value.isoformat()
    if value.tzinfo is None:
        raise SqlError(f"parameter {name!r}: {value} has no time zone; give it one")
    return "TIMESTAMP", value.astimezone(UTC).isoformat(sep=" ", timespec="microseconds")
