from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dq_databricks import Quality, open_quality
from dq_databricks.cli.app import run
from tests.support.provisioned import put_schema


@dataclass(frozen=True)
class Said:
    """What one call of `dq` printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def dq(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> Callable[..., Said]:
    """Call the command in an empty folder, in this process: starting one costs seconds."""
    for name, value in _variables(tmp_path).items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    if request.node.get_closest_marker("empty_lake") is None:
        put_schema(tmp_path / "home", "dq_metadata")

    def call(*arguments: str) -> Said:
        capfd.readouterr()
        code = run(list(arguments))
        said = capfd.readouterr()
        return Said(code, said.out, said.err)

    return call


@pytest.fixture
def dq_process(tmp_path: Path) -> Callable[..., Said]:
    """Run the command as people do, in a process of its own."""

    def call(*arguments: str) -> Said:
        done = subprocess.run(
            [sys.executable, "-c", "from dq_databricks.cli import main; main()", *arguments],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={**os.environ, **_variables(tmp_path)},
            timeout=120,
            check=False,
        )
        return Said(done.returncode, done.stdout, done.stderr)

    return call


def _variables(folder: Path) -> dict[str, str]:
    return {"DQ_HOME": str(folder / "home"), "DQ_DURABLE": "false", "COLUMNS": "160"}


@pytest.fixture
def quality(tmp_path: Path) -> Quality:
    put_schema(tmp_path / "home", "dq_metadata")
    return open_quality(home=tmp_path / "home", durable=False)


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    """200 orders: a key, a code, an amount with nulls, and names that need care."""
    path = tmp_path / "orders.parquet"
    pq.write_table(orders_table(), path)
    return path


def orders_table(*, first: int = 0, amount: float = 1.5) -> pa.Table:
    numbers = range(first, first + 200)
    return pa.table(
        {
            "order_id": pa.array(numbers, pa.int64()),
            "amount": [amount * n if n % 10 else None for n in numbers],
            "select": ["new" if n % 2 else "paid" for n in numbers],
            "a.b": [n % 5 for n in numbers],
            "back`tick": ["x"] * 200,
            "sp ace": [n % 2 == 0 for n in numbers],
            "😀": ["é"] * 200,
        }
    )
