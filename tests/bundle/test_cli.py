"""The whole life of the bundle with the real CLI: validate, plan, deploy, run, destroy."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytest.importorskip("databricks.sdk")

from tests.bundle.conftest import ROOT
from tests.emulator.workspace import FakeWorkspace
from tests.emulator.workspace.server import TOKEN
from tests.emulator.workspace.tasks import InProcesses
from tests.support.databricks_cli import Cli

pytestmark = [pytest.mark.cli, pytest.mark.timeout(900)]

PRINCIPAL = "5a6c1d20-7a51-4b5e-9c1f-0d9f4f1f2b3a"
USERS = {"dev": "ada@example.com", "staging": PRINCIPAL, "prod": PRINCIPAL}
COPIED = ("app", "bundles", "ddl", "dq_databricks", "jobs", "notebooks", "tools")
FILES = ("LICENSE", "README.md", "databricks.yml", "pyproject.toml")
OpenCli = Callable[[str], Cli]


@pytest.fixture
def checkout(tmp_path: Path, wheel: Path) -> Path:
    """The bundle in a folder of its own, with a build that brings the wheel of this session."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    for name in COPIED:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in FILES:
        shutil.copy(ROOT / name, folder / name)
    (folder / ".gitignore").write_text("dist/\n.databricks/\n__pycache__/\n")
    text = (folder / "databricks.yml").read_text()
    assert "uv build --wheel" in text
    build = f"mkdir -p dist && cp {wheel} dist/"
    (folder / "databricks.yml").write_text(text.replace("uv build --wheel", build))
    return folder


@pytest.fixture
def cli(tmp_path: Path, checkout: Path) -> Iterator[OpenCli]:
    """Opens the CLI on a workspace of its own, signed in as who deploys that target."""
    opened: list[FakeWorkspace] = []

    def open_cli(target: str) -> Cli:
        folder, home = tmp_path / f"of {target}", tmp_path / f"home {target}"
        folder.mkdir()
        home.mkdir()
        environment = {"DQ_ENGINE": "local", "DQ_HOME": str(folder), "DATABRICKS_TOKEN": TOKEN}
        workspace = FakeWorkspace(folder, InProcesses(folder, environment), user=USERS[target])
        opened.append(workspace)
        return Cli(checkout, home, workspace.host, TOKEN, target, {"warehouse_id": "w1"})

    yield open_cli
    for workspace in opened:
        unknown = workspace.state.unknown
        workspace.__exit__()
        assert unknown == []


@pytest.mark.parametrize("target", ["dev", "staging", "prod"])
def test_a_target_is_strictly_valid(cli: OpenCli, target: str) -> None:
    said = cli(target).done("validate", "--strict")
    assert "Validation OK" in said


@pytest.mark.parametrize("target", ["staging", "prod"])
def test_a_second_plan_has_nothing_to_do(cli: OpenCli, target: str) -> None:
    bundle = cli(target)
    assert set(bundle.plan().values()) == {"create"}
    bundle.done("deploy")
    assert set(bundle.plan().values()) == {"skip"}
    bundle.done("deploy")


def test_a_run_succeeds_or_fails_as_its_job_does(cli: OpenCli) -> None:
    bundle = cli("dev")
    bundle.done("deploy")
    bundle.done("run", "migrate", "--params", "readers=,writer=")
    failed = bundle("run", "test", "--params", f"targets={json.dumps(['main.no.table'])}")
    assert failed.returncode == 1
    assert "main.no.table" in failed.stdout + failed.stderr


def test_the_schema_is_not_destroyed_until_it_may_be(cli: OpenCli, checkout: Path) -> None:
    bundle = cli("prod")
    bundle.done("deploy")
    refused = bundle("destroy", "--auto-approve")
    assert refused.returncode != 0
    assert "prevent_destroy" in refused.stdout + refused.stderr
    schemas = checkout / "bundles" / "schemas.yml"
    schemas.write_text(
        schemas.read_text().replace("prevent_destroy: true", "prevent_destroy: false")
    )
    bundle.done("destroy", "--auto-approve")


def test_a_target_may_not_have_a_run_as_beside_the_app(cli: OpenCli, checkout: Path) -> None:
    root = checkout / "databricks.yml"
    other = "    run_as:\n      service_principal_name: 11111111-1111-1111-1111-111111111111\n"
    marker = "  prod:\n    mode: production\n"
    assert marker in root.read_text()
    root.write_text(root.read_text().replace(marker, marker + other))
    refused = cli("prod")("validate")
    assert refused.returncode != 0
    assert "run_as" in refused.stdout + refused.stderr
