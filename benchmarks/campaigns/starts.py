"""The states in which rounds begin: as older software left them, or brought up to date."""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock

from benchmarks.campaigns.jobs import CATALOG, SCHEMA
from benchmarks.campaigns.rows import Content, content_of
from dq_databricks.engine.local import LocalEngine
from dq_databricks.lifecycle.provision import provision
from dq_databricks.lifecycle.shape.live import live_shape
from dq_databricks.model.ids import Context
from dq_databricks.settings import Settings

NONE = "none"
"""The state before anything was ever made."""

_MAKING = Lock()
_FROZEN = Path(__file__).resolve().parents[2] / "tests" / "data" / "schema"


def put_frozen(state: str, folder: Path) -> None:
    """Put a schema as older software left it into a fresh folder."""
    if state != NONE:
        shutil.copytree(_FROZEN / state / "lake", folder / "lake")


def put_current(folder: Path) -> None:
    """Put a schema of this version, with rows of an older one, into a fresh folder."""
    with _MAKING:
        current = _current()
    shutil.copytree(Path(current.name) / "lake", folder / "lake")


@cache
def frozen_content(state: str) -> Content:
    """The rows of a frozen state; read from a copy, because reading makes lock files."""
    if state == NONE:
        return {}
    with TemporaryDirectory() as folder:
        put_frozen(state, Path(folder))
        with LocalEngine(Path(folder), durable=False, threads=1) as engine:
            return content_of(engine, SCHEMA)


@cache
def clean_fingerprint() -> str:
    """The fingerprint of a clean install."""
    with (
        TemporaryDirectory() as folder,
        LocalEngine(Path(folder), durable=False, threads=1) as engine,
    ):
        provision(engine, settings_at(Path(folder)), Context())
        return live_shape(engine, CATALOG, SCHEMA).fingerprint


def settings_at(folder: Path) -> Settings:
    """The settings of those who prepare a round."""
    return Settings.load(
        {}, home=folder, catalog=CATALOG, data_quality_schema=SCHEMA, user="clean", durable=False
    )


@cache
def _current() -> TemporaryDirectory[str]:
    folder = TemporaryDirectory()
    put_frozen("v5", Path(folder.name))
    with LocalEngine(Path(folder.name), durable=False, threads=1) as engine:
        provision(engine, settings_at(Path(folder.name)), Context())
    return folder
