"""The campaign over renaming: several runners move a schema that is written to."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.campaigns.findings import Finding, Kind
from benchmarks.campaigns.invariants import broken, broken_work
from benchmarks.campaigns.jobs import CATALOG, SCHEMA, TARGET, Job
from benchmarks.campaigns.rows import content_of, keys_of, missing, unkept
from benchmarks.campaigns.stage import Cast, Stage
from benchmarks.campaigns.starts import clean_fingerprint, put_current
from dq_databricks.lifecycle.state import Phase, read_state
from dq_databricks.model.catalog import Connection

_SPAN_S = 4.0


class Renaming:
    """Two runners rename one schema, writers follow it."""

    name = "rename"

    def cast(self, stage: Stage) -> Cast:
        """A schema of this version; one or two writers."""
        put_current(stage.folder)
        stage.before = content_of(stage.engine, SCHEMA)
        runners = [stage.job("rename", f"runner-{one}", target=TARGET) for one in (1, 2)]
        number = stage.draw.choice((1, 2))
        writers = [stage.job("write", f"writer-{one}") for one in range(1, number + 1)]
        return Cast(runners, writers, _SPAN_S)

    def completion(self, stage: Stage) -> Job:
        """Rename once more."""
        return stage.job("rename", "completion", target=TARGET)

    def check(self, stage: Stage) -> Iterator[Finding]:
        """The target is a clean install's, open, with every row; the source is kept and says so."""
        yield from broken(stage.engine, stage.folder, TARGET, clean_fingerprint())
        yield from broken_work(stage.engine, stage.folder, SCHEMA)
        yield from missing(stage.engine, TARGET, stage.before)
        yield from missing(stage.engine, SCHEMA, stage.before)
        yield from unkept(keys_of(stage.engine, TARGET, Connection.TABLE), stage.acks, TARGET)
        yield from _wrong_phase(stage, SCHEMA, Phase.MOVED)
        yield from _wrong_phase(stage, TARGET, Phase.OPEN)


def _wrong_phase(stage: Stage, schema: str, wanted: Phase) -> Iterator[Finding]:
    found = read_state(stage.engine, CATALOG, schema).operation
    if found.phase is not wanted:
        yield Finding(Kind.WRONG_SCHEMA, f"{schema} is {found.phase} ({found.other})")
