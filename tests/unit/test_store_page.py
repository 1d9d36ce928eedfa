"""Cursors: what one listing gives, no other reads."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dq_databricks.errors import WrongUseError
from dq_databricks.model.testing import TestRecord
from dq_databricks.store.page import decode_cursor, encode_cursor
from tests.support.store import START

COLUMNS = ("created_at", "column_name", "version", "test_id")
VALUES = [START + timedelta(microseconds=1), None, 7, "id '`\"é"]


def test_values_come_back_typed() -> None:
    cursor = encode_cursor("scope", VALUES)
    assert decode_cursor("scope", cursor, TestRecord, COLUMNS) == VALUES
    with pytest.raises(WrongUseError):
        decode_cursor("other scope", cursor, TestRecord, COLUMNS)


@given(st.integers(min_value=0), st.characters())
def test_a_changed_cursor_is_refused(position: int, char: str) -> None:
    cursor = encode_cursor("scope", VALUES)
    position %= len(cursor)
    forged = cursor[:position] + char + cursor[position + 1 :]
    if forged == cursor:
        return
    with pytest.raises(WrongUseError, match="start again without a cursor"):
        decode_cursor("scope", forged, TestRecord, COLUMNS)


@given(st.text())
def test_any_text_is_refused_clearly(text: str) -> None:
    with pytest.raises(WrongUseError):
        decode_cursor("scope", text, TestRecord, COLUMNS)
