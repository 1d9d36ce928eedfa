from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp

from dq_databricks.errors import SqlError
from dq_databricks.sql.identifiers import quote
from dq_databricks.sql.parse import parse_statement

NAMES = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), min_size=1)
TEXTS = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]))


@settings(derandomize=True, max_examples=120)
@given(NAMES)
def test_a_quoted_name_is_the_same_name_after_parsing(name: str) -> None:
    tree = parse_statement(f"SELECT {quote(name)} FROM {quote('s', name)}")

    (column,) = tree.find_all(exp.Column)
    (table,) = tree.find_all(exp.Table)
    assert (column.name, table.name) == (name, name)


@settings(derandomize=True, max_examples=120)
@given(TEXTS)
def test_a_doubled_quote_is_one_quote(text: str) -> None:
    literal = "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"

    tree = parse_statement(f"SELECT {literal} AS x")

    assert tree.selects[0].this == exp.Literal.string(text)


def test_each_caller_gets_a_tree_of_its_own() -> None:
    parse_statement("SELECT 1 AS a").set("expressions", [])

    assert parse_statement("SELECT 1 AS a").sql("databricks") == "SELECT 1 AS a"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("SELECT (1", "line 1, column"),
        ("SELECT 'a", "cannot read"),
        ("SELECT 1; SELECT 2", "2 were found"),
        ("", "0 were found"),
    ],
)
def test_what_cannot_be_parsed_is_named(text: str, message: str) -> None:
    with pytest.raises(SqlError, match=message):
        parse_statement(text)
