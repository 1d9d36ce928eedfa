"""An UPDATE or DELETE cut into batches by key: the statements that count, find and carry out one.

The author's own text is kept as it is; only bounds of the key are added to its condition.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlglot import exp

from dq_databricks.errors import MigrationError
from dq_databricks.lifecycle.migrations.looks import table_name
from dq_databricks.sql.identifiers import TableName, quote
from dq_databricks.sql.parse import PortableTokenizer, shared_tree
from dq_databricks.sql.split import ScriptStatement
from dq_databricks.sql.statement import Parameter, Statement

Key = tuple[Parameter, ...]
"""The values of the key columns of one row."""


@dataclass(frozen=True, slots=True)
class Batched:
    """A statement with a ``-- batch:`` mark, taken apart at its WHERE.

    `target` is the table with its alias, `head` the text before WHERE, `condition` what follows it.
    """

    table: TableName
    target: str
    head: str
    condition: str
    key: tuple[str, ...]
    size: int
    deletes: bool

    @property
    def label(self) -> str:
        """The statement in a few words."""
        return f"{'DELETE' if self.deletes else 'UPDATE'} {self.table.table}"

    def count_rows(self) -> Statement:
        """How many rows the table has."""
        return Statement(f"SELECT count(*) AS found FROM {self.table.sql}")

    def count_due(self) -> Statement:
        """How many rows meet the condition."""
        return self._count(self._due)

    def count_nulls(self) -> Statement:
        """How many of these have no key."""
        return self._count(f"{self._due} AND {self._some_null}")

    def count_between(self, after: Key | None, upto: Key) -> Statement:
        """How many rows with a key above `after` and up to `upto` meet the condition."""
        where, values = self._between(after, upto)
        return self._count(where, values)

    def find_end(self, after: Key | None) -> Statement:
        """The last key of the next batch above `after`, and how many rows it has; no row: none."""
        where, values = self._between(after, None)
        columns, falling = self._columns(), self._columns(" DESC")
        return Statement(
            f"SELECT {columns}, count(*) OVER () AS dq_batch_rows FROM ("
            f"SELECT {columns} FROM {self.target} WHERE {where} "
            f"ORDER BY {columns} LIMIT {self.size}) AS dq_batch ORDER BY {falling} LIMIT 1",
            values,
        )

    def step(self, after: Key | None, upto: Key) -> Statement:
        """The statement for the rows with a key above `after` and up to `upto`."""
        where, values = self._between(after, upto)
        return Statement(f"{self.head}WHERE {where}", values)

    def null_step(self) -> Statement:
        """The statement for the rows without a key."""
        return Statement(f"{self.head}WHERE {self._due} AND {self._some_null}")

    @property
    def _due(self) -> str:
        return f"({self.condition}\n)"  # the condition may end in a comment

    @property
    def _some_null(self) -> str:
        return "(" + " OR ".join(f"{quote(name)} IS NULL" for name in self.key) + ")"

    def _columns(self, direction: str = "") -> str:
        return ", ".join(f"{quote(name)}{direction}" for name in self.key)

    def _count(self, where: str, values: Mapping[str, Parameter] | None = None) -> Statement:
        return Statement(
            f"SELECT count(*) AS found FROM {self.target} WHERE {where}", dict(values or {})
        )

    def _between(self, after: Key | None, upto: Key | None) -> tuple[str, dict[str, Parameter]]:
        parts = [self._due, *(f"{quote(name)} IS NOT NULL" for name in self.key)]
        values: dict[str, Parameter] = {}
        for bound, label, sign in ((after, "dq_after", ">"), (upto, "dq_upto", "<")):
            if bound is not None:
                parts += self._bound(label, sign, last="<=" if sign == "<" else ">")
                values |= {f"{label}_{n}": value for n, value in enumerate(bound)}
        return " AND ".join(parts), values

    def _bound(self, label: str, sign: str, *, last: str) -> list[str]:
        """Keys before or behind a bound, in the order of their columns, left to right."""
        names = [quote(name) for name in self.key]
        if len(names) == 1:
            return [f"{names[0]} {last} :{label}_0"]
        cases = []
        for place, name in enumerate(names):
            same = [f"{names[n]} = :{label}_{n}" for n in range(place)]
            compared = last if place == len(names) - 1 else sign
            cases.append(" AND ".join([*same, f"{name} {compared} :{label}_{place}"]))
        # The first comparison follows from the others, but file statistics can answer it.
        return [f"{names[0]} {sign}= :{label}_0", "(" + " OR ".join(cases) + ")"]


def batched(statement: ScriptStatement) -> Batched:
    """Take a statement with a batch mark apart.

    Raises MigrationError when it is no UPDATE or DELETE with a WHERE, or changes its own key, and
    SqlError when it does not parse.
    """
    mark, tree = statement.batch, shared_tree(statement.text)
    if mark is None:
        raise MigrationError(f"line {statement.line}: the statement has no '-- batch:' mark")
    start = _where(statement.text)
    if not isinstance(tree, (exp.Update, exp.Delete)) or start is None:
        raise MigrationError(
            f"line {statement.line}: only an UPDATE or DELETE with a WHERE works in batches; "
            "its condition must no longer hold for a row once the row is done"
        )
    if len({name.lower() for name in mark.key}) < len(mark.key):
        raise MigrationError(f"line {statement.line}: a key column stands twice in '-- batch:'")
    changed = {pair.this.name.lower() for pair in tree.expressions}
    if moved := [name for name in mark.key if name.lower() in changed]:
        raise MigrationError(
            f"line {statement.line}: the statement changes {moved[0]}, the key of its batches; "
            "choose a key that stays"
        )
    end = start + len("WHERE")
    return Batched(
        table_name(tree.this),
        tree.this.sql("databricks"),
        statement.text[:start],
        statement.text[end:].strip(),
        mark.key,
        mark.size,
        isinstance(tree, exp.Delete),
    )


def _where(text: str) -> int | None:
    """Where the WHERE of the statement itself starts, not that of a subquery."""
    depth = 0
    for token in PortableTokenizer(dialect="databricks").tokenize(text):
        kind = token.token_type.name
        depth += kind == "L_PAREN"
        depth -= kind == "R_PAREN"
        if kind == "WHERE" and depth == 0:
            return int(token.start)
    return None


# --- keys as the journal keeps them ----------------------------------------------------------


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("text is expected")
    return value


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError("a whole number is expected")
    return value


_READERS: Mapping[str, Callable[[Any], Parameter]] = {
    **dict.fromkeys(("STRING", "VARCHAR", "CHAR"), _text),
    **dict.fromkeys(("TINYINT", "SMALLINT", "INT", "BIGINT"), _whole),
    "DATE": date.fromisoformat,
    "TIMESTAMP": datetime.fromisoformat,
    "DECIMAL": Decimal,
}


def is_key_type(data_type: str) -> bool:
    """Whether every engine orders values of this type alike, and JSON can keep them."""
    return _base(data_type) in _READERS


def key_text(key: Sequence[Any]) -> str:
    """A key as one JSON list."""
    return json.dumps([_plain(value) for value in key], ensure_ascii=False)


def key_of(text: str | None, types: Sequence[str]) -> Key | None:
    """The key that `key_text` wrote; None when there is none, or it is not one of these types.

    To begin anew then costs time and nothing else, for what is done no longer meets the condition.
    """
    try:
        values = json.loads(text or "null")
        pairs = zip(values, types, strict=True)
        return tuple(_READERS[_base(kind)](value) for value, kind in pairs)
    except (ValueError, TypeError, ArithmeticError):
        return None


def _plain(value: Any) -> Any:
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def _base(data_type: str) -> str:
    return data_type.upper().partition("(")[0].strip()
