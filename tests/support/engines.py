"""The engines the contract suite runs over. A new engine is one line here and one module."""

from __future__ import annotations

import importlib
import os
from pathlib import Path

import pytest

from dq_databricks.engine.protocol import Engine

# Each module offers `reason_to_skip() -> str | None` and `open_for_tests(folder: Path) -> Engine`,
# an engine whose tables live below `folder` and whose catalog `main` holds an empty schema `s`.
ENGINES = {
    "local": "tests.support.local_engine",
    "spark": "tests.support.spark_engine",
    "warehouse": "tests.support.warehouse_engine",
}


def open_engine_for_tests(name: str, folder: Path) -> Engine:
    """Open engine `name`; skips loudly where it cannot run, and fails instead under CI."""
    skip_unless_it_runs(name)
    engine: Engine = importlib.import_module(ENGINES[name]).open_for_tests(folder)
    return engine


def skip_unless_it_runs(name: str) -> None:
    """Skip where engine `name` cannot run, loudly; fail instead under CI."""
    if reason := importlib.import_module(ENGINES[name]).reason_to_skip():
        if os.environ.get("CI"):
            pytest.fail(f"{name} lane cannot run, and CI refuses skips: {reason}")
        pytest.skip(f"{name} lane: {reason}")


def engine_parameters() -> list[object]:
    """Parameters for a fixture over every engine."""
    marks = {"spark": [pytest.mark.spark]}
    return [pytest.param(name, id=name, marks=marks.get(name, ())) for name in ENGINES]
