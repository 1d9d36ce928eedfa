"""The folder that is deployed as the Databricks App."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

from dq_databricks.settings import Settings
from tools import app_source

CONFIG = yaml.safe_load((app_source.SOURCE / "app.yaml").read_text())
BUNDLE = app_source.ROOT / "bundles" / "app.yml"


def test_the_requirements_are_those_of_the_package_and_name_third_parties_only() -> None:
    kept = (app_source.SOURCE / "requirements.txt").read_text()
    assert kept == app_source.requirements(), "run python -m tools.app_source"
    named = {Requirement(line).name for line in kept.splitlines() if not line.startswith("#")}
    assert {"fastapi", "databricks-sql-connector", "databricks-sdk"} <= named
    assert "dq-databricks" not in named


def test_every_variable_of_the_app_is_a_setting_and_comes_from_one_place() -> None:
    known = {entry.metadata["env"] for entry in fields(Settings)}
    names = [entry["name"] for entry in CONFIG["env"]]
    assert set(names) <= known
    assert len(names) == len(set(names))
    assert all(("value" in entry) != ("valueFrom" in entry) for entry in CONFIG["env"])
    assert all(isinstance(entry.get("value", ""), str) for entry in CONFIG["env"])


@pytest.mark.skipif(not BUNDLE.exists(), reason="this checkout has no bundle")
def test_the_bundle_runs_the_app_as_its_own_file_does() -> None:
    (app,) = yaml.safe_load(BUNDLE.read_text())["resources"]["apps"].values()
    assert app["config"]["command"] == CONFIG["command"]
    own = {entry["name"]: entry.get("valueFrom") for entry in CONFIG["env"]}
    bundled = {entry["name"]: entry.get("value_from") for entry in app["config"]["env"]}
    assert own.keys() <= bundled.keys()
    bound = {name: resource for name, resource in bundled.items() if resource}
    assert bound.items() <= own.items()
    assert set(bound.values()) == {resource["name"] for resource in app["resources"]}


def test_the_folder_holds_the_package_with_its_ddl_and_nothing_stale(tmp_path: Path) -> None:
    folder = tmp_path / "app"
    (folder / "dq_databricks").mkdir(parents=True)
    (folder / "dq_databricks" / "removed_long_ago.py").write_text("")
    app_source.build(folder)
    held = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert {
        "app.yaml",
        "requirements.txt",
        "dq_databricks/__main__.py",
        "dq_databricks/ddl/0001_create_dq_schema.sql",
        "dq_databricks/ddl/ddl.sum",
        "dq_databricks/service/static/app.css",
        "dq_databricks/service/pages/templates/base.html",
    } <= held
    assert "dq_databricks/removed_long_ago.py" not in held
    assert not [name for name in held if name.endswith(".pyc")]


def test_what_an_app_cannot_take_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app_source, "MOST_BYTES", 100)
    with pytest.raises(ValueError, match="an app takes 100"):
        app_source.build(tmp_path)
    monkeypatch.setattr(app_source, "MOST_BYTES", 1 << 30)
    monkeypatch.setattr(app_source, "NOTEBOOK", b'"""')
    with pytest.raises(ValueError, match="would be taken for a notebook"):
        app_source.build(tmp_path)
