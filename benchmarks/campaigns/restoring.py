"""The campaign over restores: several runners go back to one point while others write."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.campaigns.findings import Finding, Kind
from benchmarks.campaigns.invariants import broken
from benchmarks.campaigns.jobs import CATALOG, SCHEMA, Job
from benchmarks.campaigns.roles import restores_of
from benchmarks.campaigns.rows import content_of, keys_of, missing, unkept
from benchmarks.campaigns.stage import Cast, Stage
from benchmarks.campaigns.starts import clean_fingerprint, put_current, settings_at
from dq_databricks.lifecycle.points.backup import make_point
from dq_databricks.lifecycle.state import Phase, read_state
from dq_databricks.model.catalog import Connection
from dq_databricks.model.ids import Context
from dq_databricks.quality.face import Quality

POINT = "before"
_LATER = ("later-1", "later-2")
_SPAN_S = 1.5


class Restoring:
    """Two runners restore one schema to the same point, writers go on."""

    name = "restore"

    def cast(self, stage: Stage) -> Cast:
        """A schema with a point, and rows that came after it."""
        put_current(stage.folder)
        settings = settings_at(stage.folder)
        stage.before = content_of(stage.engine, SCHEMA)
        make_point(stage.engine, settings, Context(), name=POINT)
        face = Quality(settings, stage.engine)
        stage.later = [face.catalog.add_connection(name).connection_id for name in _LATER]
        runners = [stage.job("restore", f"runner-{one}", point=POINT) for one in (1, 2)]
        number = stage.draw.choice((1, 2))
        writers = [stage.job("write", f"writer-{one}") for one in range(1, number + 1)]
        return Cast(runners, writers, _SPAN_S)

    def completion(self, stage: Stage) -> Job:
        """Restore, unless that is done."""
        return stage.job("restore", "completion", point=POINT)

    def check(self, stage: Stage) -> Iterator[Finding]:
        """The rows of the point are there, later ones are not, and those acknowledged since are."""
        engine = stage.engine
        yield from broken(engine, stage.folder, SCHEMA, clean_fingerprint())
        yield from missing(engine, SCHEMA, stage.before)
        keys, ends = keys_of(engine, SCHEMA, Connection.TABLE), restores_of(engine, SCHEMA)
        since = [ack for ack in stage.acks if ack.began > max(ends, default=0.0)]
        yield from unkept(keys, since, SCHEMA)
        if risen := [key for key in stage.later if key in keys]:
            yield Finding(Kind.RISEN_ROW, f"{SCHEMA}: {risen} came after the point", len(risen))
        operation = read_state(engine, CATALOG, SCHEMA).operation
        if operation.phase is not Phase.OPEN or not ends:
            yield Finding(Kind.WRONG_SCHEMA, f"{SCHEMA} is {operation.phase}, restores: {ends}")
