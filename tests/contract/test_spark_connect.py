"""The engine works through Spark Connect, where there is no JVM to reach into."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dq_databricks.settings import Settings
from tests.support import spark_engine

pytestmark = pytest.mark.spark


def test_the_engine_works_through_spark_connect(tmp_path: Path) -> None:
    pytest.importorskip("grpc", reason="Spark Connect needs the packages of pyspark[connect]")
    if reason := spark_engine.reason_to_skip():
        pytest.skip(reason)
    jars = os.pathsep.join(map(str, sorted(Settings.load().jars.absolute().glob("*.jar"))))
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.connect_session", jars, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout.strip().splitlines()[-1]) == {
        "changed": 1,
        "rows": [{"id": 1, "s": None}, {"id": 2, "s": "it's"}],
        "version": 2,
        "tables": ["spark_catalog.default.t"],
        "missing": "TableNotFoundError",
    }
