"""Notebooks in Databricks source format: their cells, and running them cell by cell.

Stubs stand for what the platform gives and nothing else does: `dbutils.widgets`,
`dbutils.notebook.exit`, `display`, `displayHTML` and, where there is one, `spark`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa

FOLDER = Path(__file__).parents[2] / "notebooks"
HEADER = "# Databricks notebook source"
BREAK = "\n\n# COMMAND ----------\n\n"
MAGIC, TITLE = "# MAGIC", "# DBTITLE 1,"
Kind = Literal["python", "md", "sql", "other"]
RunSql = Callable[[str, Mapping[str, str]], pa.Table]


@dataclass(frozen=True)
class Cell:
    """One cell: its number from 1, its title and its text without magics."""

    number: int
    kind: Kind
    title: str
    text: str
    is_mixed: bool = False


@dataclass(frozen=True)
class Notebook:
    """A notebook by the name it has in the workspace."""

    name: str
    cells: tuple[Cell, ...]

    def of(self, kind: Kind) -> tuple[Cell, ...]:
        return tuple(cell for cell in self.cells if cell.kind == kind)


def paths() -> list[Path]:
    return sorted(FOLDER.glob("*.py"))


def read_notebook(path: Path) -> Notebook:
    return Notebook(path.stem, cells_of(path.read_text("utf-8")))


def cells_of(source: str) -> tuple[Cell, ...]:
    """The cells of the text of a notebook."""
    body = source.removeprefix(HEADER + "\n").removesuffix("\n")
    return tuple(_cell(number, part) for number, part in enumerate(body.split(BREAK), 1))


def _cell(number: int, source: str) -> Cell:
    title, _, rest = source.partition("\n") if source.startswith(TITLE) else ("", "", source)
    lines = rest.splitlines()
    magic = [line.startswith(MAGIC) for line in lines]
    if not any(magic):
        return Cell(number, "python", title.removeprefix(TITLE), rest)
    text = "\n".join(line.removeprefix(MAGIC).removeprefix(" ") for line in lines)
    first, _, below = text.partition("\n")
    word, _, beside = first.partition(" ")
    kinds: dict[str, Kind] = {"%md": "md", "%sql": "sql"}
    shown = "\n".join(part for part in (beside, below) if part)
    return Cell(number, kinds.get(word, "other"), title.removeprefix(TITLE), shown, not all(magic))


class NotebookExitError(Exception):
    """`dbutils.notebook.exit` was called; the platform ends the notebook there."""


class Widgets:
    """Widgets that a person has set to `values`; the others keep their defaults."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._set, self._defaults = dict(values), dict[str, str]()

    def text(self, name: str, default: str, label: str) -> None:
        assert label
        self._defaults[name] = default

    def dropdown(self, name: str, default: str, choices: list[str], label: str) -> None:
        assert default in choices
        assert self._set.get(name, default) in choices
        self.text(name, default, label)

    def get(self, name: str) -> str:
        return self._set.get(name, self._defaults[name])

    @property
    def values(self) -> dict[str, str]:
        return {name: self.get(name) for name in self._defaults}


class _Exit:
    def exit(self, value: str) -> None:
        raise NotebookExitError(value)


@dataclass
class _Dbutils:
    widgets: Widgets
    notebook: _Exit = field(default_factory=_Exit)


@dataclass
class Shown:
    """What a notebook showed: frames, pictures, and the rows of its SQL cells by title."""

    frames: list[Any] = field(default_factory=list)
    pictures: list[str] = field(default_factory=list)
    tables: dict[str, pa.Table] = field(default_factory=dict)
    names: dict[str, Any] = field(default_factory=dict)

    def display(self, shown: Any) -> None:
        assert hasattr(shown, "columns"), f"display() shows frames, not {type(shown).__name__}"
        self.frames.append(shown)

    @property
    def columns(self) -> list[list[str]]:
        """The columns of each frame, in the order shown."""
        return [list(frame.columns) for frame in self.frames]


def run_notebook(
    notebook: Notebook, values: Mapping[str, str], *, run_sql: RunSql, spark: Any = None
) -> Shown:
    """Run every cell from top to bottom, as "Run all" does, with widgets set to `values`."""
    shown, widgets = Shown(), Widgets(values)
    shown.names.update(
        dbutils=_Dbutils(widgets),
        display=shown.display,
        displayHTML=shown.pictures.append,
        **({} if spark is None else {"spark": spark}),
    )
    try:
        for cell in notebook.cells:
            if cell.kind == "python":
                where = f"notebooks/{notebook.name}.py, cell {cell.number}"
                exec(compile(cell.text, where, "exec", dont_inherit=True), shown.names)
            elif cell.kind == "sql":
                shown.tables[cell.title] = run_sql(cell.text, widgets.values)
    finally:
        if quality := shown.names.get("quality"):
            quality.close()
    return shown


_NAMED = re.compile(r"IDENTIFIER\(:catalog \|\| '\.' \|\| :schema \|\| '\.([a-z_]+)'\)")


def with_names(text: str, values: Mapping[str, str]) -> str:
    """`text` with names in the place of IDENTIFIER(), which only Spark resolves."""
    return _NAMED.sub(lambda found: f"`{values['catalog']}`.`{values['schema']}`.{found[1]}", text)
