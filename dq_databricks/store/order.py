"""The order of a listing, total by its key, and the condition that continues after a row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, get_args

from dq_databricks.model.base import Record
from dq_databricks.model.vocabulary import Severity
from dq_databricks.sql.identifiers import quote
from dq_databricks.sql.statement import Parameter
from dq_databricks.store.columns import checked, column_named

_PLACES = {severity.value: place for place, severity in enumerate(Severity)}


@dataclass(frozen=True, slots=True)
class Order:
    """Columns and directions; rows without a value come last in both.

    `ranked` columns hold a severity: warning comes before error, and error before fatal.
    """

    columns: tuple[str, ...]
    descending: tuple[bool, ...]
    ranked: frozenset[str] = frozenset()

    @property
    def sql(self) -> str:
        """The list after ORDER BY."""
        return ", ".join(
            f"{self.term(column)} {'DESC' if down else 'ASC'} NULLS LAST"
            for column, down in zip(self.columns, self.descending, strict=True)
        )

    def term(self, column: str) -> str:
        """What rows are compared by: the column, or its place among the severities."""
        if column not in self.ranked:
            return quote(column)
        whens = " ".join(f"WHEN '{name}' THEN {place}" for name, place in _PLACES.items())
        return f"CASE {quote(column)} {whens} END"


def order_of(model: type[Record], order_by: Sequence[str]) -> Order:
    """`order_by` (a leading ``-`` means descending), completed by the key of `model`.

    Raises UnknownNameError for a column `model` lacks.
    """
    names = [name.removeprefix("-") for name in order_by]
    last_down = bool(order_by) and order_by[-1].startswith("-")
    keys = [name for name in model.KEY if name not in names]
    columns = [column_named(model, name).name for name in [*names, *keys]]
    downs = [name.startswith("-") for name in order_by] + [last_down] * len(keys)
    ranked = frozenset(name for name in columns if _is_severity(model, name))
    return Order(tuple(columns), tuple(downs), ranked)


def _is_severity(model: type[Record], name: str) -> bool:
    annotation = model.model_fields[name].annotation
    return Severity in (annotation, *get_args(annotation))


def after(
    model: type[Record], order: Order, values: Sequence[Any]
) -> tuple[str, dict[str, Parameter]]:
    """The condition for rows that come after the one with these order `values`."""
    parameters: dict[str, Parameter] = {}
    alternatives: list[str] = []
    equal: list[str] = []
    for number, (column, down, value) in enumerate(
        zip(order.columns, order.descending, values, strict=True)
    ):
        name = order.term(column)
        if value is None:
            # Rows without a value come last: only a later column can bring one after it.
            equal.append(f"{name} IS NULL")
            continue
        bound = _PLACES[value] if column in order.ranked else checked(model, column, value)
        parameters[f"a{number}"] = bound
        beyond = f"({name} {'<' if down else '>'} :a{number} OR {name} IS NULL)"
        alternatives.append(" AND ".join([*equal, beyond]))
        equal.append(f"{name} = :a{number}")
    return " OR ".join(f"({part})" for part in alternatives) or "false", parameters
