"""UPDATE, DELETE, INSERT and TRUNCATE: DuckDB computes, delta-rs commits.

Every expression is evaluated by the engine that answers queries, so a condition means the same in
a SELECT and in an UPDATE. delta-rs then gets plain values: for each combination of the columns the
statement looks at, what becomes of the rows that have it. The commit is conditional on the version
the values were computed from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pyarrow as pa
from sqlglot import exp

from dq_databricks.engine.local.conform import check_not_null, conform, conform_column
from dq_databricks.engine.local.literals import name as quoted
from dq_databricks.engine.local.reading import Reader
from dq_databricks.engine.local.relations import Relations
from dq_databricks.engine.local.writing import (
    PINNED,
    OpenTable,
    Writer,
    add_rows,
    as_literal,
    is_literal,
    literal_pin,
    pinned,
)
from dq_databricks.errors import (
    ColumnNotFoundError,
    SchemaMismatchError,
    UnsupportedError,
)
from dq_databricks.sql.identifiers import quote
from dq_databricks.sql.parse import excerpt
from dq_databricks.sql.statement import Parameter

Bound = Mapping[str, Parameter]

# More cases than this are joined instead of written out.
MAX_CASES = 200


class RowStatements:
    """Carries out statements that change rows of one table."""

    def __init__(self, relations: Relations, reader: Reader, writer: Writer) -> None:
        self._relations = relations
        self._reader = reader
        self._writer = writer

    def update(self, node: exp.Update, bound: Bound) -> int:
        """Rows changed by UPDATE … SET … WHERE …."""
        target = _target(node)
        with self._writer.open(self._relations.table_name(target), what="UPDATE") as table:
            alias = target.alias or target.name
            assigned = [assignment(table, pair, alias) for pair in node.expressions]
            where = node.args.get("where")
            used = columns_used(table, alias, [*(e for _, e in assigned), where])
            values = [f"{sql(e)} AS v{n}" for n, (_, e) in enumerate(assigned)]
            found = self._changes(table, alias, used, values, where, bound)
            if found.num_rows == 0:
                return 0
            source = set_types(table, found, [column for column, _ in assigned])
            updates = {quoted(c): quoted("s", f"v{n}") for n, (c, _) in enumerate(assigned)}
            merger = table.delta.merge(
                source, key_condition(source, used), source_alias="s", target_alias="t"
            )
            done = merger.when_matched_update(updates).execute()
            return int(done["num_target_rows_updated"])

    def delete(self, node: exp.Delete, bound: Bound) -> int:
        """Rows removed by DELETE FROM … WHERE …."""
        target = _target(node)
        if node.args.get("using"):
            raise UnsupportedError("DELETE … USING: write a subquery in WHERE")
        with self._writer.open(self._relations.table_name(target), what="DELETE FROM") as table:
            where = node.args.get("where")
            if where is None:
                return int(table.delta.delete()["num_deleted_rows"] or 0)
            alias = target.alias or target.name
            used = columns_used(table, alias, [where])
            found = self._changes(table, alias, used, ["1 AS v0"], where, bound)
            if found.num_rows == 0:
                return 0
            return _delete(table, found, used)

    def truncate(self, node: exp.TruncateTable) -> None:
        """Remove all rows."""
        for target in node.expressions:
            with self._writer.open(self._relations.table_name(target), what="TRUNCATE") as table:
                table.delta.delete()

    def insert(self, node: exp.Insert, bound: Bound) -> int:
        """Rows added by INSERT INTO … VALUES or SELECT."""
        if node.args.get("overwrite") or node.args.get("where") or node.args.get("partition"):
            raise UnsupportedError(
                f"{excerpt(sql(node))}: INSERT OVERWRITE, REPLACE WHERE and PARTITION are not "
                "carried out by the local engine; write DELETE, then INSERT INTO"
            )
        target = node.this.this if isinstance(node.this, exp.Schema) else node.this
        listed = (
            [c.name for c in node.this.expressions] if isinstance(node.this, exp.Schema) else []
        )
        with self._writer.open(self._relations.table_name(target), what="INSERT INTO") as table:
            rows = self._inserted(node.expression, bound)
            columns = listed or (
                rows.column_names if node.args.get("by_name") else table.schema.names
            )
            if len(columns) != rows.num_columns:
                raise SchemaMismatchError(
                    f"INSERT INTO {table.name}: {len(columns)} columns, {rows.num_columns} values"
                )
            if rows.num_rows == 0:
                return 0
            named = rows.rename_columns([known_column(table, column) for column in columns])
            add_rows(table, conform(named, table.schema, table=str(table.name), lenient=True))
            return int(rows.num_rows)

    def _inserted(self, node: exp.Expression | None, bound: Bound) -> pa.Table:
        if node is None:
            raise UnsupportedError("INSERT without VALUES or SELECT")
        text = sql(node)
        if isinstance(node, exp.Values):
            names = ", ".join(f"c{n}" for n in range(len(node.expressions[0].expressions)))
            text = f"SELECT * FROM {text} AS given({names})"
        return self._reader.query(text, bound)

    def _changes(
        self,
        table: OpenTable,
        alias: str,
        used: Sequence[str],
        values: Sequence[str],
        where: exp.Expression | None,
        bound: Bound,
    ) -> pa.Table:
        """Each combination of the columns used that is met, with what becomes of its rows."""
        keys = [f"{quote(alias, column)} AS k{n}" for n, column in enumerate(used)]
        source = f"{table.name.sql} VERSION AS OF :{PINNED} AS {quote(alias)}"
        condition = f" {sql(where)}" if where is not None else ""
        text = f"SELECT DISTINCT {', '.join([*keys, *values])} FROM {source}{condition}"
        found = self._reader.query(text, pinned(bound, table))
        check_one_outcome(found, used)
        return found


def _delete(table: OpenTable, found: pa.Table, used: Sequence[str]) -> int:
    if (
        used
        and found.num_rows <= MAX_CASES
        and all(is_literal(found[f"k{n}"].type) for n in range(len(used)))
    ):
        cases = " OR ".join(_case(row, used) for row in found.to_pylist())
        return int(table.delta.delete(cases)["num_deleted_rows"])
    merger = table.delta.merge(
        found, key_condition(found, used), source_alias="s", target_alias="t"
    )
    return int(merger.when_matched_delete().execute()["num_target_rows_deleted"])


def _case(row: Mapping[str, object], used: Sequence[str]) -> str:
    parts = [
        f"{quoted(column)} IS NULL"
        if row[f"k{n}"] is None
        else f"{quoted(column)} = {as_literal(row[f'k{n}'])}"
        for n, column in enumerate(used)
    ]
    return f"({' AND '.join(parts)})"


def sql(node: exp.Expression) -> str:
    """A node as Databricks SQL."""
    return node.sql("databricks")


def _target(node: exp.Expression) -> exp.Table:
    if not isinstance(node.this, exp.Table):
        raise UnsupportedError(f"{excerpt(sql(node))}: exactly one table is expected")
    return node.this


def known_column(table: OpenTable, name: str) -> str:
    """The spelling of a column. Raises ColumnNotFoundError."""
    found = table.column(name)
    if found is None:
        known = ", ".join(table.schema.names)
        raise ColumnNotFoundError(f"table {table.name} has no column {name!r}; it has {known}")
    return found


def assignment(table: OpenTable, pair: exp.Expression, alias: str) -> tuple[str, exp.Expression]:
    """The column and the new value of one ``column = value``."""
    left = pair.this
    if not isinstance(pair, exp.EQ) or not isinstance(left, exp.Column):
        raise UnsupportedError(f"SET {sql(pair)}: write column = value")
    if left.table and left.table.lower() != alias.lower():
        raise UnsupportedError(f"SET {sql(pair)}: a field of a struct cannot be set alone")
    return known_column(table, left.name), pair.expression


def columns_used(table: OpenTable, alias: str, nodes: Iterable[exp.Expression | None]) -> list[str]:
    """The columns of the table that expressions look at, in the order of the table.

    Raises UnsupportedError for arrays, maps, structs: their values are no keys.
    """
    used = {
        found
        for node in nodes
        if node is not None
        for column in node.find_all(exp.Column)
        if not column.table or column.table.lower() == alias.lower()
        if (found := table.column(column.name)) is not None
    }
    for field in table.schema:
        if field.name in used and pa.types.is_nested(field.type):
            raise UnsupportedError(
                f"column {field.name!r} of {table.name} is {field.type}: an UPDATE, DELETE or "
                "MERGE of the local engine cannot look into it; select the rows, then use their key"
            )
    return [name for name in table.schema.names if name in used]


def check_one_outcome(found: pa.Table, used: Sequence[str]) -> None:
    """Raise UnsupportedError when the same values of the columns have several outcomes."""
    keys = [f"k{n}" for n in range(len(used))]
    distinct = found.group_by(keys).aggregate([]).num_rows if keys else min(1, found.num_rows)
    if distinct != found.num_rows:
        raise UnsupportedError(
            "the new values are not the same for equal rows (random or several matches); "
            "compute them first, then write them by key"
        )


def key_condition(source: pa.Table, used: Sequence[str]) -> str:
    """The condition under which a row of the table `t` is meant by a row of `source` `s`."""
    parts = [part for n, column in enumerate(used) for part in _key_parts(source, n, column)]
    return " AND ".join(parts) or "1 = 1"


def _key_parts(source: pa.Table, number: int, column: str) -> list[str]:
    values = source.column(f"k{number}")
    target, given = quoted("t", column), quoted("s", f"k{number}")
    if values.null_count == len(values):
        return [f"({target} IS NULL)"]
    if values.null_count:
        return [f"({target} IS NOT DISTINCT FROM {given})"]
    pin = literal_pin(column, values)
    return [f"({target} = {given})", *([pin] if pin else [])]


def set_types(table: OpenTable, found: pa.Table, columns: Sequence[str]) -> pa.Table:
    """`found` with its value columns v0, v1, … as the types of `columns`. Checks NOT NULL."""
    fields = {field.name: field for field in table.schema}
    for number, column in enumerate(columns):
        position = found.schema.get_field_index(f"v{number}")
        typed = conform_column(
            found.column(position), fields[column], table=str(table.name), lenient=True
        )
        check_not_null(typed, fields[column], table=str(table.name))
        found = found.set_column(position, f"v{number}", typed)
    return found
