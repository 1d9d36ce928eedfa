"""What a notebook must hold to: the source format, how it opens and closes, and what it may use."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import sqlglot
from sqlglot import exp

import dq_databricks
from dq_databricks import authoring, charts
from tests.support.notebooks import BREAK, HEADER, Cell, cells_of

PUBLIC = {
    "dq_databricks": {*dq_databricks.__all__, "charts", "authoring"},
    "dq_databricks.charts": set(charts.__all__),
    "dq_databricks.authoring": set(authoring.__all__),
}
OPENING = ("# ", "**Shows:**", "**Needs:**", "**Takes:**")
CLOSING = "## What next"
# Serverless compute is Spark Connect: these are not there. The engine and the store are no face.
REFUSED = {"sparkContext", "sc", "rdd", "_jvm", "_jsc", "engine", "store", "context"}
_LINK = re.compile(r"\]\(\$\./([\w-]+)\)")
_FIXED = re.compile(r"\bdq_metadata\b")


def faults(source: str, folder: Path) -> list[str]:
    """Everything wrong with the text of a notebook whose neighbours are in `folder`."""
    if source.partition("\n")[0] != HEADER:
        return [f"the first line is not {HEADER!r}"]
    cells = cells_of(source)
    found = [*_layout(source), *_opening(cells[0]), *_closing(cells[-1], folder)]
    for cell in cells:
        found += [f"cell {cell.number}: {fault}" for fault in _cell(cell, folder)]
    return found


def _layout(source: str) -> Iterator[str]:
    marks = sum(line.startswith("# COMMAND") for line in source.splitlines())
    if marks != source.count(BREAK):
        yield "a break between cells is not an empty line, '# COMMAND ----------', an empty line"


def _opening(cell: Cell) -> Iterator[str]:
    if cell.kind != "md":
        yield "the first cell is no markdown"
    for part in OPENING:
        if part not in cell.text:
            yield f"the first cell does not say {part!r}"


def _closing(cell: Cell, folder: Path) -> Iterator[str]:
    if cell.kind != "md" or not cell.text.startswith(CLOSING):
        yield f"the last cell is not {CLOSING!r}"
    elif not _LINK.search(cell.text):
        yield "the last cell leads to no other notebook"


def _cell(cell: Cell, folder: Path) -> Iterator[str]:
    if not cell.text.strip():
        yield "it is empty"
    elif cell.text.startswith("\n"):
        yield "it begins with an empty line"
    elif cell.is_mixed:
        yield "magic lines and others are mixed"
    elif cell.kind == "other":
        yield "only %md and %sql are used"
    elif cell.kind != "md" and not cell.title:
        yield "it has no title"
    else:
        yield from {"python": _python, "sql": _sql, "md": _markdown}[cell.kind](cell, folder)


def _markdown(cell: Cell, folder: Path) -> Iterator[str]:
    for name in _LINK.findall(cell.text):
        if not (folder / f"{name}.py").is_file():
            yield f"there is no notebook {name}"


def _python(cell: Cell, _: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(cell.text)):
        if isinstance(node, ast.Import):
            yield from (f for name in node.names if (f := _not_public(name.name)))
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            yield from (f for name in node.names if (f := _not_public(module, name.name)))
        elif isinstance(node, ast.Attribute) and (
            node.attr in REFUSED or node.attr.startswith("_")
        ):
            yield f".{node.attr} is not for notebooks"
    if "dbutils.widgets.text(" not in cell.text and _FIXED.search(cell.text):
        yield "the schema is fixed; it comes from a widget"


def _not_public(module: str, name: str = "") -> str | None:
    root = module.partition(".")[0]
    if root in sys.stdlib_module_names or root == "pandas":
        return None
    if name in PUBLIC.get(module, ()):
        return None
    return f"{module} {name}".strip() + " is not the public face"


def _sql(cell: Cell, _: Path) -> Iterator[str]:
    statements = sqlglot.parse(cell.text, read="databricks")
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        yield "it is not one SELECT"
    if _FIXED.search(cell.text):
        yield "the schema is fixed; it comes from a widget"
    tree = statements[0]
    own = {cte.alias for cte in tree.find_all(exp.CTE)} if tree else set()
    for table in tree.find_all(exp.Table) if tree else ():
        is_named = isinstance(table.this, exp.Anonymous) and table.this.name == "IDENTIFIER"
        if not is_named and table.name not in own:
            yield f"{table.sql()} is not named by IDENTIFIER(:catalog || '.' || :schema || …)"
