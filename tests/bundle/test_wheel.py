"""The wheel holds what it needs, and runs where nothing of the checkout is."""

from __future__ import annotations

import email
import os
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.bundle.conftest import ROOT


@pytest.fixture(scope="module")
def venv(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty environment with the wheel in it; what it depends on is borrowed from here."""
    folder = tmp_path_factory.mktemp("venv") / "venv"
    uv = [sys.executable, "-m", "uv"]
    _run([*uv, "venv", "-q", "--offline", "--python", sys.executable, str(folder)], ROOT)
    python = ["--python", str(folder / "bin" / "python")]
    _run([*uv, "pip", "install", "-q", "--no-deps", "--offline", *python, str(wheel)], ROOT)
    (site,) = folder.glob("lib/*/site-packages")
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib"))
    return folder


def _run(command: Sequence[str], folder: Path) -> str:
    env = {name: value for name, value in os.environ.items() if name not in _OURS}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


_OURS = ("PYTHONPATH", "VIRTUAL_ENV")


def test_the_wheel_holds_every_file_of_the_package_and_the_ddl(wheel: Path) -> None:
    package = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "dq_databricks").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    ddl = {
        f"dq_databricks/{path.relative_to(ROOT).as_posix()}"
        for path in (ROOT / "ddl").rglob("*")
        if path.is_file()
    }
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert {"dq_databricks/py.typed", "dq_databricks/ddl/ddl.sum"} <= held
    assert held == package | ddl


def test_the_code_that_runs_is_that_of_the_wheel(venv: Path, tmp_path: Path) -> None:
    where = "import dq_databricks; print(dq_databricks.__file__)"
    assert str(venv) in _run([str(venv / "bin" / "python"), "-c", where], tmp_path)


def test_the_entry_point_makes_a_schema_from_the_ddl_of_the_wheel(
    venv: Path, tmp_path: Path
) -> None:
    newest = max(path.name for path in (ROOT / "ddl").glob("*.sql"))[:4]
    assert newest in _run([str(venv / "bin" / "dq"), "migrate"], tmp_path)


def test_every_task_prints_its_help_from_the_wheel(venv: Path, tmp_path: Path) -> None:
    scripts = sorted(str(path) for path in (ROOT / "jobs").glob("*.py"))
    assert scripts
    said = _run([str(venv / "bin" / "python"), "-c", _HELP, *scripts], tmp_path)
    assert said.count("--catalog, --schema") == len(scripts)


def test_the_wheel_asks_for_what_the_project_declares(wheel: Path) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    (name,) = [n for n in zipfile.ZipFile(wheel).namelist() if n.endswith("/METADATA")]
    metadata = email.message_from_bytes(zipfile.ZipFile(wheel).read(name))
    plain = [line for line in metadata.get_all("Requires-Dist") or [] if "extra ==" not in line]
    wanted = {Requirement(line) for line in project["dependencies"]}
    assert {Requirement(line) for line in plain} == wanted
    assert metadata["Version"] == project["version"]


_HELP = """
import runpy, sys
scripts = sys.argv[1:]
for script in scripts:
    sys.argv = [script, "--help"]
    runpy.run_path(script, run_name="__main__")
"""
