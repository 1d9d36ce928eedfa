"""Where every migration stands: files and ledger held against each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from dq_databricks.errors import TableNotFoundError
from dq_databricks.lifecycle.migrations.ledger import (
    History,
    Ledger,
    out_of_order,
    standing_version,
    stands,
)
from dq_databricks.lifecycle.migrations.scripts import Script
from dq_databricks.lifecycle.site import Site
from dq_databricks.lifecycle.state import Operation, read_state
from dq_databricks.model.life import Lease
from dq_databricks.model.migration import AppliedMigration


class State(StrEnum):
    """What is true of one version."""

    PENDING = "pending"
    APPLIED = "applied"
    BASELINE = "baseline"
    FAILED = "failed"
    MISSING = "missing"
    OUT_OF_ORDER = "out of order"
    EDITED = "edited"
    ROLLED_BACK = "rolled back"


@dataclass(frozen=True, slots=True)
class VersionStatus:
    """One migration; what the ledger has of it is None where it was never applied."""

    version: int
    name: str
    state: State
    applied_at: datetime | None = None
    applied_by: str | None = None
    tool_version: str | None = None
    checksum: str | None = None
    file_checksum: str | None = None
    can_be_undone: bool = False
    error_message: str | None = None


@dataclass(frozen=True, slots=True)
class StatusReport:
    """The migrations of a schema, what is being done to it, and who holds its lock.

    `version` is what readers are told, None when there is no schema yet.
    """

    catalog: str
    schema: str
    version: int | None
    ledger_version: int
    newest_version: int
    operation: Operation
    lock: Lease | None
    migrations: tuple[VersionStatus, ...]


def status(site: Site, scripts: Sequence[Script]) -> StatusReport:
    """The status of every version that has a file or an entry; changes nothing."""
    ledger = Ledger(site.engine, site.catalog, site.schema, site.context)
    history = ledger.latest() or {}
    state = read_state(site.engine, site.catalog, site.schema)
    return StatusReport(
        site.catalog,
        site.schema,
        state.version,
        standing_version(history),
        scripts[-1].version,
        state.operation,
        _lock(site),
        versions(scripts, history),
    )


def versions(scripts: Sequence[Script], history: History) -> tuple[VersionStatus, ...]:
    """Every version that has a file or an entry, by number."""
    known = {script.version: script for script in scripts}
    late = {script.version for script in out_of_order(scripts, history)}
    return tuple(
        _version(number, known.get(number), history, is_late=number in late)
        for number in sorted({*known, *history})
    )


def _version(
    number: int, script: Script | None, history: History, *, is_late: bool
) -> VersionStatus:
    entry = history.get(number)
    rollback = entry.rollback_sql if entry else script.rollback if script else None
    return VersionStatus(
        version=number,
        name=script.name if script else entry.name if entry else "",
        state=State.OUT_OF_ORDER if is_late else _state(script, entry, history),
        applied_at=entry.applied_at if entry else None,
        applied_by=entry.applied_by if entry else None,
        tool_version=entry.tool_version if entry else None,
        checksum=entry.checksum if entry else None,
        file_checksum=script.checksum if script else None,
        can_be_undone=rollback is not None,
        error_message=entry.error_message if entry else None,
    )


def _state(script: Script | None, entry: AppliedMigration | None, history: History) -> State:
    if entry is None:
        return State.PENDING
    if not stands(history, entry.version):
        return State(entry.state)
    if script is None:
        return State.MISSING
    return State(entry.state) if script.checksum == entry.checksum else State.EDITED


def _lock(site: Site) -> Lease | None:
    try:
        lease = site.lock.holder()
    except TableNotFoundError:  # a schema of older software, or none
        return None
    return lease if lease is not None and lease.owner is not None else None
