"""Writes are one commit each, say how many rows they touched, and never half-happen."""

from __future__ import annotations

import pyarrow as pa
import pytest

from dq_databricks.engine.protocol import Engine, MergeCounts
from dq_databricks.errors import ConstraintError, SchemaMismatchError
from dq_databricks.sql.relation import TableRelation
from tests.support.contract import arrow, create, named, rows, run

ID = ("id", pa.string())
N = ("n", pa.int64())
NOTE = ("note", pa.string())


def version_of(engine: Engine, table: str) -> int:
    version = engine.inspect(TableRelation(named(table))).version
    assert version is not None
    return version


def test_append_is_one_commit_and_fills_missing_columns(engine: Engine) -> None:
    name = create(engine, "events", "id STRING, n BIGINT, note STRING")
    before = version_of(engine, "events")
    engine.append(name, arrow([N, ID], (1, "a"), (2, "b'")))
    assert version_of(engine, "events") == before + 1
    engine.append(name, arrow([ID, ("n", pa.int32())], ("c", 3)))
    assert rows(engine, f"SELECT id, n, note FROM {name.sql} ORDER BY id") == [
        ("a", 1, None),
        ("b'", 2, None),
        ("c", 3, None),
    ]
    with pytest.raises(SchemaMismatchError, match="extra"):
        engine.append(name, arrow([ID, ("extra", pa.int64())], ("d", 4)))
    with pytest.raises(SchemaMismatchError):
        engine.append(name, arrow([ID, ("n", pa.string())], ("d", "four")))
    assert rows(engine, f"SELECT count(*) FROM {name.sql}") == [(3,)]


def test_merge_inserts_and_replaces_by_key(engine: Engine) -> None:
    name = create(engine, "keyed", "id STRING, part STRING, n BIGINT, note STRING")
    keys = [ID, ("part", pa.string()), N]
    first = arrow(keys, ("a", "x", 1), ("b'", "x", 2))
    assert engine.merge(name, first, on=["id", "part"]) == MergeCounts(2, 0)
    before = version_of(engine, "keyed")
    second = arrow(keys, ("a", "x", 10), ("a", "y", 3))
    assert engine.merge(name, second, on=["id", "part"]) == MergeCounts(1, 1)
    assert version_of(engine, "keyed") == before + 1
    third = arrow(keys, ("a", "x", 99), ("c", "x", 4))
    assert engine.merge(name, third, on=["id", "part"], update=False) == MergeCounts(1, 0)
    assert rows(engine, f"SELECT id, part, n, note FROM {name.sql} ORDER BY id, part") == [
        ("a", "x", 10, None),
        ("a", "y", 3, None),
        ("b'", "x", 2, None),
        ("c", "x", 4, None),
    ]
    with pytest.raises(ConstraintError, match="twice"):
        engine.merge(name, arrow(keys, ("d", "x", 1), ("d", "x", 2)), on=["id", "part"])
    with pytest.raises(ConstraintError, match="NULL"):
        engine.merge(name, arrow(keys, (None, "x", 1)), on=["id", "part"])
    with pytest.raises(SchemaMismatchError, match="extra"):
        engine.merge(name, arrow([ID, ("extra", pa.int64())], ("d", 4)), on=["id"])


def test_a_merge_with_a_counter_takes_only_the_next_step_of_a_row(engine: Engine) -> None:
    name = create(engine, "counted", "id STRING, version BIGINT, note STRING")
    columns = [ID, ("version", pa.int64()), NOTE]
    first = arrow(columns, ("a", 1, "new"), ("b", 1, "new"), ("late", 2, "no such row"))
    assert engine.merge(name, first, on=["id"], counter="version") == MergeCounts(2, 0)
    before = version_of(engine, "counted")
    rest = arrow(columns, ("a", 2, "next"), ("b", 1, "again"), ("c", 1, "new"))
    assert engine.merge(name, rest, on=["id"], counter="version") == MergeCounts(1, 1)
    assert version_of(engine, "counted") == before + 1
    ahead = arrow(columns, ("a", 4, "ahead"), ("b", 3, "ahead"))
    assert engine.merge(name, ahead, on=["id"], counter="version") == MergeCounts(0, 0)
    assert rows(engine, f"SELECT id, version, note FROM {name.sql} ORDER BY id") == [
        ("a", 2, "next"),
        ("b", 1, "new"),
        ("c", 1, "new"),
    ]
    with pytest.raises(SchemaMismatchError, match="lack column 'version'"):
        engine.merge(name, arrow([ID], ("a",)), on=["id"], counter="version")


def test_guarded_update_succeeds_once(engine: Engine) -> None:
    name = create(engine, "guarded", "id STRING, version BIGINT, note STRING")
    run(engine, f"INSERT INTO {name.sql} VALUES ('a', 1, 'old'), ('b', 1, 'old')")
    text = (
        f"UPDATE {name.sql} SET note = :note, version = version + 1"
        " WHERE id = :id AND version = :expected"
    )
    assert run(engine, text, id="a", expected=1, note="first") == 1
    assert run(engine, text, id="a", expected=1, note="second") == 0
    assert run(engine, f"UPDATE {name.sql} SET note = upper(note) WHERE version >= 1") == 2
    assert rows(engine, f"SELECT id, version, note FROM {name.sql} ORDER BY id") == [
        ("a", 2, "FIRST"),
        ("b", 1, "OLD"),
    ]
    assert run(engine, f"DELETE FROM {name.sql} WHERE note LIKE '%I%'") == 1
    assert run(engine, f"DELETE FROM {name.sql} WHERE id = 'nobody'") == 0


def test_insert_takes_values_selects_and_names(engine: Engine) -> None:
    name = create(engine, "inserted", "id BIGINT, s STRING")
    assert run(engine, f"INSERT INTO {name.sql} VALUES (1, 'a'), (2, NULL)") in (2, None)
    assert run(engine, f"INSERT INTO {name.sql} (s, id) VALUES ('c', 3)") in (1, None)
    run(engine, f"INSERT INTO {name.sql} (id) SELECT id + 10 FROM {name.sql} WHERE id < :n", n=3)
    run(engine, f"INSERT INTO {name.sql} BY NAME SELECT 'z' AS s, CAST(20 AS BIGINT) AS id")
    assert rows(engine, f"SELECT id, s FROM {name.sql} ORDER BY id") == [
        (1, "a"),
        (2, None),
        (3, "c"),
        (11, None),
        (12, None),
        (20, "z"),
    ]


def test_merge_statement_has_clauses_and_one_count(engine: Engine) -> None:
    name = create(engine, "merged", "id STRING, n BIGINT, note STRING")
    run(engine, f"INSERT INTO {name.sql} VALUES ('a', 1, 'x'), ('b', 2, 'x'), ('gone', 3, 'x')")
    text = f"""
        MERGE INTO {name.sql} AS t
        USING (SELECT 'a' AS id, 5 AS n UNION ALL SELECT 'gone', 0 UNION ALL SELECT 'new', 7) AS s
        ON t.id = s.id
        WHEN MATCHED AND s.n = 0 THEN DELETE
        WHEN MATCHED AND t.n < s.n THEN UPDATE SET t.n = s.n + t.n, note = :note
        WHEN NOT MATCHED AND s.n > 6 THEN INSERT (id, n) VALUES (s.id, s.n)
    """
    assert run(engine, text, note="it's") == 3
    assert rows(engine, f"SELECT id, n, note FROM {name.sql} ORDER BY id") == [
        ("a", 6, "it's"),
        ("b", 2, "x"),
        ("new", 7, None),
    ]
