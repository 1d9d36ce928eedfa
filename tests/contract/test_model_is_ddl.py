"""The tables are what the models say, and the first file is what the contract says."""

from __future__ import annotations

import pytest

from dq_databricks.engine.protocol import Engine
from dq_databricks.lifecycle.migrations.runner import migrate
from dq_databricks.lifecycle.migrations.scripts import shipped_scripts
from dq_databricks.lifecycle.provision import provision
from dq_databricks.lifecycle.shape.views import made_views
from dq_databricks.model.base import Record
from dq_databricks.model.profile import ColumnProfile, TableProfile
from dq_databricks.model.tables import LIFE_MODELS, LIFE_TABLES, MODELS
from dq_databricks.model.testing import TestResult
from dq_databricks.sql.identifiers import TableName
from dq_databricks.sql.relation import TableRelation
from dq_databricks.store.columns import columns_of
from dq_databricks.store.store import Store
from tests.support.contract import run
from tests.support.store import settings_for, ticking

CONTRACT = {
    "dq_projects": "project_key S, name S, description S, sql_flavor S, created_at T, updated_at T",
    "dq_connections": (
        "connection_id S, project_key S, system_id S, name S, catalog S, schema_name S, "
        "http_path S, managed_credentials_ref S, created_at T, updated_at T, is_active BOOLEAN"
    ),
    "dq_table_groups": (
        "table_group_id S, connection_id S, name S, description S, profiling_include_mask S, "
        "profiling_exclude_mask S, created_at T, updated_at T"
    ),
    "dq_tables": (
        "table_id S, table_group_id S, schema_name S, table_name S, source_table_id S, created_at T"
    ),
    "dq_profiles": (
        "profile_run_id S, table_group_id S, status S, started_at T, completed_at T, "
        "row_count BIGINT, anomaly_count INT, payload_path S"
    ),
    "dq_profile_anomalies": (
        "profile_run_id S, table_name S, column_name S, anomaly_type S, severity S, description S, "
        "detected_at T"
    ),
    "dq_tests": (
        "test_id S, table_group_id S, test_suite_key S, name S, rule_type S, definition S, "
        "created_at T, updated_at T"
    ),
    "dq_test_runs": (
        "test_run_id S, test_suite_key S, project_key S, status S, started_at T, completed_at T, "
        "duration_ms BIGINT, total_tests INT, failed_tests INT, trigger_source S"
    ),
    "dq_test_results": (
        "test_run_id S, test_id S, table_name S, column_name S, result_status S, expected_value S, "
        "actual_value S, message S, detected_at T"
    ),
    "dq_alerts": (
        "alert_id S, source_type S, source_ref S, severity S, title S, details S, "
        "acknowledged BOOLEAN, acknowledged_by S, acknowledged_at T, created_at T"
    ),
    "dq_settings": "key S, value S, updated_at T",
}
SHORT = {"S": "STRING", "T": "TIMESTAMP"}


SPARK_SAMPLE: set[str] = set()  # the upgrade tests migrate on Spark


def shape(engine: Engine, schema: str, table: str) -> list[tuple[str, str]]:
    found = engine.inspect(TableRelation(TableName("main", schema, table)))
    return [(column.name, column.data_type) for column in found.columns]


def test_after_all_migrations_every_table_is_its_model(engine: Engine) -> None:
    provision(engine, settings_for("s"), ticking())
    for model in MODELS:
        live = engine.inspect(TableRelation(TableName("main", "s", model.TABLE))).columns
        assert [(column.name, column.data_type) for column in live] == [
            (column.name, column.sql_type) for column in columns_of(model)
        ], model.TABLE
        required = {column.name for column in columns_of(model) if column.required}
        never_null = {column.name for column in live if not column.nullable}
        assert never_null <= required, model.TABLE
        # Columns added to an existing table can only be nullable, ids among them.
        assert set(model.KEY) - never_null <= {"anomaly_id", "result_id"}, model.TABLE
        if model in (TableProfile, ColumnProfile, *LIFE_MODELS):
            assert never_null == required
    views = {name.table for name in engine.views("main", "s")}
    assert views == made_views(shipped_scripts())
    there = {name.table for name in engine.tables("main", "s")}
    assert there == views | {m.TABLE for m in MODELS}


def test_the_first_file_makes_exactly_the_eleven_tables_of_the_contract(engine: Engine) -> None:
    migrate(engine, "main", "s", ticking(), "tester", scripts=shipped_scripts()[:2])
    made = {name.table for name in engine.tables("main", "s")} - LIFE_TABLES
    assert made == set(CONTRACT)
    for table, text in CONTRACT.items():
        wanted = [tuple(part.split()) for part in text.split(", ")]
        assert shape(engine, "s", table) == [(name, SHORT.get(t, t)) for name, t in wanted]


def test_rows_of_the_first_version_are_read_after_the_upgrade(engine: Engine) -> None:
    context = ticking()
    migrate(engine, "main", "s", context, "tester", scripts=shipped_scripts()[:2])
    run(
        engine,
        "INSERT INTO main.s.dq_tests (test_id, table_group_id, name, rule_type, definition, "
        "test_suite_key, created_at, updated_at) VALUES ('t', 'g', 'n', 'r', '{}', 'u', "
        "TIMESTAMP '2024-01-01 00:00:00', TIMESTAMP '2024-01-01 00:00:00')",
    )
    run(
        engine,
        "INSERT INTO main.s.dq_test_results (test_run_id, test_id, table_name, result_status, "
        "detected_at) VALUES ('r', 't', 'flights', 'pass', TIMESTAMP '2024-01-01 00:00:00')",
    )
    provision(engine, settings_for("s"), context)
    store = Store(engine, settings_for("s"), context)
    test = store.tests.get("t")
    assert (test.version, test.is_active, test.is_locked) == (1, True, False)
    result = store.table(TestResult).get("r/t")
    assert result is not None
    assert result.table_id == "flights"


def test_the_list_of_models_is_complete() -> None:
    def below(model: type[Record]) -> set[type[Record]]:
        return {model}.union(*(below(child) for child in model.__subclasses__()))

    stored = {model for model in below(Record) if "TABLE" in model.__dict__}
    assert stored == set(MODELS)


def test_every_table_and_column_is_explained() -> None:
    pytest.importorskip("sqlglot")
    from sqlglot import exp

    from dq_databricks.sql.parse import parse_statement

    for script in shipped_scripts():
        for statement in script.statements("c", "s"):
            if statement.only:
                continue
            tree = parse_statement(statement.text)
            if isinstance(tree, exp.Create):
                assert tree.find(exp.SchemaCommentProperty), statement.text[:80]
            for column in tree.find_all(exp.ColumnDef):
                assert column.find(exp.CommentColumnConstraint), (script.name, column.name)
