"""The engine works through Spark Connect, where there is no JVM to reach into."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dq_databricks.settings import Settings
from tests.support.engines import skip_unless_it_runs

pytestmark = pytest.mark.spark


def _printed(module: str, folder: Path) -> list[str]:
    """The lines that a module prints that opens a server of Spark Connect."""
    pytest.importorskip("grpc", reason="Spark Connect needs the packages of pyspark[connect]")
    skip_unless_it_runs("spark")
    jars = os.pathsep.join(map(str, sorted(Settings.load().jars.absolute().glob("*.jar"))))
    done = subprocess.run(
        [sys.executable, "-m", module, jars, str(folder)],
        capture_output=True,
        text=True,
        timeout=840,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.strip().splitlines()


@pytest.mark.timeout(900)
def test_a_task_profiles_a_table_through_spark_connect(tmp_path: Path) -> None:
    (*_, last) = _printed("tests.support.connect_job", tmp_path)
    profile = json.loads(last)
    assert (profile["task"], profile["exit_code"]) == ("profile", 0)
    (job,) = profile["jobs"]
    assert (job["job_status"], job["status"]) == ("succeeded", "completed")


def test_the_engine_works_through_spark_connect(tmp_path: Path) -> None:
    (*_, answers) = _printed("tests.support.connect_session", tmp_path)
    assert json.loads(answers) == {
        "changed": 1,
        "rows": [{"id": 1, "s": None}, {"id": 2, "s": "it's"}],
        "version": 2,
        "tables": ["spark_catalog.default.t"],
        "missing": "TableNotFoundError",
    }
