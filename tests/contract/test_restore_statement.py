"""A table goes back to an older version as a whole, and only from the version looked at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dq_databricks.engine import restoring
from dq_databricks.engine.protocol import Engine
from dq_databricks.errors import (
    OutcomeUnknownError,
    SqlError,
    TableNotFoundError,
    WriteConflictError,
)
from dq_databricks.sql.identifiers import TableName
from dq_databricks.sql.relation import TableRelation
from dq_databricks.sql.statement import Statement
from tests.emulator import Fault
from tests.support.contract import create, named, rows, run
from tests.support.warehouse_engine import open_emulated

SPARK_SAMPLE = {"test_rows_columns_comments_and_properties_go_back"}


def _changed_table(engine: Engine) -> TableName:
    """A table whose version 1 has two rows, and that was then changed in every way."""
    name = named("t")
    run(
        engine,
        f"CREATE TABLE {name.sql} (id BIGINT COMMENT 'the key', s STRING) USING DELTA "
        "COMMENT 'as it was' TBLPROPERTIES ('dq.owner' = 'a')",
    )
    run(engine, f"INSERT INTO {name.sql} (id, s) VALUES (1, 'a'), (2, 'b')")
    run(engine, f"ALTER TABLE {name.sql} ADD COLUMNS (x INT)")
    run(engine, f"ALTER TABLE {name.sql} ALTER COLUMN id COMMENT 'other'")
    run(engine, f"COMMENT ON TABLE {name.sql} IS 'as it became'")
    run(engine, f"ALTER TABLE {name.sql} SET TBLPROPERTIES ('dq.owner' = 'b', 'dq.more' = 'c')")
    run(engine, f"DELETE FROM {name.sql} WHERE id = 1")
    run(engine, f"INSERT INTO {name.sql} (id, s, x) VALUES (3, 'c', 3)")
    return name


def _version(engine: Engine, name: TableName) -> int:
    found = engine.inspect(TableRelation(name)).version
    assert found is not None
    return found


def _detail(engine: Engine, name: TableName) -> dict[str, Any]:
    found: dict[str, Any] = engine.query(Statement(f"DESCRIBE DETAIL {name.sql}")).to_pylist()[0]
    return found


def test_rows_columns_comments_and_properties_go_back(engine: Engine) -> None:
    name = _changed_table(engine)
    latest = _version(engine, name)
    engine.restore(name, 1, expected_version=latest)
    assert _version(engine, name) == latest + 1
    assert rows(engine, f"SELECT * FROM {name.sql} ORDER BY id") == [(1, "a"), (2, "b")]
    columns = engine.inspect(TableRelation(name)).columns
    assert [(c.name, c.data_type, c.comment) for c in columns] == [
        ("id", "BIGINT", "the key"),
        ("s", "STRING", None),
    ]
    detail = _detail(engine, name)
    assert detail["description"] == "as it was"
    properties = dict(detail["properties"])  # a map comes as pairs
    assert (properties["dq.owner"], "dq.more" in properties) == ("a", False)
    run(engine, f"INSERT INTO {name.sql} (id, s) VALUES (9, 'z')")
    assert rows(engine, f"SELECT count(*) FROM {name.sql}") == [(3,)]


def test_restore_happens_only_from_the_version_that_was_looked_at(engine: Engine) -> None:
    name = _changed_table(engine)
    latest = _version(engine, name)
    with pytest.raises(WriteConflictError, match=f"latest version is {latest}"):
        engine.restore(name, 1, expected_version=latest - 1)
    engine.restore(name, latest, expected_version=latest)
    assert _version(engine, name) == latest
    engine.restore(name, 0, expected_version=latest)
    with pytest.raises(WriteConflictError):
        engine.restore(name, 0, expected_version=latest)
    assert rows(engine, f"SELECT count(*) FROM {name.sql}") == [(0,)]


def test_a_version_that_never_was_is_refused(engine: Engine) -> None:
    name = _changed_table(engine)
    latest = _version(engine, name)
    with pytest.raises(SqlError, match="no version 99"):
        engine.restore(name, 99, expected_version=latest)
    with pytest.raises(TableNotFoundError):
        engine.restore(named("absent"), 0, expected_version=0)
    assert _version(engine, name) == latest


def test_a_restore_that_comes_late_is_undone(engine: Engine) -> None:
    name = create(engine, "t", "id BIGINT")
    run(engine, f"INSERT INTO {name.sql} VALUES (1)")

    def late(statement: Statement) -> None:
        if statement.text.endswith("AS OF 0"):
            run(engine, f"INSERT INTO {name.sql} VALUES (2)")
        engine.execute(statement)

    with pytest.raises(WriteConflictError, match="landed as version 3 and was undone"):
        restoring.restore(engine.query, late, name, 0, expected_version=1)
    assert rows(engine, f"SELECT id FROM {name.sql} ORDER BY id") == [(1,), (2,)]


def test_a_late_restore_that_others_built_on_is_left_to_them(engine: Engine) -> None:
    name = create(engine, "t", "id BIGINT")
    run(engine, f"INSERT INTO {name.sql} VALUES (1)")

    def late(statement: Statement) -> None:
        run(engine, f"INSERT INTO {name.sql} VALUES (2)")
        engine.execute(statement)
        run(engine, f"INSERT INTO {name.sql} VALUES (3)")

    with pytest.raises(WriteConflictError, match="since version 4 was built on it"):
        restoring.restore(engine.query, late, name, 0, expected_version=1)
    assert rows(engine, f"SELECT id FROM {name.sql}") == [(3,)]


def test_two_restores_of_one_version_leave_it_restored(engine: Engine) -> None:
    name = create(engine, "t", "id BIGINT")
    run(engine, f"INSERT INTO {name.sql} VALUES (1)")

    def twice(statement: Statement) -> None:
        engine.execute(statement)
        engine.execute(statement)

    with pytest.raises(WriteConflictError, match="was undone"):
        restoring.restore(engine.query, twice, name, 0, expected_version=1)
    assert rows(engine, f"SELECT count(*) FROM {name.sql}") == [(0,)]


@pytest.mark.parametrize("text", ["RESTORE TABLE {} TO VERSION AS OF 0", "OPTIMIZE {}"])
def test_a_warehouse_is_not_asked_again_when_the_answer_was_lost(tmp_path: Path, text: str) -> None:
    with open_emulated(tmp_path) as engine:
        name = create(engine, "t", "id BIGINT")
        run(engine, f"INSERT INTO {name.sql} VALUES (1)")
        run(engine, f"INSERT INTO {name.sql} VALUES (2)")
        statement = Statement(text.format(name.sql))
        with pytest.raises(SqlError, match="no query"):
            engine.query(statement)
        engine.emulator.script.set(Fault("drop_after"))
        with pytest.raises(OutcomeUnknownError):
            engine.execute(statement)
        assert engine.emulator.count("ExecuteStatement", statement.text[:7]) == 1
        assert _version(engine, name) == 3


def test_a_restore_whose_answer_was_lost_is_found_by_looking(tmp_path: Path) -> None:
    with open_emulated(tmp_path) as engine:
        name = create(engine, "t", "id BIGINT")
        run(engine, f"INSERT INTO {name.sql} VALUES (1)")
        engine.emulator.script.set(Fault("drop_after", first=2))
        with pytest.raises(OutcomeUnknownError):
            engine.restore(name, 0, expected_version=1)
        with pytest.raises(WriteConflictError, match="latest version is 2"):
            engine.restore(name, 0, expected_version=1)
        assert rows(engine, f"SELECT count(*) FROM {name.sql}") == [(0,)]
