"""Every kind of anomaly: a profile that shows it and one, just beside, that does not."""

from __future__ import annotations

from typing import Any

import pytest

from dq_databricks.model.profile import Anomaly, ColumnProfile
from dq_databricks.model.vocabulary import Severity
from dq_databricks.profiling.anomalies import anomaly_types, find_anomalies
from tests.support.profiled import NOW, column

TABLE: Any = None  # detectors read columns; the row of the table is not looked at


def found(*columns: ColumnProfile) -> dict[str, Anomaly]:
    anomalies = find_anomalies([(TABLE, columns)], detected_at=NOW)
    return {anomaly.anomaly_type: anomaly for anomaly in anomalies}


CASES: list[tuple[str, dict[str, Any], dict[str, Any], float | None]] = [
    ("no_values", {"null_count": 600, "blank_count": 400}, {"null_count": 999}, 1.0),
    ("mostly_missing", {"null_count": 501}, {"null_count": 500}, 0.501),
    (
        "non_standard_blanks",
        {"blank_count": 100, "placeholder_count": 50},
        {"null_count": 150},
        0.15,
    ),
    ("leading_spaces", {"leading_space_count": 2, "trailing_space_count": 3}, {}, 0.005),
    ("mostly_numeric_text", {"numeric_text_count": 951}, {"numeric_text_count": 1_000}, 0.049),
    ("mostly_date_text", {"date_text_count": 960}, {"date_text_count": 950}, 0.04),
    ("dates_as_text", {"date_text_count": 1_000}, {"date_text_count": 999}, 1.0),
    ("small_missing_share", {"null_count": 29}, {"null_count": 30}, 0.029),
    (
        "small_divergent_share",
        {"top": [("a", 990), ("b", 10)], "distinct_count": 2},
        {"top": [("a", 1_000)], "distinct_count": 1},
        0.01,
    ),
    ("potential_duplicates", {"distinct_count": 995}, {"distinct_count": 1_000}, 0.005),
    (
        "potential_duplicates",
        {"distinct_count": 995},
        {"distinct_count": 995, "distinct_is_exact": False},
        0.005,
    ),
    (
        "unlikely_dates",
        {"data_type": "DATE", "before_1900_count": 5},
        {"data_type": "DATE", "before_1900_count": 0},
        0.005,
    ),
    (
        "unlikely_dates",
        {"data_type": "DATE", "future_count": 3, "max_value": "2057-01-01"},
        {"data_type": "DATE", "future_count": 3, "max_value": "2056-12-31"},
        0.003,
    ),
    (
        "few_future_dates",
        {"data_type": "TIMESTAMP", "future_count": 3},
        {"data_type": "TIMESTAMP", "future_count": 300},
        0.003,
    ),
    (
        "pattern_mismatch",
        {"max_length": 5, "shapes": [("99999", 990), ("AA999", 10)]},
        {"max_length": 5, "shapes": [("99999", 600), ("AA999", 400)]},
        0.01,
    ),
    (
        "inconsistent_casing",
        {"top": [("Paid", 700), ("PAID", 100), ("New", 200)]},
        {"top": [("Paid", 800), ("New", 200)]},
        0.1,
    ),
    (
        "unexpected_numerics",
        {"numeric_text_count": 20, "shapes": [("A… a…", 980), ("99", 20)], "max_length": 30},
        {"numeric_text_count": 20, "shapes": [("A-99", 980), ("99", 20)], "max_length": 30},
        0.02,
    ),
    (
        "non_finite_numbers",
        {"data_type": "DOUBLE", "nan_count": 1, "infinite_count": 1},
        {"data_type": "DOUBLE", "nan_count": 0, "infinite_count": 0},
        0.002,
    ),
    (
        "far_outlier",
        {"data_type": "DOUBLE", "min_value": "0", "max_value": "999", "mean": 10, "stddev": 9},
        {"data_type": "DOUBLE", "min_value": "0", "max_value": "99", "mean": 10, "stddev": 9},
        None,
    ),
    (
        "no_recent_dates",
        {"data_type": "DATE", "max_value": "2025-11-20"},
        {"data_type": "DATE", "max_value": "2025-11-21"},
        1.0,
    ),
]


@pytest.mark.parametrize(("code", "odd", "fine", "prevalence"), CASES)
def test_an_anomaly_is_found_where_it_is_and_only_there(
    code: str, odd: dict[str, Any], fine: dict[str, Any], prevalence: float | None
) -> None:
    anomaly = found(column(**odd))[code]
    assert anomaly.prevalence == (None if prevalence is None else pytest.approx(prevalence))
    assert (anomaly.column_name, anomaly.table_version) == ("c", 3)
    assert code not in found(column(**fine))


def test_one_name_with_two_types_is_found_across_tables() -> None:
    number, text = column("zip", "BIGINT", table="a"), column("ZIP", table="b")
    assert "a: BIGINT, b: STRING" in found(number, text)["multiple_types"].description
    assert "multiple_types" not in found(number, column("zip", "BIGINT", table="b"))


def test_every_kind_is_tried_and_says_what_to_do() -> None:
    assert {code for code, *_ in CASES} | {"multiple_types"} == set(anomaly_types())
    for kind in anomaly_types().values():
        assert kind.description.endswith(".")
        assert kind.suggestion.endswith(".")


def test_ordinary_columns_raise_nothing() -> None:
    plain = [
        column("name", max_length=30, shapes=[("Aa… Aa…", 1_000)]),
        column("price", "DOUBLE", min_value="1", max_value="90", mean=20.0, stddev=8.0),
        column("at", "TIMESTAMP", max_value="2026-11-20 10:00:00.000000", future_count=0),
        column("empty", row_count=0, null_count=0, distinct_count=0),
    ]
    assert found(*plain) == {}


def test_the_same_run_gives_the_same_ids_and_alerting_severities() -> None:
    odd = column(null_count=20, data_type="DOUBLE", nan_count=1)
    assert (
        found(odd)["small_missing_share"].anomaly_id == found(odd)["small_missing_share"].anomaly_id
    )
    assert found(odd)["non_finite_numbers"].severity is Severity.ERROR
    assert len({anomaly.anomaly_id for anomaly in found(odd).values()}) == len(found(odd))
