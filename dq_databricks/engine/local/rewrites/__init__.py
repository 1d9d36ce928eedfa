"""The rules that turn portable Databricks SQL into DuckDB SQL with the same answers.

Each module holds one family: a mapping from the class of a parse tree node to the function that
gives its replacement. Nodes come children first. A rule never looks at data.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

Rule = Callable[[exp.Expr], exp.Expr | None]
"""Gives the replacement of a node, or None to keep it. It may take the node's children over."""
