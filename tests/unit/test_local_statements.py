"""Statements of the embedded engine: what they change, what they list, what they refuse."""

from __future__ import annotations

import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from dq_databricks.engine.local import LocalEngine
from dq_databricks.errors import (
    CancelledError,
    ColumnNotFoundError,
    EngineError,
    TableNotFoundError,
    UnsupportedError,
    WriteConflictError,
)
from dq_databricks.sql.identifiers import TableName
from dq_databricks.sql.relation import TableRelation
from dq_databricks.sql.statement import Statement
from tests.support.contract import rows, run


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalEngine]:
    with LocalEngine(tmp_path_factory.mktemp("lake"), durable=False) as opened:
        run(opened, "CREATE SCHEMA main.s")
        yield opened


@pytest.fixture
def table(engine: LocalEngine, request: pytest.FixtureRequest) -> str:
    """A table of its own for each test, with NULLs and special floats."""
    name = f"main.s.t{abs(hash(request.node.name))}"
    run(engine, f"CREATE TABLE {name} (id INT, s STRING, x DOUBLE, l ARRAY<INT>) USING DELTA")
    given = pa.table(
        {
            "id": pa.array([1, 2, 3, None], pa.int32()),
            "s": ["a", None, "it's", None],
            "x": [math.nan, -0.0, math.inf, None],
            "l": pa.array([[1], None, [], [2]], pa.list_(pa.int32())),
        }
    )
    engine.append(TableName(*name.split(".")), given)
    return name


def test_conditions_see_nulls_and_special_floats_like_queries(
    engine: LocalEngine, table: str
) -> None:
    assert run(engine, f"UPDATE {table} SET s = 'none' WHERE s IS NULL") == 2
    assert run(engine, f"UPDATE {table} SET s = concat(s, '!') WHERE isnan(x)") == 1
    assert run(engine, f"UPDATE {table} SET s = 'zero' WHERE x = 0.0") == 1
    assert run(engine, f"UPDATE {table} SET s = coalesce(s, '-') WHERE id <> 1 OR id IS NULL") == 3
    assert rows(engine, f"SELECT id, s FROM {table} ORDER BY id NULLS LAST") == [
        (1, "a!"),
        (2, "zero"),
        (3, "it's"),
        (None, "none"),
    ]
    assert run(engine, f"DELETE FROM {table} WHERE x > 1") == 2
    assert run(engine, f"DELETE FROM {table}") == 2


def test_writes_may_look_into_other_tables(engine: LocalEngine, table: str) -> None:
    run(engine, f"CREATE TABLE {table}_other USING DELTA AS SELECT 1 AS id, 'new' AS s")
    changed = run(
        engine,
        f"UPDATE {table} AS t SET s = (SELECT max(o.s) FROM {table}_other AS o)"
        f" WHERE t.id IN (SELECT id FROM {table}_other)",
    )
    assert changed == 1
    assert run(engine, f"DELETE FROM {table} WHERE id NOT IN (SELECT id FROM {table}_other)") == 2
    assert rows(engine, f"SELECT id, s FROM {table} ORDER BY id NULLS LAST") == [
        (1, "new"),
        (None, None),
    ]


def test_arrays_are_set_but_not_looked_into(engine: LocalEngine, table: str) -> None:
    assert run(engine, f"UPDATE {table} SET l = array(7, 8) WHERE id = 1") == 1
    assert rows(engine, f"SELECT l FROM {table} WHERE id = 1") == [([7, 8],)]
    with pytest.raises(UnsupportedError, match="'l'"):
        run(engine, f"UPDATE {table} SET id = 1 WHERE size(l) = 0")


def test_merge_reaches_rows_that_the_source_lacks(engine: LocalEngine, table: str) -> None:
    text = f"""
        MERGE INTO {table} AS t
        USING (SELECT 1 AS id, 'b' AS s UNION ALL SELECT 9, 'new') AS s
        ON t.id = s.id
        WHEN MATCHED THEN UPDATE SET s = s.s
        WHEN NOT MATCHED THEN INSERT (id, s) VALUES (s.id, s.s)
        WHEN NOT MATCHED BY SOURCE AND t.id = 2 THEN DELETE
        WHEN NOT MATCHED BY SOURCE THEN UPDATE SET s = 'left'
    """
    assert run(engine, text) == 5
    assert rows(engine, f"SELECT id, s FROM {table} ORDER BY id NULLS LAST") == [
        (1, "b"),
        (3, "left"),
        (9, "new"),
        (None, "left"),
    ]


