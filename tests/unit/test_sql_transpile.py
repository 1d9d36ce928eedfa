from __future__ import annotations

import re
from collections.abc import Iterator

import duckdb
import pyarrow as pa
import pytest
from sqlglot import exp

from dq_databricks.engine.local.macros import REFUSED, normalise_types, register
from dq_databricks.engine.local.transpile import transpile
from dq_databricks.errors import UnsupportedError


class Asked:
    """Resolves every table to `rows`, and remembers what was asked."""

    def __init__(self) -> None:
        self.tables: list[tuple[str, str | None]] = []

    def __call__(self, table: exp.Table, version: exp.Expression | None) -> exp.Expression:
        self.tables.append((table.sql("databricks"), version and version.text("expression")))
        return exp.to_table("rows_of_test")


@pytest.fixture(scope="module")
def duck() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": 1}) as connection:
        register(connection)
        connection.execute(
            "CREATE TABLE rows_of_test AS SELECT 1 AS g, x AS a, x * 1.5 AS d, "
            "CAST(x AS DOUBLE) AS f, [x, NULL] AS l, CAST(x AS VARCHAR) AS s FROM range(4) t(x)"
        )
        yield connection


@pytest.mark.parametrize(
    ("text", "tables"),
    [
        ("SELECT c.s.t.a FROM c.s.t VERSION AS OF 3", [("c.s.t", "3")]),
        ("SELECT a FROM t TIMESTAMP AS OF '2024-01-01'", [("t", "2024-01-01")]),
        ("SELECT a FROM delta.`/a b`", [("delta.`/a b`", None)]),
        ("WITH q AS (SELECT a FROM t) SELECT a FROM q JOIN x.q AS y USING (a)", ["t", "x.q"]),
        ("WITH t AS (SELECT a FROM t) SELECT a FROM t", ["t"]),
        ("WITH q AS (SELECT a FROM r), r AS (SELECT a FROM q) SELECT a FROM r", ["r"]),
        ("SELECT a FROM t WHERE a IN (SELECT u.a FROM u)", ["t", "u"]),
    ],
)
def test_tables_are_asked_for_and_names_of_a_with_are_not(
    text: str, tables: list[object], duck: duckdb.DuckDBPyConnection
) -> None:
    asked = Asked()

    statement = transpile(text, asked)

    assert sorted(asked.tables) == sorted(t if isinstance(t, tuple) else (t, None) for t in tables)
    assert duck.execute(statement.sql).fetchall()


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("WITH q AS (SELECT a FROM r) SELECT t.b FROM t JOIN q ON q.a = t.a", "rt"),
        ("WITH q AS (SELECT a FROM r), p AS (SELECT a FROM u) SELECT t.b FROM t, q, p", "rut"),
        (
            "SELECT t.b FROM t WHERE t.a IN (WITH q AS (SELECT a FROM r) SELECT v.a FROM v, q)",
            "trv",
        ),
        ("SELECT (SELECT max(u.a) FROM u) AS m FROM t WHERE t.a IN (SELECT v.a FROM v)", "utv"),
        ("SELECT a FROM t UNION ALL (WITH q AS (SELECT a FROM r) SELECT v.a FROM v, q)", "trv"),
        ("SELECT max(t.a) FROM t GROUP BY t.b HAVING max(t.a) > (SELECT max(u.a) FROM u)", "tu"),
    ],
)
def test_every_table_stands_where_its_name_stood(text: str, order: str) -> None:
    found = transpile(text, lambda table, _: exp.to_table(f"of_{table.name}")).sql
    assert re.findall(r'of_(\w+) AS "?(\w+)', found) == [(name, name) for name in order]


def test_only_the_placeholders_found_are_named() -> None:
    statement = transpile("SELECT a FROM t WHERE a = :x AND s RLIKE :p AND a < :x", Asked())

    assert statement.placeholders == ("x", "p")
    assert statement.patterns == ("p",)


def test_a_bound_pattern_must_be_portable() -> None:
    statement = transpile("SELECT regexp_replace(s, :p, '') AS x FROM t", Asked())

    statement.check({"p": "[0-9]+"})
    with pytest.raises(UnsupportedError, match="portable_regex"):
        statement.check({"p": "a$"})
    with pytest.raises(UnsupportedError, match="empty"):
        statement.check({"p": "a*"})


@pytest.mark.parametrize(
    "expression",
    [
        "CAST(sum(a) AS DOUBLE) / count(*)",
        "length(max(s))",
        "avg(CAST(s AS DOUBLE))",
        "skewness(f) FILTER (WHERE a > 0)",
        "approx_count_distinct(s) FILTER (WHERE a > 1)",
        "coalesce(sum(CASE WHEN s IS NULL THEN 1 ELSE 0 END), 0)",
    ],
)
def test_aggregates_stand_alone_and_in_groups(
    expression: str, duck: duckdb.DuckDBPyConnection
) -> None:
    alone = transpile(f"SELECT {expression} AS x FROM t", Asked())
    grouped = transpile(f"SELECT g, {expression} AS x FROM t GROUP BY g ORDER BY x", Asked())

    (value,) = duck.execute(alone.sql).fetchall()
    assert duck.execute(grouped.sql).fetchall() == [(1, *value)]


@pytest.mark.parametrize(
    "expression",
    ["avg(d)", "max(l)", "d / 2", "CAST(f AS STRING)", "round(f, 1)", "concat(s, f)", "s = 1"],
)
def test_what_depends_on_a_type_is_refused_when_it_runs(
    expression: str, duck: duckdb.DuckDBPyConnection
) -> None:
    statement = transpile(f"SELECT {expression} AS x FROM t", Asked())

    with pytest.raises(duckdb.Error, match=REFUSED):
        duck.execute(statement.sql).fetchall()


def test_wide_numbers_become_int64_and_decimals_stay(duck: duckdb.DuckDBPyConnection) -> None:
    text = "SELECT sum(a) AS n, CAST(sum(a) AS DECIMAL(38,0)) AS d FROM t"
    cursor = duck.execute(transpile(text, Asked()).sql)
    types = [column[1] for column in cursor.description or []]

    table = normalise_types(cursor.to_arrow_table(), types)

    assert [field.type for field in table.schema] == [pa.int64(), pa.decimal128(38, 0)]
