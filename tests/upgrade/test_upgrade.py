"""What older software left behind, upgraded: every row intact, the schema as if made today."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from dq_databricks import Quality
from dq_databricks.access.identity import Identities
from dq_databricks.engine.protocol import Engine
from dq_databricks.lifecycle.migrations.scripts import latest_version
from dq_databricks.lifecycle.provision import provision, schema_version
from dq_databricks.lifecycle.shape.live import live_shape
from dq_databricks.lifecycle.shape.verify import adopt, verify
from dq_databricks.lifecycle.site import Site
from dq_databricks.model.actor import Actor
from dq_databricks.model.alert import Alert
from dq_databricks.model.base import Record
from dq_databricks.model.catalog import DEFAULT_WORKSPACE, Project, TableEntry
from dq_databricks.model.migration import AppliedMigration
from dq_databricks.model.profile import Anomaly, ProfileRun
from dq_databricks.model.setting import Setting
from dq_databricks.model.testing import TestRecord, TestResult
from dq_databricks.sql.identifiers import TableName
from dq_databricks.sql.statement import Statement
from dq_databricks.store.access import Table
from dq_databricks.store.filters import render
from tests.support.contract import rows, run
from tests.support.engines import engine_parameters, open_engine_for_tests
from tests.support.schemas import (
    FROZEN_SCHEMA,
    Rows,
    clean_fingerprint,
    rows_of,
    thaw,
)
from tests.support.store import settings_for, ticking

pytestmark = pytest.mark.timeout(900)  # minutes on Spark where the machine is busy
SPARK_SAMPLE = {"test_a_frozen_schema_of_version_5_is_upgraded"}
SETTINGS = settings_for(FROZEN_SCHEMA)
LEDGER = AppliedMigration.TABLE
# Its one row is the version itself.
LEFT_OUT = {Setting.TABLE}

SUBJECTS: tuple[type[Record], ...] = (
    Project,
    TableEntry,
    TestRecord,
    TestResult,
    ProfileRun,
    Anomaly,
    Alert,
)

Columns = Mapping[str, Sequence[str]]

over_all_engines = pytest.mark.parametrize("name", engine_parameters())


@over_all_engines
def test_a_frozen_schema_of_version_1_is_upgraded(name: str, tmp_path: Path) -> None:
    upgrade(1, name, tmp_path)


@over_all_engines
def test_a_frozen_schema_of_version_5_is_upgraded(name: str, tmp_path: Path) -> None:
    upgrade(5, name, tmp_path)


def test_what_older_software_wrote_is_seen_in_the_first_workspace(tmp_path: Path) -> None:
    thaw("v5", tmp_path)
    settings = settings_for(FROZEN_SCHEMA, home=tmp_path)
    with open_engine_for_tests("local", tmp_path) as engine:
        provision(engine, settings, ticking())
        run(engine, "DELETE FROM main.dq_metadata.dq_projects WHERE name IS NULL")  # hand-made
        quality = Quality(settings, engine, ticking())
        everything = seen(quality)
        assert min(everything.values()) > 0, everything
        key = quality.access.keys.create("first", role="viewer")
        assert key.workspace_id == DEFAULT_WORKSPACE
        identities = Identities(quality.store.access, ticking())
        mine = identities.of_key(identities.key_with_id(key.api_key_id)).projects
        assert seen(quality.acting(Actor("ann"), mine)) == everything
        nothing = seen(quality.acting(Actor("bob"), ["elsewhere"]))
        assert set(nothing.values()) == {0}


def seen(quality: Quality) -> Mapping[str, int]:
    """How many rows of each table a face shows."""
    return {model.TABLE: shown(quality.store.table(model)) for model in SUBJECTS}


def shown(table: Table[Any]) -> int:
    where, parameters = render(table.model, table.scope)
    text = f"SELECT count(*) AS n FROM {table.name.sql} WHERE {where}"
    return int(table.values(Statement(text, parameters))[0]["n"])


def test_drift_accepted_before_an_upgrade_is_accepted_after_it(tmp_path: Path) -> None:
    thaw("v5", tmp_path)
    with open_engine_for_tests("local", tmp_path) as engine:
        site = Site.of(engine, SETTINGS, ticking())
        run(engine, "ALTER TABLE main.dq_metadata.dq_tests ADD COLUMNS (mine DATE)")
        assert [item.object for item in verify(site).drift] == ["dq_tests.mine"]
        adopt(site)
        is_clean_at(engine, 5)
        provision(engine, SETTINGS, ticking())
        is_clean_at(engine, latest_version())
        assert [item.object for item in verify(site).adopted] == ["dq_tests.mine"]


def upgrade(version: int, name: str, home: Path) -> None:
    thaw(f"v{version}", home)
    with open_engine_for_tests("local", home) as untouched:
        is_clean_at(untouched, version)
        columns = columns_of(untouched)
        before = read(untouched, columns)
    assert sum(found.total() for found in before.values()) > 90
    with open_engine_for_tests(name, home) as engine:
        report = provision(engine, SETTINGS, ticking())
        assert len(report.applied) == latest_version() - version
        fingerprint = is_clean_at(engine, latest_version())
        assert fingerprint == clean_fingerprint(engine, "main", FROZEN_SCHEMA)
        nothing_was_lost(before, read(engine, columns))
        unversioned = "SELECT count(*) FROM main.dq_metadata.dq_tests WHERE version IS NULL"
        assert rows(engine, unversioned) == [(0,)]


def columns_of(engine: Engine) -> Columns:
    shape = live_shape(engine, "main", FROZEN_SCHEMA)
    return {
        name: [column.name for column in table.columns]
        for name, table in shape.tables.items()
        if name not in LEFT_OUT
    }


def read(engine: Engine, columns: Columns) -> dict[str, Rows]:
    return {
        table: rows_of(engine, TableName("main", FROZEN_SCHEMA, table), names)
        for table, names in columns.items()
    }


def is_clean_at(engine: Engine, version: int) -> str:
    """The fingerprint of a schema without drift."""
    report = verify(Site.of(engine, SETTINGS, ticking()))
    assert (report.version, report.drift, report.left_over) == (version, (), ())
    assert schema_version(engine, SETTINGS) == version
    return report.fingerprint


def nothing_was_lost(before: dict[str, Rows], after: dict[str, Rows]) -> None:
    """Every row is there as often as before, with the same values; only the ledger has more."""
    assert not before.pop(LEDGER) - after.pop(LEDGER)
    assert after == before
