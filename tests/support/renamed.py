"""A small metadata schema to rename: the tables its life needs, and a few with rows."""

from __future__ import annotations

import json

from dq_databricks.engine.protocol import Engine
from dq_databricks.lifecycle.migrations.look_first import Live, carry_out
from dq_databricks.lifecycle.migrations.scripts import latest_version, shipped_scripts
from dq_databricks.lifecycle.state import SCHEMA_VERSION
from dq_databricks.model.base import Record
from dq_databricks.model.catalog import Project
from dq_databricks.model.ids import Context
from dq_databricks.model.setting import Setting
from dq_databricks.model.testing import TestRecord
from dq_databricks.sql.identifiers import TableName, quote
from dq_databricks.store.access import Table
from dq_databricks.store.columns import columns_of
from tests.support.contract import rows, run
from tests.support.store import START, a_test

OLD, NEW = "old", "new"
TESTS, PROJECTS = TestRecord.TABLE, Project.TABLE


def small_schema(engine: Engine, schema: str = OLD) -> None:
    """`schema` with life tables, settings of the version this software knows, tests, projects."""
    run(engine, f"CREATE SCHEMA IF NOT EXISTS {quote('main', schema)}")
    for statement in shipped_scripts()[0].statements("main", schema):
        carry_out(engine, statement, Live(frozenset()))
    for model in (Setting, TestRecord, Project):
        make(engine, model, schema)
    setting = Setting(key=SCHEMA_VERSION, value=str(latest_version()), updated_at=START)
    table(engine, Setting, schema).insert_missing([setting])
    add_tests(engine, "t1", "t2", schema=schema)
    project = Project(project_key="p1", name="p", created_at=START, updated_at=START)
    table(engine, Project, schema).insert_missing([project])


def make(engine: Engine, model: type[Record], schema: str) -> None:
    columns = ", ".join(
        f"{quote(column.name)} {column.sql_type}" + (" NOT NULL" if column.name in key else "")
        for column in columns_of(model)
        for key in [model.KEY]
    )
    name = TableName("main", schema, model.TABLE)
    run(engine, f"CREATE TABLE {name.sql} ({columns}) USING DELTA COMMENT 'about {model.TABLE}'")


def table(engine: Engine, model: type[Record], schema: str) -> Table[Record]:
    return Table(engine, TableName("main", schema, model.TABLE), model, Context())


def add_tests(engine: Engine, *ids: str, schema: str = OLD) -> None:
    table(engine, TestRecord, schema).insert_missing([a_test(test_id) for test_id in ids])


def ids(engine: Engine, schema: str) -> list[str]:
    """The test ids of a schema, each as often as it stands there."""
    name = TableName("main", schema, TESTS)
    found = rows(engine, f"SELECT test_id FROM {name.sql} ORDER BY test_id")
    return [str(test_id) for (test_id,) in found]


def tables(engine: Engine, schema: str) -> list[str]:
    return [name.table for name in engine.tables("main", schema)]


def setting(engine: Engine, schema: str, key: str) -> str | None:
    name = TableName("main", schema, Setting.TABLE)
    found = rows(engine, f"SELECT value FROM {name.sql} WHERE key = :k", k=key)
    return str(found[0][0]) if found else None


def setting_list(engine: Engine, schema: str, key: str) -> list[str]:
    found: list[str] = json.loads(setting(engine, schema, key) or "[]")
    return found
