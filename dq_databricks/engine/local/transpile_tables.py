"""Takes the tables out of a statement, so its DuckDB text can be kept and they put in later."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from sqlglot import exp

_MARK = "dq_table_{}_here"
_MARKED = re.compile(r"dq_table_(\d+)_here")
Taken = tuple[exp.Table, exp.Expression | None]
Cut = tuple[tuple[str, ...], tuple[Taken, ...]]


def take_tables(tree: exp.Expression) -> Callable[[str], Cut]:
    """Replace every table of `tree` by a mark; give what cuts its text at the marks.

    The cut gives the pieces of the text and the tables that belong between them. Each table keeps
    the name it had as its alias, and columns lose their catalog and schema.
    """
    taken = []
    for number, table in enumerate(list(_tables(tree))):
        taken.append(_take(table, number))
    for column in tree.find_all(exp.Column):
        if len(column.parts) > 2 and column.args.get("db"):
            _shorten(column, taken)
    return lambda text: _cut(text, taken)


def _cut(text: str, taken: list[Taken]) -> Cut:
    # The text has the tables in another order than the tree: a WITH stands first in it.
    pieces = _MARKED.split(text)
    return tuple(pieces[::2]), tuple(taken[int(number)] for number in pieces[1::2])


def _tables(tree: exp.Expression) -> Iterator[exp.Table]:
    for table in tree.find_all(exp.Table, bfs=False):
        if table.args.get("db") or not _is_defined(table):
            yield table


def _is_defined(table: exp.Table) -> bool:
    """Whether a WITH in scope defines this name; a definition does not see itself or later ones."""
    name, node = table.name.lower(), table.parent
    inside: exp.Expr | None = None
    while node is not None:
        with_ = node.args.get("with_")
        if isinstance(with_, exp.With) and name in _visible(with_, inside):
            return True
        inside = node if isinstance(node, exp.CTE) else inside
        node = node.parent
    return False


def _visible(with_: exp.With, inside: exp.Expr | None) -> set[str]:
    names = [definition.alias.lower() for definition in with_.expressions]
    if inside is None or inside.parent is not with_:
        return set(names)
    position = inside.index or 0
    return set(names[: position + 1 if with_.args.get("recursive") else position])


def _take(table: exp.Table, number: int) -> Taken:
    original = exp.Table(
        this=table.this.copy(),
        db=table.args["db"].copy() if table.args.get("db") else None,
        catalog=table.args["catalog"].copy() if table.args.get("catalog") else None,
    )
    version = table.args.get("version")
    if not table.args.get("alias"):
        table.set("alias", exp.TableAlias(this=exp.to_identifier(table.name, quoted=True)))
    table.set("this", exp.Identifier(this=_MARK.format(number), quoted=False))
    for key in ("db", "catalog", "version"):
        table.set(key, None)
    return original, version


def _shorten(column: exp.Column, taken: list[Taken]) -> None:
    """Drop the catalog and schema of ``catalog.schema.table.column``."""
    schemas = {table.db.lower() for table, _ in taken if table.db}
    if column.db.lower() in schemas:
        column.set("db", None)
        column.set("catalog", None)
