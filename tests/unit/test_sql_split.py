from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dq_databricks.errors import SqlError
from dq_databricks.sql.marks import BatchMark
from dq_databricks.sql.split import ScriptStatement, pieces, split_statements

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
        (
            "-- batch: key=id size=5\nSELECT 1;\n-- batch: key=id size=5\n\nSELECT 2",
            "line 3.*above",
        ),
        ("SELECT 1;\n-- destructive: why\n", "above no statement"),
        ("-- why\n-- only: x\n\nSELECT 1", "line 2.*above no statement"),
    ],
)
def test_what_is_left_open_is_refused(script: str, message: str) -> None:
    with pytest.raises(SqlError, match=message.replace("above", "is above")):
        split_statements(script)


def test_several_marks_stand_above_one_statement() -> None:
    script = (
        "-- why\n\n-- only: databricks\n-- batch: key=id, `a``b`  size=1000\n-- in words\n"
        "-- destructive: old names go\n-- repeatable: it looks: first\nUPDATE t SET a = 1;\n"
        "DELETE FROM t"
    )

    first, second = split_statements(script)

    assert first.only == {"databricks"}
    assert first.batch == BatchMark(("id", "a`b"), 1000)
    assert (first.destructive, first.repeatable) == ("old names go", "it looks: first")
    assert (first.line, first.text) == (8, "UPDATE t SET a = 1")
    assert second == ScriptStatement("DELETE FROM t", 9)


def test_reasons_at_the_head_of_a_file_hold_for_all_of_it() -> None:
    script = (
        "-- Removes all.\n-- destructive: all is lost\n\nDROP TABLE a;\n"
        "-- destructive: b too\nDROP TABLE b;"
    )

    assert [s.destructive for s in split_statements(script)] == ["all is lost", "b too"]
    assert split_statements("-- irreversible: no column mapping\n-- here\n") == []


@pytest.mark.parametrize(
    ("comment", "message"),
    [
        ("-- ony: databricks", "no mark is named 'ony'.*-- only:"),
        ("-- Only: databricks", "no mark is named 'Only'.*-- only:"),
        ("-- distructive: why", "-- destructive:"),
        ("-- batches: key=id size=1", "-- batch:"),
        ("-- only:", "cannot be read; name who"),
        ("-- only: ,", "cannot be read; name who"),
        ("-- destructive:", "cannot be read; say why"),
        ("-- batch: id 1000", "cannot be read; write it as -- batch: key=<column>"),
        ("-- batch: key=id", "cannot be read"),
        ("-- batch: key=id size=0", "with a size from 1"),
        ("-- batch: key=a b size=10", "cannot be read"),
        ("-- batch: key=id size=10; DROP", "cannot be read"),
        ("-- only: a\n-- only: b", "stands twice"),
    ],
)
def test_a_mark_that_cannot_be_meant_is_refused(comment: str, message: str) -> None:
    with pytest.raises(SqlError, match=rf"^line [12]: .*{message}"):
        split_statements(f"{comment}\nSELECT 1")


@pytest.mark.parametrize(
    "comment",
    ["-- note: ten", "-- why: so", "-- only databricks knows", "-- see https://a.b", "--- x: y"],
)
def test_ordinary_comments_stay_comments(comment: str) -> None:
    assert split_statements(f"{comment}\nSELECT 1") == [ScriptStatement("SELECT 1", 2)]


@settings(derandomize=True, max_examples=120)
@given(st.lists(PARTS, max_size=30))
def test_no_character_is_lost(parts: list[str]) -> None:
    script = "".join(parts)

    try:
        found = pieces(script)
    except SqlError:  # the parts may join to something left open
        return

    assert "".join(piece.text for piece in found) == script
