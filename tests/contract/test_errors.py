"""A failure has the same class on every engine, and its message names what was asked."""

from __future__ import annotations

import pytest

from dq_databricks.engine.protocol import Engine
from dq_databricks.errors import (
    ColumnNotFoundError,
    EngineError,
    ExpressionError,
    SqlError,
    TableNotFoundError,
)
from dq_databricks.sql.identifiers import TableName
from dq_databricks.sql.relation import TableRelation
from tests.support.contract import create, named, rows, run


def test_unknown_tables_are_named(engine: Engine) -> None:
    with pytest.raises(TableNotFoundError, match="missing"):
        rows(engine, "SELECT * FROM main.s.missing")
    with pytest.raises(TableNotFoundError, match="nowhere"):
        rows(engine, "SELECT * FROM main.nowhere.missing")
    with pytest.raises(TableNotFoundError, match="missing"):
        engine.inspect(TableRelation(named("missing")))
    with pytest.raises(TableNotFoundError, match="missing"):
        run(engine, "INSERT INTO main.s.missing VALUES (1)")
    assert engine.tables("main", "nowhere") == []
    assert TableName("main", "s", "missing") not in engine.tables("main", "s")


def test_unknown_columns_are_named(engine: Engine) -> None:
    create(engine, "t", "id BIGINT")
    with pytest.raises(ColumnNotFoundError, match="wrong"):
        rows(engine, "SELECT wrong FROM main.s.t")
    with pytest.raises(ColumnNotFoundError, match="wrong"):
        run(engine, "UPDATE main.s.t SET id = 1 WHERE wrong = 2")


@pytest.mark.parametrize("text", ["SELEKT 1", "SELECT (1", "SELECT 1 +"])
def test_syntax_errors(engine: Engine, text: str) -> None:
    with pytest.raises(SqlError):
        rows(engine, text)


def test_values_that_cannot_be_computed(engine: Engine) -> None:
    with pytest.raises(ExpressionError):
        rows(engine, "SELECT CAST(s AS INT) FROM (SELECT 'x' AS s)")


def test_a_version_that_is_not_there(engine: Engine) -> None:
    name = create(engine, "short", "id BIGINT")
    with pytest.raises(EngineError, match="7"):
        rows(engine, f"SELECT * FROM {name.sql} VERSION AS OF 7")


def test_an_engine_is_usable_after_an_error_and_closes_twice(engine: Engine) -> None:
    with pytest.raises(EngineError):
        rows(engine, "SELECT * FROM main.s.missing")
    assert rows(engine, "SELECT 1 AS x") == [(1,)]
    engine.close()
    engine.close()