def test_merge_takes_all_columns_and_refuses_two_sources_for_one_row(
    engine: LocalEngine, table: str
) -> None:
    source = f"(SELECT id + 1 AS id, 'm' AS s, x, l FROM {table} WHERE id < 3)"
    clauses = "WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *"
    assert run(engine, f"MERGE INTO {table} AS t USING {source} AS n ON t.id = n.id {clauses}") == 2
    assert rows(engine, f"SELECT id FROM {table} WHERE s = 'm' ORDER BY id") == [(2,), (3,)]
    twice = "(SELECT 1 AS id, 'p' AS s UNION ALL SELECT 1, 'q')"
    with pytest.raises(UnsupportedError, match="several"):
        run(
            engine,
            f"MERGE INTO {table} AS t USING {twice} AS n ON t.id = n.id"
            " WHEN MATCHED THEN UPDATE SET s = n.s",
        )


def test_random_values_are_refused_before_anything_is_written(
    engine: LocalEngine, table: str
) -> None:
    with pytest.raises(EngineError):
        run(engine, f"UPDATE {table} SET x = rand() WHERE l IS NULL OR id > 0")
    assert rows(engine, f"SELECT count(*) FROM {table} WHERE x = 'Infinity'") == [(1,)]


@pytest.mark.parametrize(
    "text",
    [
        "OPTIMIZE main.s.t WHERE id = 1",
        "VACUUM main.s.t LITE",
        "INSERT OVERWRITE main.s.t SELECT 1",
        "CREATE TABLE main.s.u (id BIGINT) USING DELTA CLUSTER BY (id)",
        "CREATE TABLE main.s.u (id BIGINT GENERATED ALWAYS AS IDENTITY) USING DELTA",
        "CREATE TABLE main.s.u (id BIGINT) USING PARQUET",
        "CREATE TABLE main.s.u (id BIGINT) TBLPROPERTIES ('delta.enableRowTracking' = 'true')",
        "CREATE TABLE main.s.u (d INTERVAL DAY) USING DELTA",
        "GRANT SELECT ON TABLE main.s.t TO `a`",
        "CREATE FUNCTION main.s.f() RETURNS INT RETURN 1",
    ],
)
def test_what_is_not_carried_out_says_so(engine: LocalEngine, text: str) -> None:
    run(engine, "CREATE TABLE IF NOT EXISTS main.s.t (id BIGINT) USING DELTA")
    with pytest.raises(EngineError) as caught:
        run(engine, text)
    assert isinstance(caught.value, UnsupportedError), caught.value
    assert TableName("main", "s", "u") not in engine.tables("main", "s")


def test_a_check_on_a_column_that_needs_quotes_is_refused(engine: LocalEngine) -> None:
    run(engine, "CREATE TABLE main.s.quoted (`a.b` INT, plain INT) USING DELTA")
    with pytest.raises(UnsupportedError, match="quotes"):
        run(engine, "ALTER TABLE main.s.quoted ADD CONSTRAINT c CHECK (`a.b` > 0)")
    run(engine, "ALTER TABLE main.s.quoted ADD CONSTRAINT c CHECK (`plain` > 0)")
    assert run(engine, "ALTER TABLE main.s.quoted DROP CONSTRAINT IF EXISTS other") is None


