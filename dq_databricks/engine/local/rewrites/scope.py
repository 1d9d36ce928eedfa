"""Where an expression stands: whether DuckDB knows its type while it binds a macro around it."""

from __future__ import annotations

from sqlglot import exp

_PARTS = (
    exp.Column,
    exp.Identifier,
    exp.Literal,
    exp.Binary,
    exp.Paren,
    exp.Neg,
    exp.Case,
    exp.If,
)


def is_plain(node: exp.Expr) -> bool:
    """Whether `node` is made of columns of its own FROM and operators alone.

    Of aggregates, aliases beside it and columns of an outer query DuckDB learns the type later.
    """
    if not all(isinstance(part, _PARTS) for part in node.walk()):
        return False
    query = node.find_ancestor(exp.Select)
    return query is not None and not _names_alias(node, query) and _stands_alone(query)


def _names_alias(node: exp.Expr, query: exp.Select) -> bool:
    aliases = {item.alias.lower() for item in query.expressions if isinstance(item, exp.Alias)}
    return any(not c.table and c.name.lower() in aliases for c in node.find_all(exp.Column))


def _stands_alone(query: exp.Expr) -> bool:
    """Whether no query around `query` could lend it columns."""
    around = query.parent
    while isinstance(around, (exp.SetOperation, exp.Paren, exp.Subquery)):
        query, around = around, around.parent
    return around is None or isinstance(around, (exp.From, exp.Join, exp.CTE))
