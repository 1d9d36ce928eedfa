from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dq_databricks.errors import SqlError
from dq_databricks.sql.split import pieces, split_statements

PARTS = st.sampled_from(
    [
        "SELECT 1",
        ";",
        "'a;b'",
        "`c;d`",
        "-- e;\n",
        "/* f; /* g */ */",
        "\n",
        " ",
        "''",
        '";"',
        "é😀",
    ]
)


def test_strings_names_and_comments_hide_a_semicolon() -> None:
    script = "SELECT ';' AS a, `b;c` /* ; /* ; */ */ FROM t -- ;\n; SELECT 2"

    assert [s.text for s in split_statements(script)] == [
        "SELECT ';' AS a, `b;c` /* ; /* ; */ */ FROM t -- ;",
        "SELECT 2",
    ]


def test_a_block_is_one_statement() -> None:
    script = """BEGIN
  DECLARE x INT DEFAULT 1;
  IF x > 0 THEN SELECT CASE WHEN IF(x > 1, true, false) THEN 1 END; END IF;
  WHILE x < 3 DO SET x = x + 1; END WHILE;
END;
SELECT 2;"""

    assert [s.text[:8] for s in split_statements(script)] == ["BEGIN\n  ", "SELECT 2"]


def test_a_mark_belongs_to_the_statement_below_it() -> None:
    script = (
        "-- why\nSELECT 1;\r\n\r\n-- only: grants, Clone\r\nGRANT x;\n-- only: databricks\nSELECT 3"
    )

    found = [(s.line, s.only) for s in split_statements(script)]

    assert found == [(2, frozenset()), (5, {"grants", "clone"}), (7, {"databricks"})]


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("SELECT 'a", "never closed"),
        ("SELECT 1;\nSELECT `a", "line 2"),
        ("/* a", "comment"),
        ("BEGIN SELECT 1;", "BEGIN without END"),
        ("-- only: grants\n\nSELECT 1", "above no statement"),
        ("-- only: grants", "above no statement"),
    ],
)
def test_what_is_left_open_is_refused(script: str, message: str) -> None:
    with pytest.raises(SqlError, match=message.replace("above", "is above")):
        split_statements(script)


@settings(derandomize=True, max_examples=120)
@given(st.lists(PARTS, max_size=30))
def test_no_character_is_lost(parts: list[str]) -> None:
    script = "".join(parts)

    try:
        found = pieces(script)
    except SqlError:  # the parts may join to something left open
        return

    assert "".join(piece.text for piece in found) == script
