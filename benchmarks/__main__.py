"""python -m benchmarks: our checks and profile beside hand-written queries, in one run."""

from __future__ import annotations

import argparse
import json
import platform
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

from benchmarks.compare import Comparison, compare

_HEADERS = (
    "engine",
    "data",
    "task",
    "hand wall s",
    "ours in engine s",
    "ratio",
    "ours wall s",
    "overhead ms",
    "hand cpu s",
    "ours cpu s",
    "cpu ratio",
    "statements",
)


def main() -> None:
    """Run what was asked, print the table, and write the figures where asked."""
    asked = _arguments()
    console = Console(width=None if Console().is_terminal else 160)
    found: list[Comparison] = []
    for engine in asked.engines.split(","):
        for comparison in compare(engine, rows=asked.rows, repeat=asked.repeat):
            found.append(comparison)
            console.print(" ".join(_cells(comparison)))
    console.print(_table(found))
    if asked.out:
        asked.out.write_text(json.dumps(_document(found, asked.rows), indent=2) + "\n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000, help="rows of the orders")
    parser.add_argument("--engines", default="local,spark", help="separated by commas")
    parser.add_argument("--repeat", type=int, default=3, help="measured turns of each side")
    parser.add_argument("--out", type=Path, help="write the figures as JSON")
    return parser.parse_args()


def _table(found: Sequence[Comparison]) -> Table:
    table = Table(title="ours beside hand-written queries (medians)", title_justify="left")
    for header in _HEADERS:
        table.add_column(header, justify="left" if header in _HEADERS[:3] else "right")
    for comparison in found:
        table.add_row(*_cells(comparison))
    return table


def _cells(one: Comparison) -> tuple[str, ...]:
    return (
        one.engine,
        one.data,
        one.task,
        f"{one.handwritten.wall:.2f}",
        f"{one.in_engine:.2f}",
        f"{one.in_engine / one.handwritten.wall:.2f}",
        f"{one.ours.wall:.2f}",
        f"{one.overhead * 1000:.0f}",
        f"{one.handwritten.cpu:.2f}",
        f"{one.ours.cpu:.2f}",
        f"{one.ours.cpu / one.handwritten.cpu:.2f}",
        str(one.statements),
    )


def _document(found: Sequence[Comparison], rows: int) -> dict[str, object]:
    return {
        "rows": rows,
        "cores": psutil.cpu_count(),
        "load": psutil.getloadavg(),
        "python": platform.python_version(),
        "duckdb": version("duckdb"),
        "comparisons": [{**asdict(one), "overhead": one.overhead} for one in found],
    }


if __name__ == "__main__":
    main()
