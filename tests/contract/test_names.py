"""Hostile names: quoted once, never read as SQL."""

from __future__ import annotations

import pyarrow as pa

from dq_databricks.engine.protocol import Engine
from dq_databricks.sql.identifiers import quote
from dq_databricks.sql.relation import TableRelation
from dq_databricks.sql.statement import Statement
from tests.support.contract import arrow, create, named, rows, run

COLUMNS = ["select", "a.b", "back`tick", "🐘", "o'clock", 'say"x"', "Über", "from", ":p", "a-b"]
# Delta wants column mapping for these in a table; in an answer they are names like any other.
ALIASES = [*COLUMNS, "a space", "line\nbreak", "(x)", "a,b;c", "--", "/*"]


def test_columns_of_a_table_may_have_hostile_names(engine: Engine) -> None:
    name = create(engine, "select", ", ".join(f"{quote(c)} INT" for c in COLUMNS))
    engine.append(name, arrow([(c, pa.int32()) for c in COLUMNS], range(len(COLUMNS))))
    selected = ", ".join(f"max({quote(c)}) AS {quote(c)}" for c in COLUMNS)
    answer = engine.query(Statement(f"SELECT {selected} FROM {name.sql}"))
    assert answer.to_pylist() == [{c: n for n, c in enumerate(COLUMNS)}]
    assert [c.name for c in engine.inspect(TableRelation(name)).columns] == COLUMNS
    changed = run(
        engine,
        f"UPDATE {name.sql} SET {quote('a.b')} = {quote('🐘')} + 10"
        f" WHERE {quote('back`tick')} = 2 AND {quote('select')} = 0",
    )
    assert changed == 1
    merged = engine.merge(
        name, arrow([(c, pa.int32()) for c in COLUMNS], [0, *[9] * 9]), on=["select"]
    )
    assert (merged.inserted, merged.updated) == (0, 1)
    assert rows(engine, f"SELECT {quote('a.b')}, {quote(':p')} FROM {name.sql}") == [(9, 9)]


def test_columns_of_an_answer_may_have_any_name(engine: Engine) -> None:
    inner = ", ".join(f"{n} AS {quote(a)}" for n, a in enumerate(ALIASES))
    outer = ", ".join(f"{quote('t', a)} AS {quote(a)}" for a in ALIASES)
    answer = engine.query(Statement(f"SELECT {outer} FROM (SELECT {inner}) AS t"))
    assert answer.column_names == ALIASES
    assert rows(engine, f"SELECT {outer} FROM (SELECT {inner}) AS t") == [
        tuple(range(len(ALIASES)))
    ]


def test_names_are_found_whatever_their_case(engine: Engine) -> None:
    create(engine, "cased", "Id BIGINT")
    run(engine, "INSERT INTO main.s.cased (ID) VALUES (1)")
    assert rows(engine, "SELECT iD FROM main.s.Cased") == [(1,)]
    assert named("cased") in engine.tables("main", "s")
