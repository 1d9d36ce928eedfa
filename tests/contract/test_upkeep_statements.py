"""What keeps tables small and described means the same on every engine, and keeps every row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dq_databricks.engine.protocol import Engine
from dq_databricks.errors import ColumnNotFoundError, SqlError, TableNotFoundError
from dq_databricks.sql.identifiers import TableName
from dq_databricks.sql.relation import TableRelation
from dq_databricks.sql.split import split_statements
from dq_databricks.sql.statement import Statement
from tests.support.contract import create, named, rows, run

SPARK_SAMPLE = {
    "test_optimize_and_vacuum_keep_every_row",
    "test_properties_are_set_and_taken_away",
}
DDL = Path(__file__).parents[2] / "ddl"


def _table(engine: Engine, commits: int = 3) -> TableName:
    name = create(engine, "t", "id BIGINT, s STRING")
    for number in range(commits):
        run(engine, f"INSERT INTO {name.sql} (id, s) VALUES ({number}, 'a')")
    return name


def _detail(engine: Engine, name: TableName) -> dict[str, Any]:
    found: dict[str, Any] = engine.query(Statement(f"DESCRIBE DETAIL {name.sql}")).to_pylist()[0]
    return {**found, "properties": dict(found["properties"] or {})}


def _version(engine: Engine, name: TableName) -> int:
    found = engine.inspect(TableRelation(name)).version
    assert found is not None
    return found


def test_restore_statement_goes_back_by_version_and_by_time(engine: Engine) -> None:
    name = _table(engine)
    history = engine.query(Statement(f"DESCRIBE HISTORY {name.sql}")).to_pylist()
    run(engine, f"RESTORE TABLE {name.sql} TO VERSION AS OF 1")
    assert rows(engine, f"SELECT id FROM {name.sql}") == [(0,)]
    then = next(commit["timestamp"] for commit in history if commit["version"] == 2)
    run(engine, f"RESTORE TABLE {name.sql} TO TIMESTAMP AS OF '{then.isoformat(' ')}'")
    assert rows(engine, f"SELECT count(*) FROM {name.sql}") == [(2,)]
    assert _version(engine, name) == 5
    with pytest.raises(SqlError):
        run(engine, f"RESTORE TABLE {name.sql} TO VERSION AS OF 99")
    with pytest.raises(SqlError):
        run(engine, f"RESTORE TABLE {name.sql} TO TIMESTAMP AS OF '2000-01-01'")
    with pytest.raises(TableNotFoundError):
        run(engine, "RESTORE TABLE main.s.absent TO VERSION AS OF 0")


def test_optimize_and_vacuum_keep_every_row(engine: Engine) -> None:
    name = _table(engine)
    assert _detail(engine, name)["numFiles"] == 3
    run(engine, f"OPTIMIZE {name.sql}")
    assert _detail(engine, name)["numFiles"] == 1
    run(engine, f"OPTIMIZE {name.sql} ZORDER BY (id, s)")
    assert rows(engine, f"SELECT count(*), sum(id) FROM {name.sql}") == [(3, 3)]
    with pytest.raises(ColumnNotFoundError):
        run(engine, f"OPTIMIZE {name.sql} ZORDER BY (nothing)")
    # What was removed just now is still needed by versions within the retention.
    listed = engine.query(Statement(f"VACUUM {name.sql} DRY RUN"))
    assert (listed.column_names, listed.num_rows) == (["path"], 0)
    run(engine, f"VACUUM {name.sql} RETAIN 744 HOURS")
    run(engine, f"VACUUM {name.sql}")
    assert rows(engine, f"SELECT count(*) FROM {TableRelation(name, 2).sql}") == [(2,)]
    assert rows(engine, f"SELECT count(*), sum(id) FROM {name.sql}") == [(3, 3)]


def test_properties_are_set_and_taken_away(engine: Engine) -> None:
    name = _table(engine, commits=1)
    before = _detail(engine, name)["properties"]
    for step in ("", "rollback"):
        script = (DDL / step / "0006_keep_versions_for_restore.sql").read_text(encoding="utf-8")
        statements = split_statements(script.replace("`{schema}`.dq_tests ", f"{name.sql} "))
        texts = [statement.text for statement in statements if name.sql in statement.text]
        assert len(texts) == 1
        run(engine, texts[0])
        kept = _detail(engine, name)["properties"]
        assert kept.get("delta.deletedFileRetentionDuration") == (
            None if step else "interval 31 days"
        )
        run(engine, texts[0])
    assert _detail(engine, name)["properties"] == before
    run(engine, f"ALTER TABLE {name.sql} SET TBLPROPERTIES ('dq.a' = '1', 'dq.b' = '2')")
    run(engine, f"ALTER TABLE {name.sql} UNSET TBLPROPERTIES ('dq.a')")
    run(engine, f"ALTER TABLE {name.sql} UNSET TBLPROPERTIES IF EXISTS ('dq.a', 'dq.c')")
    assert _detail(engine, name)["properties"] == {**before, "dq.b": "2"}
    run(engine, f"INSERT INTO {name.sql} (id) VALUES (9)")
    assert rows(engine, f"SELECT count(*) FROM {name.sql}") == [(2,)]


def test_detail_tells_what_a_table_is(engine: Engine) -> None:
    name = named("t")
    run(
        engine,
        f"CREATE TABLE {name.sql} (id BIGINT NOT NULL COMMENT 'the key', p STRING) USING DELTA "
        "PARTITIONED BY (p) COMMENT 'what it is' TBLPROPERTIES ("
        "'delta.deletedFileRetentionDuration' = 'interval 31 days', "
        "'delta.logRetentionDuration' = 'interval 60 days', 'dq.owner' = 'me')",
    )
    run(engine, f"INSERT INTO {name.sql} (id, p) VALUES (1, 'a'), (2, 'b')")
    run(engine, f"COMMENT ON TABLE {name.sql} IS 'what it became'")
    run(engine, f"ALTER TABLE {name.sql} ALTER COLUMN p COMMENT 'the part'")
    detail = _detail(engine, name)
    assert str(detail["name"]).replace("`", "").endswith("s.t")
    assert (detail["description"], detail["numFiles"]) == ("what it became", 2)
    assert detail["partitionColumns"] == ["p"]
    assert not detail["clusteringColumns"]
    assert isinstance(detail["sizeInBytes"], int)
    assert detail["sizeInBytes"] > 0
    properties = {
        "delta.deletedFileRetentionDuration": "interval 31 days",
        "delta.logRetentionDuration": "interval 60 days",
        "dq.owner": "me",
    }
    assert detail["properties"] == properties
    columns = engine.inspect(TableRelation(name)).columns
    assert [(c.comment, c.nullable) for c in columns] == [("the key", False), ("the part", True)]


def test_a_schema_is_commented(engine: Engine) -> None:
    run(engine, "COMMENT ON SCHEMA main.s IS 'what it''s for'")
    with pytest.raises(TableNotFoundError):
        run(engine, "COMMENT ON SCHEMA main.absent IS 'x'")
