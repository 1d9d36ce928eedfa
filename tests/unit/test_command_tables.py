"""Tables of the command line: whole words at any width of a terminal."""

from __future__ import annotations

import pytest

from dq_databricks.cli.output import marked, write_table

TEST_ID = "ec59cfe8-84cd-534c-98f8-46e8b906cae1"
REASON = "2,000 rows; fewer than 1,800 (10 % less) looks like a load cut short"
HEADERS = ("check type", "table", "column", "parameters", "severity", "reason", "test_id")
ROW = ("row_count_range", "/data/in/orders.parquet", None, "min_count=1800", marked("error"),
       REASON, TEST_ID)  # fmt: skip


def _shown(capsys: pytest.CaptureFixture[str], width: int) -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", str(width))
        write_table("Proposals", HEADERS, [ROW])
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= width
    return text


def test_a_table_that_fits_is_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert any(mark in _shown(capsys, 160) for mark in ("┃", "|"))


@pytest.mark.parametrize("width", [80, 60])
def test_a_narrow_terminal_shows_whole_words(
    capsys: pytest.CaptureFixture[str], width: int
) -> None:
    text = _shown(capsys, width)
    whole = ("row_count_range", "/data/in/orders.parquet", "min_count=1800", TEST_ID, "error")
    assert [word for word in (*HEADERS, *whole) if word not in text] == []
    assert set(REASON.split()) <= set(text.split())
