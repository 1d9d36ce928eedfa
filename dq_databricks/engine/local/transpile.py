"""Portable Databricks SQL to DuckDB SQL with the same answers.

What depends on the text alone (parse, allow-list, rewrite, generate) is done once per text and
kept; per call only the tables are put in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from sqlglot import exp

from dq_databricks.engine.local.rewrites import Rule
from dq_databricks.engine.local.rewrites.aggregates import AGGREGATES, finish
from dq_databricks.engine.local.rewrites.casts import CASTS
from dq_databricks.engine.local.rewrites.dates import DATE_FUNCTIONS, DATES
from dq_databricks.engine.local.rewrites.nested import NESTED, NESTED_FUNCTIONS
from dq_databricks.engine.local.rewrites.numbers import NUMBERS
from dq_databricks.engine.local.rewrites.strings import STRINGS
from dq_databricks.engine.local.transpile_tables import take_tables
from dq_databricks.errors import UnsupportedError
from dq_databricks.sql.parse import excerpt, parse_statement
from dq_databricks.sql.portable import findings_of

Resolve = Callable[[exp.Table, exp.Expression | None], exp.Expression]
"""Turns a table (and its VERSION or TIMESTAMP AS OF node) into what stands in FROM."""

_RULES: dict[type[exp.Expr], Rule] = {
    **AGGREGATES,
    **CASTS,
    **DATES,
    **NESTED,
    **NUMBERS,
    **STRINGS,
}
_FUNCTIONS: dict[str, Rule] = {**DATE_FUNCTIONS, **NESTED_FUNCTIONS}
_AGGREGATES_AROUND = (exp.ArrayAgg, exp.ArrayUniqueAgg, exp.Sum, exp.Filter, exp.Window)


@dataclass(frozen=True, slots=True)
class DuckStatement:
    """DuckDB SQL and the names it binds as ``$name``; pass these and no others.

    `patterns` are those placeholders that are regular expressions: their values must have gone
    through ``portable_regex``.
    """

    sql: str
    placeholders: tuple[str, ...]
    patterns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Prepared:
    pieces: tuple[str, ...]
    tables: tuple[tuple[exp.Table, exp.Expression | None], ...]
    placeholders: tuple[str, ...]
    patterns: tuple[str, ...]


def transpile(text: str, resolve: Resolve) -> DuckStatement:
    """DuckDB SQL for one portable statement that reads.

    `resolve` is asked for every table of the statement, never for a name a WITH defines. Raises
    SqlError when `text` does not parse, UnsupportedError naming what is not portable.
    """
    prepared = _prepare(text)
    sql = prepared.pieces[0]
    for (table, version), piece in zip(prepared.tables, prepared.pieces[1:], strict=True):
        sql += resolve(table.copy(), version).sql("duckdb") + piece
    return DuckStatement(sql, prepared.placeholders, prepared.patterns)


@lru_cache(maxsize=512)
def _prepare(text: str) -> _Prepared:
    if findings := findings_of(text):
        listed = "; ".join(str(finding) for finding in findings[:3])
        raise UnsupportedError(f"not portable: {listed}")
    tree = parse_statement(text)
    for hint in list(tree.find_all(exp.Hint)):
        hint.pop()
    placeholders = dict.fromkeys(node.name for node in tree.find_all(exp.Placeholder))
    patterns = dict.fromkeys(_patterns(tree))
    tables, split = take_tables(tree)
    generated = rewrite(tree).sql("duckdb", copy=False)
    return _Prepared(split(generated), tables, tuple(placeholders), tuple(patterns))


def rewrite(tree: exp.Expression) -> exp.Expression:
    """Apply every rule to `tree` (its tables already out), children first, and give it back.

    Raises UnsupportedError where a form has no DuckDB counterpart.
    """
    holder = exp.Paren(this=tree)
    for node in reversed(list(tree.walk(bfs=False))):
        _apply(node)
    rewritten = holder.this
    if not isinstance(rewritten, exp.Expression):
        raise UnsupportedError(f"not portable: {excerpt(tree.sql('databricks'))!r}")
    rewritten.pop()
    return rewritten


def _apply(node: exp.Expr) -> None:
    rule = _FUNCTIONS.get(node.name.lower()) if type(node) is exp.Anonymous else None
    rule = rule or _RULES.get(type(node))
    parent, key, index = node.parent, node.arg_key, node.index
    new = rule(node) if rule else None
    if new is not None and parent is not None and key is not None:
        parent.set(key, new, index)
    around = finish(node) if new is None and isinstance(node, _AGGREGATES_AROUND) else None
    if around is not None and parent is not None and key is not None:
        parent.set(key, around, index)


def _patterns(tree: exp.Expression) -> list[str]:
    kinds = (
        exp.RegexpLike,
        exp.RegexpCount,
        exp.RegexpExtract,
        exp.RegexpReplace,
        exp.RegexpSplit,
    )
    found = (node.expression for node in tree.find_all(*kinds))
    return [pattern.name for pattern in found if isinstance(pattern, exp.Placeholder)]
