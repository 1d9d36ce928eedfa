"""The campaign over migrations: several runners at once, old or new writers beside them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmarks.campaigns.findings import Finding
from benchmarks.campaigns.invariants import broken
from benchmarks.campaigns.jobs import SCHEMA, Job
from benchmarks.campaigns.rows import keys_of, missing, unkept
from benchmarks.campaigns.stage import Cast, Stage
from benchmarks.campaigns.starts import NONE, clean_fingerprint, frozen_content, put_frozen
from dq_databricks.model.catalog import Connection

_STARTS = ("v5", NONE, "v5", NONE, "v1")
_SPAN_S = {"v1": 3.0, "v5": 0.8, NONE: 1.0}


class Migrating:
    """Runners bring an old or a missing schema to the latest version."""

    name = "migrate"

    def __init__(self, starts: Sequence[str] = _STARTS) -> None:
        self._starts = starts

    def cast(self, stage: Stage) -> Cast:
        """Start states take turns; where there are tables, so do old writers and new ones."""
        start = self._starts[stage.seed % len(self._starts)]
        put_frozen(start, stage.folder)
        stage.before = frozen_content(start)
        number = stage.draw.choice((2, 2, 3))
        runners = [stage.job("migrate", f"runner-{one}") for one in range(1, number + 1)]
        role = "write" if start == NONE or stage.draw.random() < 0.5 else "write as before"
        return Cast(runners, [stage.job(role, "writer")], _SPAN_S[start])

    def completion(self, stage: Stage) -> Job:
        """Migrate once more."""
        return stage.job("migrate", "completion")

    def check(self, stage: Stage) -> Iterator[Finding]:
        """The schema is a clean install's, with every old and every acknowledged row."""
        yield from broken(stage.engine, stage.folder, SCHEMA, clean_fingerprint())
        yield from missing(stage.engine, SCHEMA, stage.before)
        yield from unkept(keys_of(stage.engine, SCHEMA, Connection.TABLE), stage.acks, SCHEMA)
