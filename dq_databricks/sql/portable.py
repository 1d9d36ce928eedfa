"""The portable subset: what SQL of this project may use, so that every engine answers alike.

An allow-list over parse trees: a node whose class is not listed is a finding, and listed classes
may carry a condition. Which forms give the same answer was found by running them on Spark and on
the embedded engine; `tests/contract/test_dialect_corpus.py` holds the evidence.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from sqlglot import exp

from dq_databricks.errors import UnsupportedError
from dq_databricks.sql.parse import excerpt, shared_tree
from dq_databricks.sql.portable_conditions import CONDITIONS
from dq_databricks.sql.portable_words import (
    ALLOWED,
    ALLOWED_FUNCTIONS,
    FUNCTION_HINTS,
    HINTS,
    ONE_SIDED,
)

_CALLED = re.compile(r"\b([A-Za-z_]+)\s*\(")
# Opaque to the parser, yet every engine carries it out.
_OPAQUE = re.compile(r"ALTER\s+TABLE\s.*\sUNSET\s+TBLPROPERTIES\b", re.IGNORECASE | re.DOTALL)
_DEFAULT_HINT = "it is outside the portable subset; write it with the functions listed there"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing outside the portable subset: its name, its text and the way out."""

    what: str
    text: str
    hint: str

    def __str__(self) -> str:
        return f"{self.what} in {self.text!r}: {self.hint}"


def check_portable(expression: exp.Expression) -> list[Finding]:
    """Name everything in a parse tree that is outside the portable subset; empty means portable."""
    return [finding for node in expression.walk() if (finding := _check(node))]


def require_portable(text: str) -> None:
    """Raise UnsupportedError naming what in `text` is not portable; SqlError when it is no SQL."""
    if findings := findings_of(text):
        listed = "; ".join(str(finding) for finding in findings[:5])
        raise UnsupportedError(f"not portable SQL: {listed}")


@lru_cache(maxsize=1024)
def findings_of(text: str) -> tuple[Finding, ...]:
    """The findings of one statement given as text, kept for the next time. Raises SqlError."""
    names = (name.lower() for name in _CALLED.findall(text))
    one_sided = [name for name in names if name in ONE_SIDED]
    called = [Finding(f"function {name}", f"{name}(…)", ONE_SIDED[name]) for name in one_sided]
    return (*called, *check_portable(shared_tree(text)))


def _check(node: exp.Expr) -> Finding | None:
    if isinstance(node, exp.Anonymous):
        name = str(node.this).lower()
        if name not in ALLOWED_FUNCTIONS:
            return _finding(node, f"function {name}", FUNCTION_HINTS.get(name, _DEFAULT_HINT))
        return _conditional(node, name)
    if isinstance(node, exp.Command) and _OPAQUE.match(node.sql("databricks")):
        return None
    name = type(node).__name__
    if name not in ALLOWED:
        return _finding(node, _label(node), HINTS.get(name, _DEFAULT_HINT))
    return _conditional(node, name)


def _conditional(node: exp.Expr, name: str) -> Finding | None:
    condition: Callable[[exp.Expr], str | None] | None = CONDITIONS.get(name)
    hint = condition(node) if condition else None
    return _finding(node, _label(node), hint) if hint else None


def _finding(node: exp.Expr, what: str, hint: str) -> Finding:
    return Finding(what, excerpt(node.sql("databricks")), hint)


def _label(node: exp.Expr) -> str:
    if isinstance(node, exp.Anonymous):
        return f"function {str(node.this).lower()}"
    if isinstance(node, exp.Func):
        return f"function {node.sql_names()[0].lower()}"
    return type(node).__name__.lstrip("_")
