"""The statements that write rows of a view into a Delta table, one commit each."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from dq_databricks.engine.rows import first, following
from dq_databricks.sql.identifiers import TableName, quote
from dq_databricks.sql.statement import Parameter, Statement

# More keys than these make the condition dearer than the files it spares.
MAX_LITERAL_KEYS = 200


def insert(table: TableName, view: str, *, given: Sequence[str], known: Sequence[str]) -> Statement:
    """Append all rows of `view`; columns of `table` that are not `given` become NULL."""
    columns = [*given, *(name for name in known if name.lower() not in _folded(given))]
    values = [quote(name) if name in given else "NULL" for name in columns]
    return Statement(
        f"INSERT INTO {table.sql} ({_listed(columns)})\n"
        f"SELECT {', '.join(values)}\nFROM {quote(view)}"
    )


def merge(
    table: TableName,
    view: str,
    rows: pa.Table,
    *,
    on: Sequence[str],
    update: bool,
    counter: str | None = None,
) -> Statement:
    """Insert the rows of `view` whose keys are new and, when `update`, replace the others.

    With `counter`, only the next step of each row; see `Engine.merge`.

    The keys stand in the condition, so that the table's file statistics can spare files.
    """
    others = [name for name in rows.column_names if name.lower() not in _folded(on)]
    condition, parameters = _condition(rows, on)
    clauses = [f"MERGE INTO {table.sql} AS t", f"USING {quote(view)} AS s", f"ON {condition}"]
    if update and others:
        changes = ", ".join(f"t.{quote(name)} = s.{quote(name)}" for name in others)
        clauses.append(f"WHEN MATCHED{following(counter)} THEN UPDATE SET {changes}")
    values = ", ".join(f"s.{quote(name)}" for name in rows.column_names)
    names = _listed(rows.column_names)
    clauses.append(f"WHEN NOT MATCHED{first(counter)} THEN INSERT ({names}) VALUES ({values})")
    return Statement("\n".join(clauses), parameters)


def _condition(rows: pa.Table, on: Sequence[str]) -> tuple[str, dict[str, Parameter]]:
    terms = [f"t.{quote(name)} = s.{quote(name)}" for name in on]
    parameters: dict[str, Parameter] = {}
    for number, name in enumerate(on):
        keys = rows.column(name).unique().to_pylist()
        if len(keys) > MAX_LITERAL_KEYS or not all(isinstance(key, str | int) for key in keys):
            continue
        names = [f"key_{number}_{position}" for position in range(len(keys))]
        parameters.update(zip(names, keys, strict=True))
        terms.append(f"t.{quote(name)} IN ({', '.join(':' + name for name in names)})")
    return " AND ".join(terms), parameters


def _listed(names: Sequence[str]) -> str:
    return ", ".join(quote(name) for name in names)


def _folded(names: Sequence[str]) -> set[str]:
    return {name.lower() for name in names}