def test_a_foreign_commit_in_between_is_a_conflict(
    engine: LocalEngine, table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another writer, not bound by our lock, commits between the read and the commit."""
    folder = engine._relations.lake.folder(TableName(*table.split(".")))
    real = DeltaTable.merge

    def late(self: DeltaTable, *arguments: object, **options: object) -> object:
        DeltaTable(folder).delete()
        return real(self, *arguments, **options)

    monkeypatch.setattr(DeltaTable, "merge", late)
    with pytest.raises(WriteConflictError):
        run(engine, f"UPDATE {table} SET s = 'lost' WHERE id = 1")
    monkeypatch.undo()
    assert rows(engine, f"SELECT count(*) FROM {table}") == [(0,)]


def test_a_foreign_commit_is_seen_at_once(engine: LocalEngine, table: str) -> None:
    folder = engine._relations.lake.folder(TableName(*table.split(".")))
    for number in range(3):
        write_deltalake(
            folder,
            pa.table({"id": pa.array([number], pa.int32())}),
            mode="append",
            schema_mode="merge",
        )
        assert rows(engine, f"SELECT count(*) FROM {table}") == [(5 + number,)]


def test_listings_and_descriptions(tmp_path: Path) -> None:
    with LocalEngine(tmp_path, durable=False) as engine:
        run(engine, "CREATE SCHEMA main.a")
        run(
            engine,
            "CREATE TABLE main.a.t (id BIGINT NOT NULL COMMENT 'key', p DECIMAL(10,2))"
            " USING DELTA COMMENT 'about' TBLPROPERTIES ('dq.owner' = 'me')",
        )
        run(engine, "CREATE VIEW main.a.v AS SELECT id FROM main.a.t")
        listed = rows(
            engine,
            "SELECT table_schema, table_name, table_type, comment"
            " FROM main.information_schema.tables WHERE table_name <> 'x' ORDER BY 2",
        )
        assert listed == [("a", "t", "MANAGED", "about"), ("a", "v", "VIEW", None)]
        columns = rows(
            engine,
            "SELECT table_name, column_name, ordinal_position, is_nullable,"
            " full_data_type, data_type, comment"
            " FROM main.information_schema.columns ORDER BY 1, 3",
        )
        assert columns == [
            ("t", "id", 0, "NO", "BIGINT", "BIGINT", "key"),
            ("t", "p", 1, "YES", "DECIMAL(10,2)", "DECIMAL", None),
            ("v", "id", 0, "YES", "BIGINT", "BIGINT", None),
        ]
        assert rows(engine, "SELECT schema_name FROM main.information_schema.schemata") == [("a",)]
        views = "SELECT table_name, view_definition FROM main.information_schema.views"
        assert rows(engine, views) == [("v", "SELECT id FROM main.a.t")]
        with pytest.raises(TableNotFoundError, match="volumes"):
            rows(engine, "SELECT * FROM main.information_schema.volumes")
        assert rows(engine, "SHOW TABLES IN main.a") == [("a", "t", False), ("a", "v", False)]
        assert rows(engine, "SHOW SCHEMAS") == [("a",)]
        assert rows(engine, "DESCRIBE TABLE main.a.t") == [
            ("id", "bigint", "key"),
            ("p", "decimal(10,2)", None),
        ]
        detail = engine.query(Statement("DESCRIBE DETAIL main.a.t")).to_pylist()[0]
        assert (detail["numFiles"], detail["description"]) == (0, "about")
        assert dict(detail["properties"]) == {"dq.owner": "me"}
        assert len(rows(engine, "DESCRIBE HISTORY main.a.t LIMIT 1")) == 1


def test_views_show_new_rows_and_may_use_views(engine: LocalEngine, table: str) -> None:
    run(engine, f"CREATE VIEW {table}_v AS SELECT id, s FROM {table} WHERE id IS NOT NULL")
    run(engine, f"CREATE VIEW {table}_w AS SELECT count(*) AS n FROM {table}_v")
    assert rows(engine, f"SELECT n FROM {table}_w") == [(3,)]
    run(engine, f"INSERT INTO {table} (id) VALUES (10)")
    assert rows(engine, f"SELECT n FROM {table}_w") == [(4,)]
    with pytest.raises(UnsupportedError, match="view"):
        run(engine, f"INSERT INTO {table}_v VALUES (1, 'a')")
    with pytest.raises(ColumnNotFoundError):
        run(engine, f"CREATE VIEW {table}_x AS SELECT nothing FROM {table}")


def test_time_travel_by_time(engine: LocalEngine, table: str) -> None:
    text = f"SELECT count(*) FROM {table} TIMESTAMP AS OF "
    history = rows(engine, f"DESCRIBE HISTORY {table}")
    stamp = history[0][1]
    assert isinstance(stamp, datetime)
    assert rows(engine, text + f"'{stamp.isoformat()}'") == [(4,)]
    with pytest.raises(EngineError, match="first"):
        rows(engine, text + ":t", t=datetime(2000, 1, 1, tzinfo=UTC))
    with pytest.raises(EngineError, match="latest"):
        rows(engine, text + ":t", t=datetime(9000, 1, 1, tzinfo=UTC))


def test_a_dropped_table_leaves_nothing_and_can_be_made_again(
    engine: LocalEngine, table: str
) -> None:
    name = TableName(*table.split("."))
    run(engine, f"DROP TABLE {table}")
    with pytest.raises(TableNotFoundError):
        engine.inspect(TableRelation(name))
    with pytest.raises(TableNotFoundError):
        rows(engine, f"SELECT * FROM {table}")
    run(engine, f"CREATE TABLE {table} (other STRING) USING DELTA")
    assert rows(engine, f"SELECT count(other) FROM {table}") == [(0,)]
    assert [c.name for c in engine.inspect(TableRelation(name)).columns] == ["other"]


def test_a_running_query_is_cancelled_from_another_thread(engine: LocalEngine) -> None:
    many = "(SELECT explode(sequence(1, 100000)) AS x)"
    endless = f"SELECT count(*) FROM {many} AS a JOIN {many} AS b ON a.x + b.x <> 1"
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(rows, engine, endless)
        while not running.done():
            engine.cancel()
        with pytest.raises(CancelledError):
            running.result()
    assert rows(engine, "SELECT 1 AS x") == [(1,)]
