"""Mend the ledger: accept an edited file, take over a schema that was made by other hands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dq_databricks.errors import DriftError, WrongUseError
from dq_databricks.lifecycle.migrations.ledger import Ledger, standing_version, stands
from dq_databricks.lifecycle.migrations.look_first import Live
from dq_databricks.lifecycle.migrations.recording import Recorder, Subject
from dq_databricks.lifecycle.migrations.runner import make_life_tables, numbered
from dq_databricks.lifecycle.migrations.scripts import Script, shipped_scripts
from dq_databricks.lifecycle.migrations.steps import Tally
from dq_databricks.lifecycle.shape.compare import Difference, Kind, differences
from dq_databricks.lifecycle.shape.expected import expected_shape
from dq_databricks.lifecycle.shape.live import live_shape
from dq_databricks.lifecycle.shape.shape import SchemaShape
from dq_databricks.lifecycle.site import Site
from dq_databricks.lifecycle.state import SCHEMA_VERSION, read_version, write_values
from dq_databricks.model.migration import MigrationState
from dq_databricks.model.tables import LIFE_TABLES

# Whoever uses the tables meets these; in all else tables that other hands made may differ.
_GRAVE = frozenset({Kind.MISSING, Kind.TYPE})


@dataclass(frozen=True, slots=True)
class RepairReport:
    """What was mended: files whose edit is accepted now, and the version that was told anew."""

    accepted: tuple[str, ...]
    version: int
    version_was: int | None


@dataclass(frozen=True, slots=True)
class BaselineReport:
    """The versions that now count as applied, and how the tables differ from what they make."""

    version: int
    recorded: tuple[str, ...]
    differences: tuple[Difference, ...]


def repair(site: Site, scripts: Sequence[Script] | None = None) -> RepairReport:
    """Accept edited files as they are now, and store the version that the ledger says.

    Accepting changes no table: an edit that made another shape is drift, and `verify` lists it.
    Raises WrongUseError when there is no ledger.
    """
    files = numbered(scripts or shipped_scripts())
    ledger = Ledger(site.engine, site.catalog, site.schema, site.context)
    if ledger.latest() is None:
        raise WrongUseError(f"{site.name} has no ledger to repair; run `dq migrate`")
    make_life_tables(site, scripts or shipped_scripts(), _live(site))
    with site.lock.hold("repair") as held:
        recorder = Recorder(site, ledger.latest() or {})
        edited = [script for script in files if _is_edited(script, recorder)]
        for script in edited:
            held.keep()
            state = recorder.history[script.version].state
            recorder.record(_subject(script), state, Tally(), site.context.now())
        version = standing_version(recorder.history)
        was = read_version(site.engine, site.catalog, site.schema)
        if was != version:
            _store_version(site, version)
    return RepairReport(tuple(script.name for script in edited), version, was)


def baseline(site: Site, version: int, scripts: Sequence[Script] | None = None) -> BaselineReport:
    """Take over tables that this software did not make: versions up to `version` count as applied.

    No table is changed. Raises WrongUseError when the ledger says otherwise or there is no such
    version, DriftError when tables or columns of these versions are missing or of another type.
    """
    files = scripts or shipped_scripts()
    taken = [script for script in numbered(files) if script.version <= version]
    if not taken or taken[-1].version != version:
        raise WrongUseError(f"baseline {version}: the files have versions 1 to {files[-1].version}")
    found = _compare(site, files, version)
    make_life_tables(site, files, _live(site))
    ledger = Ledger(site.engine, site.catalog, site.schema, site.context)
    with site.lock.hold("baseline") as held:
        recorder = Recorder(site, ledger.latest() or {})
        if at := standing_version(recorder.history):
            raise WrongUseError(f"{site.name} is at version {at} already; a baseline is for none")
        for script in taken:
            held.keep()
            now = site.context.now()
            recorder.record(_subject(script), MigrationState.BASELINE, Tally(), now)
        _store_version(site, version)
    return BaselineReport(version, tuple(script.name for script in taken), found)


def _compare(site: Site, files: Sequence[Script], version: int) -> tuple[Difference, ...]:
    made = expected_shape(files, version, site.engine.facts, site.catalog, site.schema)
    tables = {name: table for name, table in made.tables.items() if name not in LIFE_TABLES}
    wanted = SchemaShape(tables, made.views)
    live = live_shape(site.engine, site.catalog, site.schema, tables={*tables, *wanted.views})
    found = differences(wanted, live)
    if grave := [d for d in found if d.kind in _GRAVE]:
        first = grave[0]
        raise DriftError(
            f"{site.name} is not at version {version}: {first.object}: {first.kind}, expected "
            f"{first.expected}, found {first.found} (and {len(grave) - 1} more); mend the tables "
            "or give the version they are at"
        )
    return found


def _is_edited(script: Script, recorder: Recorder) -> bool:
    entry = recorder.history.get(script.version)
    is_there = stands(recorder.history, script.version)
    return is_there and entry is not None and entry.checksum != script.checksum


def _subject(script: Script) -> Subject:
    return Subject(script.version, script.name, script.checksum, script.rollback)


def _live(site: Site) -> Live:
    return Live(frozenset(site.engine.tables(site.catalog, site.schema)))


def _store_version(site: Site, version: int) -> None:
    values = {SCHEMA_VERSION: str(version)}
    write_values(site.engine, site.catalog, site.schema, values, at=site.context.now())
