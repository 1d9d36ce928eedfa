from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dq_databricks.errors import UserSqlError
from dq_databricks.sql.parse import parse_statement
from dq_databricks.sql.user import parse_condition, parse_select

PIECES = st.sampled_from(
    [
        "a",
        "1",
        "=",
        " ",
        "'",
        '"',
        "`",
        "(",
        ")",
        ";",
        "--",
        "/*",
        "*/",
        "\\",
        "\n",
        " OR ",
        " AND ",
        "SELECT ",
        " FROM t",
        " UNION ",
        "DROP TABLE x",
        ",",
        "*",
        " AS c",
        ":p",
        "b > 2",
        "''",
        "\x00",
    ]
)


def test_a_condition_is_written_out_anew_with_its_columns() -> None:
    found = parse_condition("`a b`.c>=1 and d is not null -- why")

    assert found.sql == "`a b`.c >= 1 AND NOT d IS NULL"
    assert found.columns == {"a b", "d"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a > 1; DROP TABLE x",
        "1) OR (1=1",
        "a) AS c, (b",
        "a IN (SELECT 1)",
        "sum(a) > 1",
        "row_number() OVER () = 1",
        "nowhere(a)",
        ":p = 1",
        "a, b",
        "*",
        "'x",
        "a /* x",
        "1 + 1",
        "a = 1 FROM t",
        "EXISTS (SELECT 1)",
        "system.f(a)",
        "a > 1 --\n) AS c FROM t WHERE (1=1",
    ],
)
def test_what_is_no_single_condition_is_refused(text: str) -> None:
    with pytest.raises(UserSqlError):
        parse_condition(text)


def test_a_select_names_its_tables() -> None:
    found = parse_select("WITH q AS (SELECT 1 AS a FROM x.y.z) SELECT * FROM q JOIN t USING (a);")

    assert found.tables == {"x.y.z", "t"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("SELECT 1; SELECT 2", "2 statements"),
        ("DELETE FROM t", "DELETE"),
        ("WITH d AS (DELETE FROM t) SELECT 1", "DELETE"),
        ("DROP TABLE t", "DROP"),
        ("SHOW TABLES", "COMMAND"),
        ("SELECT * FROM range(3)", "table function"),
        ("SELECT * FROM IDENTIFIER('t')", "table function"),
        ("SELECT nowhere(1)", "nowhere"),
        ("SELECT :p", "parameter"),
        ("SELECT 'x", "cannot be read"),
        ("SELECT 1 /* " + "x" * 1_000_000, "characters"),
        ("", "empty"),
    ],
)
def test_what_is_no_single_select_is_refused(text: str, message: str) -> None:
    with pytest.raises(UserSqlError, match=message):
        parse_select(text)


@settings(derandomize=True, max_examples=120)
@given(st.lists(PIECES, max_size=12).map("".join))
def test_no_condition_changes_the_statement_around_it(text: str) -> None:
    try:
        condition = parse_condition(text)
    except UserSqlError:
        return

    framed = parse_statement(f"SELECT count(*) AS n FROM t WHERE ({condition.sql}) AND x = 1")
    plain = parse_statement("SELECT count(*) AS n FROM t WHERE (c) AND x = 1")

    framed.args["where"].this.this.this.replace(plain.args["where"].this.this.this.copy())
    assert framed == plain
