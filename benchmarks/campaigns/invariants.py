"""What must hold of a schema whatever was done to it by whom, and who was killed meanwhile."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks.campaigns.findings import Finding, Kind
from benchmarks.campaigns.jobs import CATALOG
from benchmarks.campaigns.rows import doubled_keys
from dq_databricks.engine.protocol import Engine
from dq_databricks.lifecycle.lease import NAME
from dq_databricks.lifecycle.migrations.scripts import latest_version
from dq_databricks.lifecycle.shape.live import live_shape
from dq_databricks.lifecycle.state import read_version
from dq_databricks.model.life import Lease
from dq_databricks.model.migration import AppliedMigration, MigrationStep
from dq_databricks.sql.identifiers import TableName
from dq_databricks.sql.relation import TableRelation
from dq_databricks.sql.statement import Statement

# The clock is one, but two readings of it by one process lie apart.
_SLACK = timedelta(milliseconds=50)


def broken(engine: Engine, home: Path, schema: str, clean: str) -> Iterator[Finding]:
    """Everything that does not hold of a schema at rest; `clean` is the fingerprint of a clean
    install.
    """
    yield from wrong_schema(engine, schema, clean)
    yield from broken_ledger(engine, schema)
    yield from broken_work(engine, home, schema)


def broken_work(engine: Engine, home: Path, schema: str) -> Iterator[Finding]:
    """What does not hold of any schema that was worked on, whatever became of it."""
    yield from doubled_keys(engine, schema)
    yield from broken_journal(engine, schema)
    yield from broken_lock(engine, schema)
    yield from leftovers(home / "lake" / CATALOG / schema)


def wrong_schema(engine: Engine, schema: str, clean: str) -> Iterator[Finding]:
    """A shape other than a clean install's, or another version stored."""
    if live_shape(engine, CATALOG, schema).fingerprint != clean:
        yield Finding(Kind.WRONG_SCHEMA, f"{schema} differs from a clean install")
    if (version := read_version(engine, CATALOG, schema)) != latest_version():
        yield Finding(Kind.WRONG_SCHEMA, f"{schema} stores version {version}")


def broken_ledger(engine: Engine, schema: str) -> Iterator[Finding]:
    """Versions without entry, entries that leave out a number, versions that do not stand."""
    entries = _rows(engine, schema, AppliedMigration.TABLE)
    by_version: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for entry in sorted(entries, key=lambda entry: int(entry["sequence"])):
        by_version[entry["version"]].append(entry)
    if sorted(by_version) != list(range(1, latest_version() + 1)):
        yield Finding(Kind.LEDGER, f"{schema}: entries of versions {sorted(by_version)}")
    for version, found in by_version.items():
        numbers = [entry["sequence"] for entry in found]
        if numbers != list(range(1, len(found) + 1)):
            yield Finding(Kind.LEDGER, f"{schema}: version {version} has entries {numbers}")
        if found[-1]["state"] not in ("applied", "baseline"):
            yield Finding(Kind.LEDGER, f"{schema}: version {version} is {found[-1]['state']}")


def broken_journal(engine: Engine, schema: str) -> Iterator[Finding]:
    """Two owners under one fence, and holders that went on after their successor began."""
    by_fence: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for step in _rows(engine, schema, MigrationStep.TABLE):
        by_fence[step["fence"]].append(step)
    later: datetime | None = None
    for fence in sorted(by_fence, reverse=True):
        steps = by_fence[fence]
        if len(owners := {step["owner"] for step in steps}) > 1:
            text = f"{schema}: {len(owners)} runners worked under fence {fence}"
            yield Finding(Kind.LOCK, text + _overlap(steps))
        # Who is stopped between its question and its step carries out this one step late.
        late = [step for step in steps if later is not None and step["started_at"] > later]
        if len(late) > 1:
            text = f"{schema}: {len(late)} steps under fence {fence} after its successor began"
            yield Finding(Kind.LOCK, text)
        first = min(step["started_at"] for step in steps)
        later = first if later is None else min(first, later)


def _overlap(steps: Sequence[dict[str, Any]]) -> str:
    """Says it when steps of different owners ran at the same time."""
    ordered = sorted(steps, key=lambda step: step["started_at"])
    for before, after in pairwise(ordered):
        end = before["started_at"] + timedelta(milliseconds=before["duration_ms"])
        if before["owner"] != after["owner"] and after["started_at"] < end:
            return f", version {after['version']} statement {after['statement']} at the same time"
    return ""


def broken_lock(engine: Engine, schema: str) -> Iterator[Finding]:
    """The lease through all its versions: one owner a fence, taken only when it was free."""
    name = TableName(CATALOG, schema, Lease.TABLE)
    latest = engine.inspect(TableRelation(name)).version or 0
    before: dict[str, Any] | None = None
    for version in range(latest + 1):
        text = f"SELECT * FROM {TableRelation(name, version).sql} WHERE name = '{NAME}'"
        rows = engine.query(Statement(text)).to_pylist()
        if len(rows) > 1:
            yield Finding(Kind.LOCK, f"{schema}: {len(rows)} rows of the lock")
        if not rows:
            continue
        yield from _wrong_step(schema, before, rows[0])
        before = rows[0]
    if before is not None and before["owner"] and _lasts(before):
        yield Finding(Kind.LOCK, f"{schema}: still held for {before['purpose']}")


def _lasts(lease: dict[str, Any]) -> bool:
    """Whether it would outlive its holder by more than a lease: the killed ones end by then."""
    left: timedelta = lease["expires_at"] - datetime.now(UTC)
    return left > timedelta(seconds=lease["lease_s"])


def _wrong_step(
    schema: str, before: dict[str, Any] | None, after: dict[str, Any]
) -> Iterator[Finding]:
    if before is None or (before["fence"], before["owner"]) == (after["fence"], after["owner"]):
        return
    where = f"{schema}: fence {before['fence']} of {before['owner']}"
    if after["owner"] is None:  # given back
        return
    if after["fence"] != before["fence"] + 1:
        yield Finding(Kind.LOCK, f"{where} went to fence {after['fence']} of {after['owner']}")
    elif before["owner"] and after["acquired_at"] + _SLACK < before["expires_at"]:
        yield Finding(Kind.LOCK, f"{where} was taken before it ran out")


def leftovers(folder: Path) -> Iterator[Finding]:
    """Half-made and half-dropped tables of the local lake."""
    for entry in folder.iterdir():
        if not entry.is_dir():
            continue
        if "." in entry.name:
            yield Finding(Kind.LEFTOVER, f"{entry.name} was not removed")
        elif not (entry / "_delta_log" / f"{0:020d}.json").exists():
            yield Finding(Kind.LEFTOVER, f"{entry.name} was not completed")


def _rows(engine: Engine, schema: str, table: str) -> list[dict[str, Any]]:
    name = TableName(CATALOG, schema, table)
    rows: list[dict[str, Any]] = engine.query(Statement(f"SELECT * FROM {name.sql}")).to_pylist()
    return rows
