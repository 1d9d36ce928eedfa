"""The campaign over migrations: several runners at once, old and new writers beside them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.campaigns.findings import Finding
from benchmarks.campaigns.invariants import broken, fingerprint
from benchmarks.campaigns.jobs import CATALOG, SCHEMA, Job
from benchmarks.campaigns.rounds import Stage
from benchmarks.campaigns.rows import Content, content_of, keys_of, missing, unkept
from dq_databricks.engine.local import LocalEngine
from dq_databricks.lifecycle.provision import provision
from dq_databricks.model.catalog import Connection
from dq_databricks.model.ids import Context
from dq_databricks.settings import Settings

_FROZEN = Path(__file__).resolve().parents[2] / "tests" / "data" / "schema"
_STARTS = ("v1", "v5", "v5", "none")


def put_frozen(state: str, folder: Path) -> None:
    """Put a schema as older software left it into a fresh folder."""
    if state != "none":
        shutil.copytree(_FROZEN / state / "lake", folder / "lake")


@cache
def frozen_content(state: str) -> Content:
    """The rows of a frozen state; read from a copy, because reading makes lock files."""
    if state == "none":
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
        provision(engine, clean_settings(Path(folder)), Context())
        return fingerprint(engine, SCHEMA)


def clean_settings(folder: Path) -> Settings:
    """The settings of those who prepare a round."""
    return Settings.load(
        {}, home=folder, catalog=CATALOG, data_quality_schema=SCHEMA, user="clean", durable=False
    )


class Migrating:
    """Three runners bring an old or a missing schema to the latest version, writers beside."""

    name = "migrate"
    span_s = 2.5

    def __init__(self, starts: Sequence[str] = _STARTS) -> None:
        self._starts = starts

    def cast(self, stage: Stage) -> tuple[Sequence[Job], Sequence[Job]]:
        """The start state is drawn; where it has tables, an old writer works beside a new one."""
        start = self._start(stage)
        put_frozen(start, stage.folder)
        runners = [stage.job("migrate", f"runner-{number}") for number in range(1, 4)]
        role = "write" if start == "none" or stage.seed % 2 else "write as before"
        return runners, [stage.job(role, "writer")]

    def completion(self, stage: Stage) -> Job:
        """Migrate once more."""
        return stage.job("migrate", "completion")

    def check(self, stage: Stage) -> Iterator[Finding]:
        """The schema is a clean install's, with every old and every acknowledged row."""
        yield from broken(stage.engine, stage.folder, SCHEMA, clean_fingerprint())
        yield from missing(stage.engine, SCHEMA, frozen_content(self._start(stage)))
        yield from unkept(keys_of(stage.engine, SCHEMA, Connection.TABLE), stage.acks, SCHEMA)

    def _start(self, stage: Stage) -> str:
        return self._starts[stage.seed // 2 % len(self._starts)]
