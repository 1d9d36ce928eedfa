"""Databricks SQL text to a parse tree.

Only the tokenizer differs from sqlglot's: ``'it''s'`` is one string with a quote in it. Parser and
Generator are used as they come, because their compiled builds refuse subclasses.
"""

from __future__ import annotations

import logging
from functools import lru_cache
from typing import ClassVar

from sqlglot import exp
from sqlglot.dialects.databricks import Databricks
from sqlglot.errors import ParseError, SqlglotError, TokenError

from dq_databricks.errors import SqlError

_EXCERPT_CHARS = 60


class PortableTokenizer(Databricks.Tokenizer):
    """The Databricks tokenizer, with a doubled quote as one quote inside a string."""

    STRING_ESCAPES: ClassVar[list[str]] = ["\\", "'", '"']


_DIALECT = Databricks()
# An opaque statement becomes a Command and is refused by name; sqlglot need not warn as well.
logging.getLogger("sqlglot").setLevel(logging.ERROR)


def parse_statement(text: str) -> exp.Expression:
    """Parse exactly one Databricks SQL statement; the tree is the caller's own to change.

    Raises SqlError naming the position and the text around it: no statement, several statements,
    or text that does not parse.
    """
    return shared_tree(text).copy()


@lru_cache(maxsize=512)
def shared_tree(text: str) -> exp.Expression:
    """The parse tree of `text`, shared by all who ask: read it, never change it."""
    trees = [tree for tree in parse_statements(text) if tree is not None]
    if len(trees) != 1:
        raise SqlError(
            f"one SQL statement is expected, {len(trees)} were found in {excerpt(text)!r}; "
            "give one statement, without a second one after ';'"
        )
    return trees[0]


def parse_statements(text: str) -> list[exp.Expression | None]:
    """Parse statements separated by ``;``; an empty one is None. Raises SqlError."""
    try:
        tokens = PortableTokenizer(dialect=_DIALECT).tokenize(text)
        trees = _DIALECT.parser().parse(tokens, text)
        return [tree if isinstance(tree, exp.Expression) else None for tree in trees]
    except ParseError as error:
        raise SqlError(_parse_message(error, text)) from error
    except TokenError as error:
        raise SqlError(f"cannot read SQL {excerpt(text)!r}: {error}; close what is open") from error
    except (SqlglotError, RecursionError) as error:
        raise SqlError(
            f"cannot parse SQL {excerpt(text)!r}: {error or 'nested too deep'}"
        ) from error


def excerpt(text: str, start: int = 0) -> str:
    """A short piece of `text` on one line, for messages."""
    piece = " ".join(text[start : start + _EXCERPT_CHARS * 4].split())
    return piece if len(piece) <= _EXCERPT_CHARS else piece[:_EXCERPT_CHARS] + "…"


def _parse_message(error: ParseError, text: str) -> str:
    detail = error.errors[0] if error.errors else {}
    where = f"line {detail.get('line', '?')}, column {detail.get('col', '?')}"
    near = detail.get("highlight") or excerpt(text)
    return f"cannot parse SQL at {where} near {near!r}: {detail.get('description') or error}"
