"""The portable DDL means the same on every engine and may run twice."""

from __future__ import annotations

import pytest

from dq_databricks.engine.protocol import Capability, Engine
from dq_databricks.errors import (
    ConstraintError,
    EngineError,
    TableExistsError,
    TableNotFoundError,
)
from dq_databricks.sql.identifiers import TableName
from dq_databricks.sql.relation import TableRelation
from tests.support.contract import create, named, rows, run

CREATE = """
    CREATE TABLE IF NOT EXISTS main.s.t (
      id BIGINT NOT NULL COMMENT 'the key',
      note STRING COMMENT 'it''s a note',
      tags ARRAY<STRING>
    )
    USING DELTA
    COMMENT 'what it''s for'
    TBLPROPERTIES ('delta.appendOnly' = 'false', 'dq.owner' = 'a')
"""


def test_create_describes_itself_and_runs_twice(engine: Engine) -> None:
    run(engine, CREATE)
    run(engine, CREATE)
    columns = engine.inspect(TableRelation(named("t"))).columns
    assert [(c.name, c.data_type, c.nullable, c.comment) for c in columns] == [
        ("id", "BIGINT", False, "the key"),
        ("note", "STRING", True, "it's a note"),
        ("tags", "ARRAY<STRING>", True, None),
    ]
    assert [c.position for c in columns] == [0, 1, 2]
    assert engine.inspect(TableRelation(named("t"))).version == 0
    with pytest.raises(TableExistsError, match="t"):
        run(engine, "CREATE TABLE main.s.t (id BIGINT) USING DELTA")


def test_alter_adds_columns_and_comments(engine: Engine) -> None:
    run(engine, CREATE)
    run(engine, "INSERT INTO main.s.t (id, note) VALUES (1, 'a')")
    run(engine, "ALTER TABLE main.s.t ADD COLUMNS (more INT COMMENT 'new', `b.c` DATE)")
    run(engine, "ALTER TABLE main.s.t ALTER COLUMN note COMMENT 'other'")
    run(engine, "COMMENT ON TABLE main.s.t IS 'changed'")
    run(engine, "ALTER TABLE main.s.t SET TBLPROPERTIES ('dq.owner' = 'b')")
    columns = {c.name: c for c in engine.inspect(TableRelation(named("t"))).columns}
    assert columns["more"].data_type == "INT"
    assert (columns["more"].comment, columns["note"].comment) == ("new", "other")
    assert rows(engine, "SELECT id, note, more FROM main.s.t") == [(1, "a", None)]


def test_not_null_is_enforced(engine: Engine) -> None:
    create(engine, "strict", "id BIGINT NOT NULL, x INT")
    with pytest.raises(ConstraintError):
        run(engine, "INSERT INTO main.s.strict (id, x) VALUES (NULL, 1)")
    assert rows(engine, "SELECT count(*) FROM main.s.strict") == [(0,)]


def test_check_is_enforced_until_it_is_dropped(engine: Engine) -> None:
    assert engine.facts.has(Capability.CHECK_CONSTRAINTS)
    create(engine, "checked", "id BIGINT, x INT")
    run(engine, "INSERT INTO main.s.checked (id, x) VALUES (1, 1)")
    with pytest.raises(EngineError):
        run(engine, "ALTER TABLE main.s.checked ADD CONSTRAINT big CHECK (x > 1)")
    run(engine, "ALTER TABLE main.s.checked ADD CONSTRAINT positive CHECK (x > 0)")
    with pytest.raises(ConstraintError, match="positive"):
        run(engine, "INSERT INTO main.s.checked (id, x) VALUES (2, -1)")
    with pytest.raises(ConstraintError, match="positive"):
        run(engine, "UPDATE main.s.checked SET x = -1 WHERE id = 1")
    run(engine, "ALTER TABLE main.s.checked DROP CONSTRAINT positive")
    run(engine, "INSERT INTO main.s.checked (id, x) VALUES (2, -1)")
    assert rows(engine, "SELECT sum(x) FROM main.s.checked") == [(0,)]


def test_views_are_read_replaced_and_listed(engine: Engine) -> None:
    create(engine, "base", "id BIGINT, s STRING")
    run(engine, "INSERT INTO main.s.base VALUES (1, 'a'), (2, 'b')")
    view = "VIEW {} main.s.v AS SELECT id, upper(s) AS s FROM main.s.base WHERE id > {}"
    run(engine, "CREATE " + view.format("IF NOT EXISTS", 1))
    run(engine, "CREATE " + view.format("IF NOT EXISTS", 5))
    assert rows(engine, "SELECT v.id, v.s FROM main.s.v AS v") == [(2, "B")]
    run(engine, "CREATE OR REPLACE " + view.format("", 0))
    assert rows(engine, "SELECT count(*) FROM main.s.v JOIN main.s.base USING (id)") == [(2,)]
    assert [c.data_type for c in engine.inspect(TableRelation(named("v"))).columns] == [
        "BIGINT",
        "STRING",
    ]
    assert engine.tables("main", "s") == [named("base"), named("v")]
    run(engine, "DROP VIEW IF EXISTS main.s.v")
    run(engine, "DROP VIEW IF EXISTS main.s.v")
    assert engine.tables("main", "s") == [named("base")]


def test_schemas_and_tables_come_and_go(engine: Engine) -> None:
    run(engine, "CREATE SCHEMA IF NOT EXISTS main.other COMMENT 'a schema'")
    run(engine, "CREATE SCHEMA IF NOT EXISTS main.other")
    run(engine, "CREATE TABLE main.other.t (id BIGINT) USING DELTA")
    assert engine.tables("main", "other") == [TableName("main", "other", "t")]
    run(engine, "DROP TABLE main.other.t")
    run(engine, "DROP TABLE IF EXISTS main.other.t")
    with pytest.raises(TableNotFoundError):
        run(engine, "DROP TABLE main.other.t")
    run(engine, "DROP SCHEMA IF EXISTS main.other")
    assert engine.tables("main", "other") == []
    with pytest.raises(TableNotFoundError):
        run(engine, "CREATE TABLE main.other.t (id BIGINT) USING DELTA")


def test_truncate_empties_a_table(engine: Engine) -> None:
    create(engine, "full", "id BIGINT")
    run(engine, "INSERT INTO main.s.full VALUES (1), (2)")
    run(engine, "TRUNCATE TABLE main.s.full")
    assert rows(engine, "SELECT count(*) FROM main.s.full") == [(0,)]
