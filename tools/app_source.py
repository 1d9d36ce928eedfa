"""Fills the folder that is deployed as the Databricks App: ``python -m tools.app_source``.

The package goes in as a wheel would hold it, its DDL and its version with it, beside `app.yaml`
and `requirements.txt`. The app imports it from there, so the code that runs is the code that was
deployed: pip would keep an installed wheel of the same version, and a platform that sees the same
requirements need not install anything. `requirements.txt` names third parties only.
"""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "app"
OWN_FILES = ("app.yaml", "requirements.txt")
EXTRAS = ("service", "warehouse")
MOST_BYTES = 10 * 1024 * 1024
NOTEBOOK = b"# Databricks notebook source"
_HEAD = (
    "# Written by `python -m tools.app_source` from pyproject.toml; our own code lies beside it.\n"
)
_SKIPPED = shutil.ignore_patterns("__pycache__", "*.pyc")


def build(folder: Path = SOURCE) -> None:
    """Fill `folder`, in place of what it held. Raises ValueError for what an app cannot take."""
    folder.mkdir(parents=True, exist_ok=True)
    for place in _contents().values():
        shutil.rmtree(folder / place, ignore_errors=True)
    for source, place in _contents().items():
        shutil.copytree(ROOT / source, folder / place, ignore=_SKIPPED)
    _write_version(folder)
    if folder.resolve() != SOURCE:
        for name in OWN_FILES:
            shutil.copyfile(SOURCE / name, folder / name)
    _check(folder)


def requirements() -> str:
    """What `requirements.txt` must hold: the dependencies of the package and of its extras."""
    project = _pyproject()["project"]
    extras = project["optional-dependencies"]
    lines = {*project["dependencies"], *(line for name in EXTRAS for line in extras[name])}
    return _HEAD + "".join(f"{line}\n" for line in sorted(lines))


def _contents() -> dict[str, str]:
    """The folders of a wheel, by where they stand here; packages before what goes into them."""
    wheel = _pyproject()["tool"]["hatch"]["build"]["targets"]["wheel"]
    return {**{name: name for name in wheel["packages"]}, **wheel["force-include"]}


def _write_version(folder: Path) -> None:
    project = _pyproject()["project"]
    name, version = project["name"], project["version"]
    for old in folder.glob("*.dist-info"):
        shutil.rmtree(old)
    metadata = folder / f"{name.replace('-', '_')}-{version}.dist-info" / "METADATA"
    metadata.parent.mkdir()
    metadata.write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")


def _check(folder: Path) -> None:
    """No file beyond what the platform takes, none that it would take for a notebook."""
    for path in (path for path in folder.rglob("*") if path.is_file()):
        if path.stat().st_size > MOST_BYTES:
            raise ValueError(f"{path}: {path.stat().st_size:,} bytes; an app takes {MOST_BYTES:,}")
        if path.suffix == ".py" and path.read_bytes().startswith(NOTEBOOK):
            raise ValueError(f"{path}: would be taken for a notebook, and lose its name")


def _pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def main() -> None:
    """Write the requirements and fill the folder."""
    (SOURCE / "requirements.txt").write_text(requirements())
    build()
    print(f"{SOURCE.relative_to(ROOT)}/ is ready to be deployed")


if __name__ == "__main__":
    main()
