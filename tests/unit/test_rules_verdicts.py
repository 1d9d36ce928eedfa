"""Every rule: pass, fail, boundary, None, NaN, no rows, and what cannot be judged."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dq_databricks.errors import ParameterError
from dq_databricks.model.vocabulary import ResultStatus
from dq_databricks.rules.catalog import rules
from dq_databricks.rules.values import PastReadout, Readout, Verdict

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
PASS, FAIL, NO_DATA = ResultStatus.PASS, ResultStatus.FAIL, ResultStatus.NO_DATA
NAN = float("nan")
ZONELESS = datetime(2026, 1, 31, 11, tzinfo=UTC).replace(tzinfo=None)
SCHEMA = json.dumps({"id": "INT", "name": "STRING"})


def past(value: str | None = None, number: float | None = None) -> PastReadout:
    return PastReadout(value, number, 100, NOW, PASS)


def judge(rule: str, value: Any, rows: int | None = 100, **parameters: Any) -> Verdict:
    previous = parameters.pop("previous", ())
    finding = str(parameters.pop("finding", "the value"))
    readout = Readout(value, rows, NOW, previous, finding)
    return rules()[rule](readout, **parameters)


CASES: list[tuple[str, Any, int | None, dict[str, Any], ResultStatus]] = [
    ("at_most_count", 0, 100, {}, PASS),
    ("at_most_count", 3, 100, {"max_count": 3}, PASS),
    ("at_most_count", 4, 100, {"max_count": 3}, FAIL),
    ("at_most_count", 0, 0, {}, NO_DATA),
    ("at_most_count", None, 100, {}, NO_DATA),
    ("at_most_count", NAN, 100, {}, FAIL),
    ("at_most_count", Decimal("NaN"), 100, {}, FAIL),
    ("at_most_count", 1, None, {}, FAIL),
    ("at_most_percent", 0, 100, {}, PASS),
    ("at_most_percent", 1, 1_000, {"max_percent": 0.1}, PASS),
    ("at_most_percent", 2, 1_000, {"max_percent": 0.1}, FAIL),
    ("at_most_percent", 1, 10**12, {}, FAIL),
    ("at_most_percent", 100, 100, {"max_percent": 100}, PASS),
    ("at_most_percent", 0, 0, {}, NO_DATA),
    ("at_most_percent", 0, None, {}, NO_DATA),
    ("at_most_percent", None, 100, {}, NO_DATA),
    ("at_most_percent", NAN, 100, {}, FAIL),
    ("value_in_range", 1, 100, {"min_value": 1, "max_value": 2}, PASS),
    ("value_in_range", 2, 100, {"min_value": 1, "max_value": 2}, PASS),
    ("value_in_range", 2.0000001, 100, {"min_value": 1, "max_value": 2}, FAIL),
    ("value_in_range", 0.5, 100, {"min_value": 1}, FAIL),
    ("value_in_range", 2**63 - 1, 100, {"max_value": 2**63 - 2}, FAIL),
    ("value_in_range", Decimal("0.1"), 100, {"min_value": 0}, PASS),
    ("value_in_range", float("inf"), 100, {"max_value": 5}, FAIL),
    ("value_in_range", NAN, 100, {"min_value": 0}, FAIL),
    ("value_in_range", "seven", 100, {"min_value": 0}, FAIL),
    ("value_in_range", True, 100, {"min_value": 0}, FAIL),
    ("value_in_range", None, 100, {"min_value": 0}, NO_DATA),
    ("value_in_range", None, 0, {"min_value": 0}, NO_DATA),
    ("count_in_range", 0, 0, {"min_count": 1}, FAIL),
    ("count_in_range", 1, 1, {"min_count": 1}, PASS),
    ("count_in_range", 6, 6, {"max_count": 5}, FAIL),
    ("count_in_range", None, None, {"max_count": 5}, NO_DATA),
    ("count_in_range", NAN, 6, {"max_count": 5}, FAIL),
    ("no_more_than", 0, 0, {}, PASS),
    ("no_more_than", 1, 0, {}, FAIL),
    ("no_more_than", 1, 5, {"max_count": 1}, PASS),
    ("no_more_than", None, 5, {}, NO_DATA),
    ("no_more_than", NAN, 5, {}, FAIL),
    ("change_at_most_percent", 110, 110, {"previous": (past(number=100.0),)}, PASS),
    ("change_at_most_percent", 90, 90, {"previous": (past(number=100.0),)}, PASS),
    ("change_at_most_percent", 111, 111, {"previous": (past(number=100.0),)}, FAIL),
    ("change_at_most_percent", 5, 5, {"previous": (past(number=0.0),)}, FAIL),
    ("change_at_most_percent", 0, 0, {"previous": (past(number=0.0),)}, PASS),
    ("change_at_most_percent", 0, 0, {"previous": (past(number=9.0),)}, FAIL),
    ("change_at_most_percent", 5, 5, {"previous": (past(), past(number=5.0))}, PASS),
    ("change_at_most_percent", 5, 5, {}, NO_DATA),
    ("change_at_most_percent", None, 5, {}, NO_DATA),
    ("change_at_most_percent", NAN, 5, {"previous": (past(number=5.0),)}, FAIL),
    ("age_at_most_hours", datetime(2026, 1, 30, 12, tzinfo=UTC), 1, {}, PASS),
    ("age_at_most_hours", datetime(2026, 1, 30, 11, 59, tzinfo=UTC), 1, {}, FAIL),
    ("age_at_most_hours", ZONELESS, 1, {"max_age_hours": 1}, PASS),
    ("age_at_most_hours", date(2026, 1, 31), 1, {"max_age_hours": 12}, PASS),
    ("age_at_most_hours", date(2026, 1, 31), 1, {"max_age_hours": 11.9}, FAIL),
    ("age_at_most_hours", date(9999, 12, 31), 1, {}, PASS),
    ("age_at_most_hours", date(1, 1, 1), 1, {}, FAIL),
    ("age_at_most_hours", None, 0, {}, NO_DATA),
    ("age_at_most_hours", NAN, 1, {}, FAIL),
    ("is_true", True, None, {}, PASS),
    ("is_true", False, None, {}, FAIL),
    ("is_true", 1, None, {}, FAIL),
    ("is_true", None, None, {}, NO_DATA),
    ("type_is", "DECIMAL(10,2)", None, {"expected_type": "decimal(10, 2)"}, PASS),
    ("type_is", "INT", None, {"expected_type": "integer"}, PASS),
    ("type_is", "BIGINT", None, {"expected_type": "INT"}, FAIL),
    ("type_is", None, None, {"expected_type": "INT"}, NO_DATA),
    ("schema_is", SCHEMA, None, {"columns": {"name": "string", "id": "int"}}, PASS),
    ("schema_is", SCHEMA, None, {"columns": {"id": "INT"}}, FAIL),
    ("schema_is", SCHEMA, None, {"previous": (past(value=SCHEMA),)}, PASS),
    ("schema_is", SCHEMA, None, {"previous": (past(value='{"id": "INT"}'),)}, FAIL),
    (
        "schema_is",
        SCHEMA,
        None,
        {
            "previous": (past(value="7"), past(value="[")),
        },
        NO_DATA,
    ),
    ("schema_is", SCHEMA, None, {}, NO_DATA),
    ("schema_is", None, None, {"columns": {"id": "INT"}}, NO_DATA),
    ("schema_is", NAN, None, {"columns": {"id": "INT"}}, NO_DATA),
]


@pytest.mark.parametrize(("rule", "value", "rows", "parameters", "status"), CASES)
def test_each_rule_gives_its_verdict(
    rule: str, value: object, rows: int | None, parameters: dict[str, object], status: ResultStatus
) -> None:
    assert judge(rule, value, rows, **parameters).status == status


def test_every_rule_stands_in_the_table_above() -> None:
    assert {case[0] for case in CASES} == set(rules())


def test_a_failed_count_says_how_many_of_how_many_rows() -> None:
    found = judge("at_most_percent", 3, 336_776, finding="are null")
    assert found.message == "3 of 336,776 rows are null (0.000891 %), at most 0 % allowed"
    assert (found.expected, found.actual) == ("at most 0 %", "0.000891 %")
    assert found.upper == 0.0
    assert found.number == pytest.approx(0.000891, rel=1e-3)


def test_one_row_is_singular_and_an_unknown_row_count_is_left_out() -> None:
    one = judge("at_most_count", 1, 10, finding="share their value with another row")
    assert one.message.startswith("1 of 10 rows shares their value")
    unknown = judge("at_most_count", 1_500, None, finding="are null")
    assert unknown.message == "1,500 rows are null, at most 0 allowed"
    assert unknown.actual == "1500"


def test_a_range_names_the_figure_and_both_limits() -> None:
    found = judge("value_in_range", 12.5, finding="the mean", min_value=1, max_value=10)
    assert found.message == "The mean is 12.5; expected between 1 and 10"
    assert (found.number, found.lower, found.upper) == (12.5, 1.0, 10.0)


def test_nan_is_named_and_never_a_number_of_the_verdict() -> None:
    found = judge("value_in_range", NAN, min_value=0)
    assert "NaN" in found.message
    assert found.number is None
    assert judge("value_in_range", float("inf"), max_value=0).number is None


def test_a_change_keeps_its_figure_for_the_next_run() -> None:
    first = judge("change_at_most_percent", 250, 250, finding="the row count")
    assert (first.status, first.number, first.actual) == (NO_DATA, 250.0, "250")
    assert "no previous run" in first.message
    next_one = judge("change_at_most_percent", 300, previous=(past(number=first.number),))
    assert (next_one.lower, next_one.upper, next_one.status) == (225.0, 275.0, FAIL)


def test_the_first_schema_is_kept_for_the_next_run() -> None:
    first = judge("schema_is", SCHEMA)
    assert first.actual == SCHEMA
    changed = judge("schema_is", '{"id": "BIGINT", "z": "INT"}', previous=(past(first.actual),))
    assert changed.message == (
        "Column name (STRING) is gone; column id was INT and is BIGINT; column z (INT) is new"
    )


def test_arithmetic_stands_in_the_first_line_and_every_parameter_has_help() -> None:
    for rule in rules().values():
        assert rule.arithmetic.startswith("Passes when "), rule.name
        assert all(parameter.help for parameter in rule.parameters), rule.name


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"max_count": "3"}, ["at_most_count", "max_count", "'3'", "a whole number"]),
        ({"max_count": True}, ["max_count", "True"]),
        ({"max_count": -1}, ["max_count", "-1", "greater than or equal to 0"]),
        ({"max_cuont": 1}, ["max_cuont", "did you mean 'max_count'"]),
        ({"max_count": NAN}, ["max_count", "nan"]),
        ({"max_count": object()}, ["max_count", "a whole number"]),
    ],
)
def test_wrong_parameters_are_named(parameters: dict[str, object], words: list[str]) -> None:
    with pytest.raises(ParameterError) as caught:
        judge("at_most_count", 1, **parameters)
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_limits_need_an_order_and_at_least_one() -> None:
    with pytest.raises(ParameterError, match="min_value is 5, above max_value, which is 1"):
        judge("value_in_range", 1, min_value=5, max_value=1)
    with pytest.raises(ParameterError, match="give min_value, max_value or both"):
        judge("value_in_range", 1)


ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.decimals(),
    st.text(max_size=5),
    st.dates(),
    st.datetimes(),
    st.binary(max_size=3),
)
REQUIRED: dict[str, dict[str, object]] = {
    "type_is": {"expected_type": "INT"},
    "value_in_range": {"min_value": 0},
    "count_in_range": {"min_count": 0},
}


@given(value=ANYTHING, rows=st.none() | st.integers(0, 2**63 - 1), number=st.none() | st.floats())
def test_rules_are_total(value: object, rows: int | None, number: float | None) -> None:
    for name in rules():
        found = judge(name, value, rows, previous=(past("x", number),), **REQUIRED.get(name, {}))
        assert found.status in {PASS, FAIL, NO_DATA}
        assert found.message
