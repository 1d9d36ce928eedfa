"""Scripts of `jobs/` as the platform starts them: processes with parameters by name."""

from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from dq_databricks import Quality
from dq_databricks.settings import environment_of
from dq_databricks.sql.identifiers import TableName
from dq_databricks.sql.statement import Statement

ROOT = Path(__file__).parents[2]
SCRIPTS = sorted(path.stem for path in (ROOT / "jobs").glob("*.py"))
ORDERS = "main.shop.orders"


@dataclass(frozen=True)
class Ended:
    """How a task ended. `document` is the last line of its output."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.out.strip().splitlines()[-1])
        return found

    @property
    def jobs(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.document["jobs"]
        return found


@dataclass(frozen=True)
class Tasks:
    """Starts tasks over the lake of `quality`."""

    quality: Quality
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def start(self, script: str, **parameters: object) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self._command(script, parameters),
            env=self.environment_of_process(),
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, script: str, *words: str, **parameters: object) -> Ended:
        done = subprocess.run(
            [*self._command(script, parameters), *words],
            env=self.environment_of_process(),
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    def run_here(self, script: str, *words: str, patch: pytest.MonkeyPatch) -> None:
        """The script in this process, which costs no start; raises what ends the process."""
        patch.setattr(sys, "argv", [*self._command(script, {})[1:], *words])
        for name, value in self.environment_of_process().items():
            patch.setenv(name, value)
        runpy.run_path(str(ROOT / "jobs" / f"{script}.py"), run_name="__main__")

    def _command(self, script: str, parameters: dict[str, object]) -> list[str]:
        given = [f"--{name.replace('_', '-')}={value}" for name, value in parameters.items()]
        common = ["--catalog", "main", "--schema", "dq_metadata"]
        return [sys.executable, str(ROOT / "jobs" / f"{script}.py"), *common, *given]

    def environment_of_process(self) -> dict[str, str]:
        of_settings = {
            name: value
            for name, value in environment_of(self.quality.settings).items()
            if value and name not in ("DQ_CATALOG", "DQ_SCHEMA", "DQ_USER")
        }
        of_tests = {"PYTHONPATH": str(ROOT), **self.environment}
        return {**os.environ, **of_settings, **of_tests}


def make_orders(quality: Quality, *ids: int | None, table: str = "orders") -> str:
    """A table of the catalog with the column order_id; its name."""
    name = TableName("main", "shop", table)
    engine = quality.engine
    engine.execute(Statement("CREATE SCHEMA IF NOT EXISTS `main`.`shop`"))
    engine.execute(Statement(f"CREATE TABLE {name.sql} (order_id BIGINT) USING DELTA"))
    engine.append(name, pa.table({"order_id": pa.array(ids, pa.int64())}))
    return str(name)


def finish(process: subprocess.Popen[str]) -> Ended:
    out, err = process.communicate(timeout=120)
    return Ended(process.returncode, out, err)
