"""Portable Databricks SQL to DuckDB SQL with the same answers.

What depends on the text alone (parse, allow-list, rewrite, generate) is done once per text and
kept; per call only the tables are put in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from sqlglot import exp

from dq_databricks.engine.local.rewrites import Rule
from dq_databricks.engine.local.rewrites.aggregates import AGGREGATE_FUNCTIONS, AGGREGATES, finish
from dq_databricks.engine.local.rewrites.casts import CASTS
from dq_databricks.engine.local.rewrites.dates import DATE_FUNCTIONS, DATES
from dq_databricks.engine.local.rewrites.nested import NESTED, NESTED_FUNCTIONS
from dq_databricks.engine.local.rewrites.numbers import NUMBERS
from dq_databricks.engine.local.rewrites.strings import STRINGS
from dq_databricks.engine.local.transpile_tables import take_tables
from dq_databricks.errors import RegexError, UnsupportedError
from dq_databricks.sql.parse import excerpt, parse_statement
from dq_databricks.sql.portable import findings_of
from dq_databricks.sql.regex import regex_facts

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
_FUNCTIONS: dict[str, Rule] = {
    **AGGREGATE_FUNCTIONS,
    **DATE_FUNCTIONS,
    **NESTED_FUNCTIONS,
}
_MATCHING = (exp.RegexpLike, exp.RegexpExtract)
_CONSUMING = (exp.RegexpCount, exp.RegexpReplace, exp.RegexpSplit)
_AGGREGATES_AROUND = (exp.ArrayAgg, exp.ArrayUniqueAgg, exp.Sum, exp.Filter, exp.Window)


@dataclass(frozen=True, slots=True)
class DuckStatement:
    """DuckDB SQL and the names it binds as ``$name``; pass these and no others.

    `patterns` are those placeholders that are regular expressions, `consuming` those of them that
    may not match the empty string.
    """

    sql: str
    placeholders: tuple[str, ...]
    patterns: tuple[str, ...] = ()
    consuming: tuple[str, ...] = ()

    def check(self, values: Mapping[str, object]) -> None:
        """Raise UnsupportedError when a bound pattern has not gone through `portable_regex`."""
        for name in self.patterns:
            if isinstance(value := values.get(name), str):
                _check_pattern(name, value, may_be_empty=name not in self.consuming)


def _check_pattern(name: str, pattern: str, *, may_be_empty: bool) -> None:
    try:
        facts = regex_facts(pattern)
    except RegexError as error:
        raise UnsupportedError(f"not portable: parameter :{name}: {error}") from error
    if facts.pattern != pattern:
        raise UnsupportedError(
            f"not portable: parameter :{name} is the pattern {pattern!r}; "
            f"bind portable_regex(pattern), here {facts.pattern!r}"
        )
    if facts.matches_empty and not may_be_empty:
        raise UnsupportedError(
            f"not portable: parameter :{name}: {pattern!r} matches the empty string; "
            "count, replace and split need a pattern that takes a character"
        )


@dataclass(frozen=True, slots=True)
class _Prepared:
    pieces: tuple[str, ...]
    tables: tuple[tuple[exp.Table, exp.Expression | None], ...]
    statement: DuckStatement


def transpile(text: str, resolve: Resolve) -> DuckStatement:
    """DuckDB SQL for one portable statement that reads.

    `resolve` is asked for every table of the statement, never for a name a WITH defines. Raises
    SqlError when `text` does not parse, UnsupportedError naming what is not portable.
    """
    prepared = _prepare(text)
    sql = prepared.pieces[0]
    for (table, version), piece in zip(prepared.tables, prepared.pieces[1:], strict=True):
        sql += resolve(table.copy(), version).sql("duckdb") + piece
    return replace(prepared.statement, sql=sql)


@lru_cache(maxsize=512)
def _prepare(text: str) -> _Prepared:
    if findings := findings_of(text):
        listed = "; ".join(str(finding) for finding in findings[:3])
        raise UnsupportedError(f"not portable: {listed}")
    tree = parse_statement(text)
    for hint in list(tree.find_all(exp.Hint)):
        hint.pop()
    placeholders = dict.fromkeys(node.name for node in tree.find_all(exp.Placeholder))
    patterns = _patterns(tree, _MATCHING)
    consuming = _patterns(tree, _CONSUMING)
    cut = take_tables(tree)
    pieces, tables = cut(rewrite(tree).sql("duckdb", copy=False))
    statement = DuckStatement("", tuple(placeholders), patterns + consuming, consuming)
    return _Prepared(pieces, tables, statement)


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


def _patterns(tree: exp.Expression, kinds: tuple[type[exp.Expr], ...]) -> tuple[str, ...]:
    found = (node.expression for node in tree.find_all(*kinds))
    names = (pattern.name for pattern in found if isinstance(pattern, exp.Placeholder))
    return tuple(dict.fromkeys(names))
