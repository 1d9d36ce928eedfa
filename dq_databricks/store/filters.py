"""Typed conditions on the columns of a stored model, rendered as SQL with bound values."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from dq_databricks.errors import WrongUseError
from dq_databricks.model.base import Record
from dq_databricks.sql.identifiers import quote
from dq_databricks.sql.statement import Parameter
from dq_databricks.store.columns import checked, column_named

Operator = Literal["=", "<>", "<", "<=", ">", ">=", "LIKE", "IN", "IS NULL", "IS NOT NULL", "QUERY"]
# Literal keys let engines skip files; beyond this many, one JSON parameter is cheaper to parse and
# stays within the limit of parameters.
MOST_LITERALS = 16
_PASSING = "now_"


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition on one column. `values` are bound; QUERY holds a SELECT of this room.

    Values that are `is_passing` change with time; a cursor stays good when they do.
    """

    column: str
    operator: Operator
    values: tuple[Parameter, ...] = ()
    query: str = ""
    is_passing: bool = False


def eq(column: str, value: Parameter) -> Condition:
    """`column` equals `value`; None matches NULL."""
    return is_null(column) if value is None else Condition(column, "=", (value,))


def ne(column: str, value: Parameter) -> Condition:
    """`column` has a value, another than `value`."""
    return Condition(column, "<>", (value,))


def lt(column: str, value: Parameter) -> Condition:
    """`column` is below `value`."""
    return Condition(column, "<", (value,))


def le(column: str, value: Parameter) -> Condition:
    """`column` is at most `value`."""
    return Condition(column, "<=", (value,))


def gt(column: str, value: Parameter) -> Condition:
    """`column` is above `value`."""
    return Condition(column, ">", (value,))


def ge(column: str, value: Parameter) -> Condition:
    """`column` is at least `value`."""
    return Condition(column, ">=", (value,))


def is_in(column: str, values: Iterable[Parameter]) -> Condition:
    """`column` is one of `values`; nothing is one of none."""
    return Condition(column, "IN", tuple(dict.fromkeys(values)))


def contains(column: str, text: str) -> Condition:
    """The text of `column` contains `text`, upper and lower case told apart."""
    for sign in "!%_":
        text = text.replace(sign, "!" + sign)
    return Condition(column, "LIKE", (f"%{text}%",))


def is_not_null(column: str) -> Condition:
    """`column` has a value."""
    return Condition(column, "IS NOT NULL")


def is_null(column: str) -> Condition:
    """`column` has no value."""
    return Condition(column, "IS NULL")


def in_query(column: str, query: str, *values: Parameter) -> Condition:
    """`column` is among the answers of `query`, a SELECT of this room with a ``{}`` per value."""
    return Condition(column, "QUERY", values, query)


def with_time(condition: Condition) -> Condition:
    """`condition`, whose values (the present, for example) pass with time."""
    return replace(condition, is_passing=True)


def is_passing(parameter: str) -> bool:
    """Whether a parameter of `render` belongs to a value that passes with time."""
    return parameter.startswith(_PASSING)


def escaped(text: str) -> str:
    """`text` (a quoted name) as it may stand in the query of `in_query`."""
    return text.replace("{", "{{").replace("}", "}}")


def render(
    model: type[Record], conditions: Iterable[Condition], prefix: str = "c"
) -> tuple[str, dict[str, Parameter]]:
    """All `conditions` as one SQL condition with its parameters, named `prefix` and a number.

    Raises UnknownNameError for a column `model` lacks.
    """
    parameters: dict[str, Parameter] = {}
    parts = [_one(model, condition, prefix, parameters) for condition in conditions]
    return " AND ".join(parts) or "true", parameters


def _one(
    model: type[Record], condition: Condition, prefix: str, parameters: dict[str, Parameter]
) -> str:
    column = quote(column_named(model, condition.column).name)
    prefix = _PASSING + prefix if condition.is_passing else prefix
    if condition.operator == "QUERY":
        names = [
            _bind(model, condition.column, value, prefix, parameters) for value in condition.values
        ]
        return f"{column} IN ({condition.query.format(*(':' + name for name in names))})"
    if condition.operator == "IN":
        return _in(model, condition, prefix, parameters)
    if condition.operator in ("IS NULL", "IS NOT NULL"):
        return f"{column} {condition.operator}"
    name = _bind(model, condition.column, condition.values[0], prefix, parameters)
    escape = " ESCAPE '!'" if condition.operator == "LIKE" else ""
    return f"{column} {condition.operator} :{name}{escape}"


def _in(
    model: type[Record], condition: Condition, prefix: str, parameters: dict[str, Parameter]
) -> str:
    column = quote(condition.column)
    if not condition.values:
        return "false"
    if len(condition.values) <= MOST_LITERALS:
        names = [
            _bind(model, condition.column, value, prefix, parameters) for value in condition.values
        ]
        return f"{column} IN ({', '.join(':' + name for name in names)})"
    texts = [checked(model, condition.column, value) for value in condition.values]
    if not all(isinstance(text, str) for text in texts):
        raise WrongUseError(
            f"{model.TABLE}.{condition.column}: {len(texts)} values asked for; "
            f"ask for at most {MOST_LITERALS} that are not text"
        )
    name = _bind(model, condition.column, json.dumps(texts), prefix, parameters)
    return f"{column} IN (SELECT explode(from_json(:{name}, 'ARRAY<STRING>')) AS value)"


def _bind(
    model: type[Record],
    column: str,
    value: Parameter,
    prefix: str,
    parameters: dict[str, Parameter],
) -> str:
    if value is None:
        raise WrongUseError(f"{model.TABLE}.{column}: compare with None through is_null()")
    name = f"{prefix}{len(parameters)}"
    parameters[name] = checked(model, column, value)
    return name
