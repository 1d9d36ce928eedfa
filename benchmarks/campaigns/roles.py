"""What the workers of a campaign do: each role takes an engine and its job, and tells the outcome.

Errors of the product that a race or a kill may rightly cause end the role (or, for writers, the
attempt); the round decides which of them were right.
"""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pyarrow as pa

from benchmarks.campaigns.jobs import CATALOG, Job
from dq_databricks.engine.protocol import Engine
from dq_databricks.engine.retry import retrying
from dq_databricks.errors import (
    EngineUnavailableError,
    LeaseLostError,
    SchemaBehindError,
    SchemaBusyError,
    SchemaLockedError,
    SchemaMovedError,
    TableNotFoundError,
    WriteConflictError,
)
from dq_databricks.lifecycle.moving.rename import rename
from dq_databricks.lifecycle.points.looking import read_commits
from dq_databricks.lifecycle.points.restore import restore
from dq_databricks.lifecycle.provision import provision
from dq_databricks.lifecycle.state import Phase, read_state
from dq_databricks.model.catalog import Connection
from dq_databricks.model.ids import Context
from dq_databricks.model.setting import Setting
from dq_databricks.quality.face import Quality
from dq_databricks.settings import Settings
from dq_databricks.sql.identifiers import TableName

Told = Mapping[str, object]
AFTERWARDS = 2
"""Rows each writer still writes once it was told to stop: those nobody may lose."""

# What a writer may be told while others change the schema: it tries again.
_NOT_NOW = (
    EngineUnavailableError,
    LeaseLostError,
    SchemaBehindError,
    SchemaBusyError,
    SchemaLockedError,
    SchemaMovedError,
    TableNotFoundError,
    WriteConflictError,
)
_FIRST = pa.schema(
    [
        ("connection_id", pa.string()),
        ("project_key", pa.string()),
        ("name", pa.string()),
        ("created_at", pa.timestamp("us", tz="UTC")),
        ("is_active", pa.bool_()),
    ]
)


def settings_of(job: Job) -> Settings:
    """The settings of a worker: a short lease, so that a killed one is soon replaced."""
    return Settings.load(
        {},
        home=job.home,
        catalog=CATALOG,
        data_quality_schema=job.schema,
        user=job.name,
        durable=False,
        lease_s=job.lease_s,
        lock_wait_s=job.wait_s,
    )


def migrate(engine: Engine, job: Job) -> Told:
    """Bring the schema to the latest version."""
    report = provision(engine, settings_of(job), Context())
    return {"version": report.version, "applied": list(report.applied)}


def write(engine: Engine, job: Job) -> Told:
    """Add connections through the public face until told to stop, and a few more."""
    face = Quality(settings_of(job), engine)

    def add(name: str) -> str:
        return face.catalog.add_connection(name).connection_id

    return _write_all(job, add)


def write_as_before(engine: Engine, job: Job) -> Told:
    """Add connections as the first version of the software did: its columns, and no gate."""
    table = TableName(CATALOG, job.schema, Connection.TABLE)

    def add(name: str) -> str:
        row = {
            "connection_id": name,
            "project_key": "default",
            "name": name,
            "created_at": datetime.now(UTC),
            "is_active": True,
        }
        rows = pa.Table.from_pylist([row], schema=_FIRST)
        merge = partial(engine.merge, table, rows, on=Connection.KEY, update=False)
        retrying(merge, deadline_s=10.0)
        return name

    return _write_all(job, add)


def _write_all(job: Job, add: Callable[[str], str]) -> Told:
    """Call `add` with ever new names; what it gives back is an acknowledged key."""
    pauses = random.Random(job.name)
    count = refused = 0
    with Path(job.acks).open("a", encoding="utf-8") as acks:
        for number in _numbers(Path(job.stop)):
            began = time.time()
            try:
                key = add(f"{job.name}-{number}")
            except _NOT_NOW:
                refused += 1
            else:
                count += 1
                _note(acks.fileno(), {"key": key, "began": began, "ended": time.time()})
            # Ever slower, so that a round that takes long is not spent on writing.
            time.sleep(pauses.uniform(0.02, 0.15) * (1 + number / 5))
    return {"acknowledged": count, "refused": refused}


def _numbers(stop: Path) -> Iterator[int]:
    number = 0
    left = AFTERWARDS
    while left:
        left -= stop.exists()
        yield number
        number += 1


def _note(handle: int, values: Mapping[str, object]) -> None:
    """Have an acknowledgement on disk before the next write begins."""
    os.write(handle, (json.dumps(values) + "\n").encode())
    os.fsync(handle)


def move(engine: Engine, job: Job) -> Told:
    """Rename the schema, or finish that."""
    report = rename(engine, settings_of(job), Context(), job.target)
    return {"resumed": report.resumed, "was_done": report.was_done, "rows": report.row_count}


def go_back(engine: Engine, job: Job) -> Told:
    """Restore the schema to the point, unless somebody has done so already."""
    settings = settings_of(job)
    if restores_of(engine, job.schema) and not _is_restoring(engine, job):
        return {"was_done": True}
    report = restore(engine, settings, Context(), point=job.point)
    return {"resumed": report.is_resumed, "tables": len(report.tables)}


def _is_restoring(engine: Engine, job: Job) -> bool:
    return read_state(engine, CATALOG, job.schema).operation.phase is Phase.RESTORING


def restores_of(engine: Engine, schema: str) -> list[float]:
    """When restores opened the schema again: the last thing each one does, in wall seconds."""
    name = TableName(CATALOG, schema, Setting.TABLE)
    commits = read_commits(engine, name)
    return [commit.at.timestamp() for commit in commits if commit.restored is not None]


ROLES: Mapping[str, Callable[[Engine, Job], Told]] = {
    "migrate": migrate,
    "rename": move,
    "restore": go_back,
    "write": write,
    "write as before": write_as_before,
}
