"""The MERGE statement: DuckDB decides for every row, delta-rs commits all decisions at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
from deltalake.table import TableMerger
from sqlglot import exp

from dq_databricks.engine.local.conform import check_not_null, conform_column
from dq_databricks.engine.local.dml import (
    assignment,
    check_one_outcome,
    columns_used,
    key_condition,
    known_column,
    sql,
)
from dq_databricks.engine.local.literals import name as quoted
from dq_databricks.engine.local.reading import Reader
from dq_databricks.engine.local.relations import Relations
from dq_databricks.engine.local.writing import PINNED, OpenTable, Writer, literal_pin, pinned
from dq_databricks.errors import ColumnNotFoundError, SchemaMismatchError, UnsupportedError
from dq_databricks.sql.identifiers import quote
from dq_databricks.sql.statement import Parameter

_ROWS = "merge_rows"
_ROW = "merge_row_number"


@dataclass(frozen=True, slots=True)
class _Clause:
    """One WHEN: which rows it is for, and what it sets (None: it deletes)."""

    number: int
    kind: str
    condition: exp.Expression | None
    values: tuple[tuple[str, exp.Expression], ...] | None


@dataclass(frozen=True, slots=True)
class _Merge:
    """A MERGE over an opened table, its names settled."""

    table: OpenTable
    target: str
    source: str
    on: exp.Expression
    clauses: tuple[_Clause, ...]
    used: tuple[str, ...]

    def of(self, kind: str) -> list[_Clause]:
        return [clause for clause in self.clauses if clause.kind == kind]

    @property
    def target_sql(self) -> str:
        return f"{self.table.name.sql} VERSION AS OF :{PINNED} AS {quote(self.target)}"

    @property
    def source_sql(self) -> str:
        return f"{_ROWS} AS {quote(self.source)}"


class MergeStatement:
    """Carries out MERGE INTO … USING … ON … WHEN …."""

    def __init__(self, relations: Relations, reader: Reader, writer: Writer) -> None:
        self._relations = relations
        self._reader = reader
        self._writer = writer

    def merge(self, node: exp.Merge, bound: Mapping[str, Parameter]) -> int:
        """Rows inserted, updated and deleted."""
        name = self._relations.table_name(node.this)
        with self._writer.open(name, what="MERGE INTO") as table:
            given = self._source(node, bound)
            found = _settle(node, table, given)
            changed = self._changed(found, given, bound)
            inserted = self._inserted(found, given, bound)
            if changed.num_rows + inserted.num_rows == 0:
                return 0
            done = _commit(found, given, changed, inserted)
            return sum(
                int(done[f"num_target_rows_{kind}"]) for kind in ("inserted", "updated", "deleted")
            )

    def _source(self, node: exp.Merge, bound: Mapping[str, Parameter]) -> pa.Table:
        using = node.args["using"].copy()
        using.set("alias", None)
        rows = self._reader.query(f"SELECT * FROM {sql(using)}", bound)
        return rows.append_column(_ROW, pa.array(range(rows.num_rows), pa.int64()))

    def _changed(self, found: _Merge, given: pa.Table, bound: Mapping[str, Parameter]) -> pa.Table:
        """What becomes of target rows, by the values of the columns the statement looks at."""
        pairs = f"{found.target_sql} JOIN {found.source_sql} ON {sql(found.on)}"
        lonely = f"{found.target_sql} LEFT ANTI JOIN {found.source_sql} ON {sql(found.on)}"
        row = quote(found.source, _ROW)
        parts = [
            self._decide(found, found.of(kind), source, number, given, bound)
            for kind, source, number in (
                ("matched", pairs, row),
                ("unmatched by source", lonely, "CAST(NULL AS BIGINT)"),
            )
            if found.of(kind)
        ]
        if not parts:
            return pa.table({"clause": pa.array([], pa.int32())})
        return pa.concat_tables(parts, promote_options="permissive")

    def _decide(
        self,
        found: _Merge,
        clauses: Sequence[_Clause],
        source: str,
        row: str,
        given: pa.Table,
        bound: Mapping[str, Parameter],
    ) -> pa.Table:
        keys = [f"{quote(found.target, c)} AS k{n}" for n, c in enumerate(found.used)]
        text = (
            f"SELECT DISTINCT {', '.join([*keys, f'{row} AS source_row', *_outcomes(clauses)])} "
            f"FROM {source} WHERE {_choice(clauses)} IS NOT NULL"
        )
        rows = self._run(text, given, pinned(bound, found.table))
        check_one_outcome(rows, found.used)
        return _typed(found, clauses, rows.drop_columns(["source_row"]))

    def _inserted(self, found: _Merge, given: pa.Table, bound: Mapping[str, Parameter]) -> pa.Table:
        clauses = found.of("not matched")
        if not clauses:
            return pa.table({"clause": pa.array([], pa.int32())})
        text = (
            f"SELECT {', '.join(_outcomes(clauses))} FROM {found.source_sql} LEFT ANTI JOIN "
            f"{found.target_sql} ON {sql(found.on)} WHERE {_choice(clauses)} IS NOT NULL"
        )
        return _typed(found, clauses, self._run(text, given, pinned(bound, found.table)))

    def _run(self, text: str, given: pa.Table, bound: Mapping[str, Parameter]) -> pa.Table:
        compiled = self._reader.compile(text, bound, arrow=frozenset([_ROWS]))
        return self._reader.run(compiled, what="MERGE", rows={_ROWS: given})


def _settle(node: exp.Merge, table: OpenTable, given: pa.Table) -> _Merge:
    using = node.args["using"]
    target, source = node.this.alias or node.this.name, using.alias or using.name
    if not source:
        raise UnsupportedError("MERGE: give the source an alias: USING (…) AS s")
    clauses = tuple(
        _clause(number, when, table, (target, source), given)
        for number, when in enumerate(node.args["whens"].expressions)
    )
    nodes = [node.args["on"], *(clause.condition for clause in clauses)]
    nodes += [value for clause in clauses for _, value in clause.values or ()]
    own = [_of_target(part, source, given, table) for part in nodes if part is not None]
    return _Merge(
        table, target, source, node.args["on"], clauses, tuple(columns_used(table, target, own))
    )


def _of_target(
    node: exp.Expression, source: str, given: pa.Table, table: OpenTable
) -> exp.Expression:
    """Raise UnsupportedError for a bare name that both sides have; `node` otherwise."""
    both = {name.lower() for name in given.column_names}
    for column in node.find_all(exp.Column):
        if not column.table and column.name.lower() in both and table.column(column.name):
            raise UnsupportedError(
                f"MERGE: {column.name!r} stands in target and source; write {source}.{column.name}"
            )
    return node


def _clause(
    number: int, when: exp.When, table: OpenTable, aliases: tuple[str, str], given: pa.Table
) -> _Clause:
    then, condition = when.args["then"], when.args.get("condition")
    kind = "matched" if when.args.get("matched") else "not matched"
    if kind == "not matched" and when.args.get("source"):
        kind = "unmatched by source"
    if isinstance(then, exp.Var):
        return _Clause(number, kind, condition, None)
    if isinstance(then, exp.Insert):
        return _Clause(number, kind, condition, _insert_values(then, table, aliases[1], given))
    if isinstance(then.expressions[0], exp.Star):
        return _Clause(number, kind, condition, _all_columns(table, aliases[1], given))
    pairs = tuple(assignment(table, pair, aliases[0]) for pair in then.expressions)
    return _Clause(number, kind, condition, pairs)


def _insert_values(
    then: exp.Insert, table: OpenTable, source: str, given: pa.Table
) -> tuple[tuple[str, exp.Expression], ...]:
    if isinstance(then.this, exp.Star):
        return _all_columns(table, source, given)
    columns = [known_column(table, column.name) for column in then.this.expressions]
    values = then.expression.expressions
    if len(columns) != len(values):
        raise SchemaMismatchError(f"MERGE … INSERT: {len(columns)} columns, {len(values)} values")
    return tuple(zip(columns, values, strict=True))


def _all_columns(
    table: OpenTable, source: str, given: pa.Table
) -> tuple[tuple[str, exp.Expression], ...]:
    known = {name.lower(): name for name in given.column_names}
    for name in table.schema.names:
        if name.lower() not in known:
            raise ColumnNotFoundError(f"MERGE … *: the source has no column {name!r}")
    return tuple(
        (name, exp.column(known[name.lower()], table=source, quoted=True))
        for name in table.schema.names
    )


def _choice(clauses: Sequence[_Clause]) -> str:
    """The number of the first clause whose condition holds; NULL when none does."""
    cases = " ".join(
        f"WHEN {sql(c.condition) if c.condition is not None else 'true'} THEN {c.number}"
        for c in clauses
    )
    return f"CASE {cases} END"


def _outcomes(clauses: Sequence[_Clause]) -> list[str]:
    values = [
        # Evaluated only for the rows of its own clause.
        f"CASE WHEN {_choice(clauses)} = {clause.number} THEN {sql(value)} END "
        f"AS v{clause.number}_{position}"
        for clause in clauses
        for position, (_, value) in enumerate(clause.values or ())
    ]
    return [f"{_choice(clauses)} AS clause", *values]


def _typed(found: _Merge, clauses: Sequence[_Clause], rows: pa.Table) -> pa.Table:
    fields = {field.name: field for field in found.table.schema}
    for clause in clauses:
        mine = rows.filter(pc.equal(rows["clause"], clause.number))
        for position, (column, _) in enumerate(clause.values or ()):
            name = f"v{clause.number}_{position}"
            at = rows.schema.get_field_index(name)
            table = str(found.table.name)
            typed = conform_column(rows[name], fields[column], table=table, lenient=True)
            check_not_null(mine[name], fields[column], table=table)
            rows = rows.set_column(at, name, typed)
    return rows


def _commit(
    found: _Merge, given: pa.Table, changed: pa.Table, inserted: pa.Table
) -> Mapping[str, int]:
    is_new = [False] * changed.num_rows + [True] * inserted.num_rows
    rows = pa.concat_tables([changed, inserted], promote_options="permissive")
    rows = rows.append_column("is_new", pa.array(is_new))
    conditions = ['(s."is_new" = false)', *_pins(found, given)]
    if changed.num_rows and not inserted.num_rows:
        conditions = [key_condition(changed, found.used)]
    elif changed.num_rows:
        conditions += _plain_keys(changed, found.used)
    merger = found.table.delta.merge(
        rows, " AND ".join(conditions), source_alias="s", target_alias="t", streamed_exec=False
    )
    for clause in found.clauses:
        merger = _add(merger, clause)
    done: Mapping[str, int] = merger.execute()
    return done


def _plain_keys(changed: pa.Table, used: Sequence[str]) -> list[str]:
    return [
        f"({quoted('t', column)} "
        f"{'IS NOT DISTINCT FROM' if changed[f'k{n}'].null_count else '='} {quoted('s', f'k{n}')})"
        for n, column in enumerate(used)
    ]


def _pins(found: _Merge, given: pa.Table) -> list[str]:
    """Literal keys of ON, so that a concurrent writer of other keys does not conflict.

    Clauses for rows unmatched by the source reach beyond these keys: then there are none.
    """
    if found.of("unmatched by source"):
        return []
    known = {name.lower(): name for name in given.column_names}
    pins = []
    for part in found.on.flatten() if isinstance(found.on, exp.And) else [found.on]:
        if (pair := _equal_columns(part, found)) and pair[1].lower() in known:
            column = found.table.column(pair[0])
            pins.append(literal_pin(column or pair[0], given[known[pair[1].lower()]]))
    return [pin for pin in pins if pin]


def _equal_columns(part: exp.Expr, found: _Merge) -> tuple[str, str] | None:
    """Target and source column of ``t.a = s.b``, whichever side they stand on."""
    if not isinstance(part, exp.EQ):
        return None
    sides = [part.this, part.expression]
    if not all(isinstance(side, exp.Column) for side in sides):
        return None
    by_alias = {side.table.lower(): side.name for side in sides}
    target, source = by_alias.get(found.target.lower()), by_alias.get(found.source.lower())
    return (target, source) if target and source else None


def _add(merger: TableMerger, clause: _Clause) -> TableMerger:
    mine = f's."clause" = {clause.number}'
    if clause.values is None:
        return merger.when_matched_delete(predicate=mine)
    values = {
        quoted(column): quoted("s", f"v{clause.number}_{position}")
        for position, (column, _) in enumerate(clause.values)
    }
    if clause.kind == "not matched":
        return merger.when_not_matched_insert(values, predicate=mine)
    return merger.when_matched_update(values, predicate=mine)
