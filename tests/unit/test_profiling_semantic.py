"""What columns mean, told from their measures."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.profiled import column


@pytest.mark.parametrize(
    ("expected", "name", "data_type", "measures"),
    [
        ("empty", "x", "STRING", {"null_count": 1_000, "distinct_count": 0}),
        ("constant", "x", "BIGINT", {"distinct_count": 1, "min_value": "7", "max_value": "7"}),
        ("flag", "x", "BOOLEAN", {"distinct_count": 2}),
        ("flag", "x", "STRING", {"distinct_count": 2, "top": [("Y", 900), ("N", 100)]}),
        ("identifier", "x", "STRING", {"distinct_count": 1_000, "max_length": 36}),
        ("identifier", "order_id", "BIGINT", {"min_value": "1", "max_value": "9"}),
        ("period", "birth_year", "BIGINT", {"min_value": "0", "max_value": "2013"}),
        ("measure", "light_year", "BIGINT", {"min_value": "0", "max_value": "90000"}),
        ("percentage", "tax_pct", "DOUBLE", {"min_value": "0", "max_value": "19"}),
        ("measure", "price", "DOUBLE", {"min_value": "-1", "max_value": "900"}),
        ("email", "x", "STRING", {"top": [("a@b.co", 2)], "max_length": 40}),
        ("date_stamp", "x", "DATE", {}),
        ("date_stamp", "x", "STRING", {"date_text_count": 990}),
        ("time_stamp", "x", "TIMESTAMP", {}),
        ("code", "x", "STRING", {"max_length": 6, "shapes": [("AA-99", 1_000)]}),
        (
            "category",
            "x",
            "STRING",
            {"max_length": 30, "distinct_count": 9, "shapes": [("Aa… a…", 1_000)]},
        ),
        ("free_text", "x", "STRING", {"max_length": 300, "distinct_count": 990}),
        (None, "x", "BINARY", {"distinct_count": None}),
    ],
)
def test_a_column_means_what_its_measures_say(
    expected: str | None, name: str, data_type: str, measures: dict[str, Any]
) -> None:
    assert column(name, data_type, **measures).semantic_type == expected
