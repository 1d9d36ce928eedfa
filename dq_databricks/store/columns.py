"""Columns of a stored model: SQL types, Arrow types, and rows across that border."""

from __future__ import annotations

import types
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin

import pyarrow as pa
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from dq_databricks.errors import SchemaMismatchError, UnknownNameError, WrongUseError
from dq_databricks.model.base import Record, SqlType

M = TypeVar("M", bound=Record)

_SQL_TYPES: Mapping[type, str] = {
    bool: "BOOLEAN",
    int: "BIGINT",
    float: "DOUBLE",
    str: "STRING",
    datetime: "TIMESTAMP",
}
_ARROW_TYPES: Mapping[str, pa.DataType] = {
    "BOOLEAN": pa.bool_(),
    "INT": pa.int32(),
    "BIGINT": pa.int64(),
    "DOUBLE": pa.float64(),
    "STRING": pa.string(),
    "TIMESTAMP": pa.timestamp("us", tz="UTC"),
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a stored model. `required`: the model takes no None for it."""

    name: str
    sql_type: str
    required: bool

    @property
    def arrow_type(self) -> pa.DataType:
        """The Arrow type that travels to and from engines."""
        return _ARROW_TYPES[self.sql_type]


@cache
def columns_of(model: type[Record]) -> tuple[Column, ...]:
    """The columns of `model`, in the order of its fields."""
    return tuple(_column(name, field) for name, field in model.model_fields.items())


def column_named(model: type[Record], name: str) -> Column:
    """The column `name`; raises UnknownNameError listing those there are."""
    for column in columns_of(model):
        if column.name == name:
            return column
    known = ", ".join(column.name for column in columns_of(model))
    raise UnknownNameError(f"{model.TABLE} has no column {name!r}; it has {known}")


@cache
def arrow_schema(model: type[Record]) -> pa.Schema:
    """The Arrow schema of rows of `model`."""
    return pa.schema([(column.name, column.arrow_type) for column in columns_of(model)])


def to_arrow(model: type[M], rows: Iterable[M]) -> pa.Table:
    """Rows as Arrow. Raises WrongUseError for text that no engine stores byte for byte."""
    values = [
        {name: checked(model, name, value) for name, value in row.__dict__.items()} for row in rows
    ]
    return pa.Table.from_pylist(values, schema=arrow_schema(model))


def from_arrow(model: type[M], rows: pa.Table) -> tuple[M, ...]:
    """Arrow as rows. A NULL in a column that was added later becomes the default of its field.

    Raises SchemaMismatchError when a stored row does not fit the model.
    """
    return tuple(_row(model, values) for values in rows.to_pylist())


def checked(model: type[Record], name: str, value: Any) -> Any:
    """`value` as engines store it; raises WrongUseError for NUL, lone surrogates, naive times."""
    if isinstance(value, StrEnum):
        return str(value)
    if isinstance(value, str):
        return _checked_text(f"{model.TABLE}.{name}", value)
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise WrongUseError(f"{model.TABLE}.{name}: {value} has no time zone; give UTC")
        return _in_utc(f"{model.TABLE}.{name}", value)
    return value


def _in_utc(where: str, value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        raise WrongUseError(f"{where}: {value} is no time of the years 1 to 9999 UTC") from error


def _checked_text(where: str, value: str) -> str:
    if "\x00" in value:
        raise WrongUseError(
            f"{where}: the text {value[:40]!r} holds a NUL character, which no table stores; "
            "remove it"
        )
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise WrongUseError(
            f"{where}: the text {value[:40]!r} is no valid Unicode (a lone surrogate); remove it"
        ) from error
    return value


def _row(model: type[M], values: Mapping[str, Any]) -> M:
    fields = model.model_fields
    given = {
        name: value
        for name, value in values.items()
        if value is not None or fields[name].is_required()
    }
    try:
        return model.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        key = ", ".join(f"{name} = {values.get(name)!r}" for name in model.KEY)
        raise SchemaMismatchError(
            f"{model.TABLE}: the row with {key} does not fit: {first['loc']}: {first['msg']}; "
            "was it written by other software?"
        ) from error


def _column(name: str, field: FieldInfo) -> Column:
    inner, optional = _without_none(field.annotation)
    marks = [mark for mark in field.metadata if isinstance(mark, SqlType)]
    base, inner_marks = _without_marks(inner)
    marks.extend(inner_marks)
    return Column(name, marks[0].name if marks else _sql_type(base), not optional)


def _sql_type(base: type) -> str:
    return "STRING" if issubclass(base, StrEnum) else _SQL_TYPES[base]


def _without_none(annotation: Any) -> tuple[Any, bool]:
    if get_origin(annotation) not in (Union, types.UnionType):
        return annotation, False
    kept = [part for part in get_args(annotation) if part is not types.NoneType]
    return kept[0], len(kept) < len(get_args(annotation))


def _without_marks(annotation: Any) -> tuple[Any, list[SqlType]]:
    marks = [mark for mark in getattr(annotation, "__metadata__", ()) if isinstance(mark, SqlType)]
    return (get_args(annotation)[0] if marks else annotation), marks
