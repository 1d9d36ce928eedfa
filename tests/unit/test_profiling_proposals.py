"""Tests derived from profiles: few, with their thresholds and reasons, never over a person's."""

from __future__ import annotations

import re
from typing import Any

import pytest

from dq_databricks.checks.catalog import check_types, find_check_type
from dq_databricks.checks.definition import validate
from dq_databricks.model import vocabulary
from dq_databricks.model.profile import ColumnProfile
from dq_databricks.model.testing import TestRecord
from dq_databricks.model.vocabulary import Severity
from dq_databricks.profiling.patterns import pattern_of, pattern_regex
from dq_databricks.profiling.proposals import ProposedTest, merge_proposals, propose
from dq_databricks.sql.regex import portable_regex
from tests.support.profiled import NOW, column, snapshot_of

MONTH = column("month", "BIGINT", min_value="1", max_value="6", distinct_count=6)
KEY = column("order_id", "BIGINT", min_value="1", max_value="1000", distinct_count=1_000)
STATE = column("state", max_length=4, distinct_count=2, top=[("OPEN", 600), ("PAID", 400)])
AMOUNT = column(
    "amount",
    "DOUBLE",
    row_count=10_000,
    null_count=200,
    min_value="0.5",
    max_value="100.5",
    mean=20.0,
    stddev=8.0,
)
ZIP = column("zip", max_length=5, min_length=5, distinct_count=300, shapes=[("9…", 1_000)])
PLATE = column("plate", max_length=5, min_length=5, distinct_count=300, shapes=[("AA-99", 1_000)])
SEEN = column(
    "seen_at", "TIMESTAMP", future_count=0, max_value="2026-11-21 02:00:00.000000", min_value="x"
)
EVERYTHING = (MONTH, KEY, STATE, AMOUNT, ZIP, PLATE, SEEN)


def proposals(*columns: ColumnProfile, **others: Any) -> dict[tuple[str, ...], ProposedTest]:
    found = propose(snapshot_of(*columns), columns, **others)
    return {(test.rule_type, *test.columns): test for test in found}


def stored(test: ProposedTest, **changes: Any) -> TestRecord:
    return test.record(table_group_id="g", at=NOW).model_copy(update=changes)


@pytest.mark.parametrize(
    ("profiled", "rule_type", "parameters", "reason"),
    [
        (MONTH, "nulls_percent", {"max_percent": 0.0}, "no nulls in 1,000 rows at version 3"),
        (AMOUNT, "nulls_percent", {"max_percent": 3.0}, "200 nulls in 10,000 rows"),
        (KEY, "unique", {}, "every value occurs once in 1,000 rows at version 3"),
        (STATE, "accepted_values", {"values": ["OPEN", "PAID"]}, "2 different values"),
        (MONTH, "values_in_range", {"min_value": 1, "max_value": 6}, "values from 1 to 6"),
        (AMOUNT, "values_in_range", {"min_value": 0.0, "max_value": 110.5}, "10 % of the span"),
        (AMOUNT, "mean_in_range", {"min_value": 18.0, "max_value": 22.0}, "a mean of 20"),
        (ZIP, "regex_match", {"pattern": "^[0-9]{4,}$"}, "shape 9…"),
        (PLATE, "regex_match", {"pattern": r"^[A-Z]{2}[\-][0-9]{2}$"}, "shape AA-99"),
        (SEEN, "dates_in_future", {"max_percent": 0.0}, "no date in the future"),
        (SEEN, "freshness_column", {"max_age_hours": 44.0}, "10 hours old"),
    ],
)
def test_a_proposal_has_its_threshold_and_reason(
    profiled: ColumnProfile, rule_type: str, parameters: dict[str, object], reason: str
) -> None:
    test = proposals(profiled)[(rule_type, profiled.column_name)]
    assert test.parameters == parameters
    assert reason in test.reason


@pytest.mark.parametrize(
    ("profiled", "rule_type"),
    [
        (column(null_count=501), "nulls_percent"),
        (column("order_id", "BIGINT", distinct_count=999), "unique"),
        (column("order_id", distinct_count=1_000, distinct_is_exact=False), "unique"),
        (column(distinct_count=60, top=[("a", 900)]), "accepted_values"),
        (KEY, "values_in_range"),
        (column("d", "DATE", future_count=1, max_value="2027-01-01"), "dates_in_future"),
        (column("d", "DATE", future_count=0, max_value="2026-01-01"), "freshness_column"),
        (column(max_length=9, shapes=[("9…", 990), ("A9", 10)]), "regex_match"),
        (column(max_length=9, shapes=[("Xa…", 1_000)]), "regex_match"),
    ],
)
def test_nothing_is_proposed_that_the_profile_does_not_carry(
    profiled: ColumnProfile, rule_type: str
) -> None:
    assert (rule_type, profiled.column_name) not in proposals(profiled)


def test_a_table_gets_its_tests_and_an_empty_one_none() -> None:
    found = proposals(MONTH)
    assert found[("row_count_range",)].parameters == {"min_count": 900}
    assert found[("schema_unchanged",)].parameters == {"columns": {"month": "BIGINT"}}
    assert proposals(column(row_count=0)) == {}


def test_every_proposal_is_a_valid_test() -> None:
    key = column("state", table="states", max_length=4, distinct_count=1_000, min_value="A")
    others = {"main.s.states": [key.model_copy(update={"max_value": "Z"})]}
    state = STATE.model_copy(update={"min_value": "OPEN", "max_value": "PAID"})
    columns = (*[entry for entry in EVERYTHING if entry is not STATE], state)
    found = propose(snapshot_of(*columns), columns, others=others)
    for test in found:
        definition = validate(
            find_check_type(test.rule_type), test.columns, test.parameters, snapshot_of(*columns)
        )
        assert definition.columns == test.columns
        assert test.rule_type in check_types(), "proposals use the name, not an alias"
    assert "referential_integrity" in {test.rule_type for test in found}
    assert len({test.test_id for test in found}) == len(found)


def test_a_reference_needs_a_key_of_the_same_name_that_covers_the_values() -> None:
    def refers(column_max: str, key_distinct: int, key_name: str = "carrier") -> bool:
        ours = column("carrier", min_value="AA", max_value=column_max, distinct_count=15)
        key = column(
            key_name, min_value="9E", max_value="YV", distinct_count=key_distinct, table="airlines"
        )
        return ("referential_integrity", "carrier") in proposals(ours, others={"a": [key]})

    assert refers("YV", 1_000)
    assert not refers("ZZ", 1_000), "a value beyond the keys"
    assert not refers("YV", 999), "no key"
    assert not refers("YV", 1_000, "code"), "another name"


def test_proposing_again_refreshes_and_adds_nothing() -> None:
    before = proposals(MONTH)[("values_in_range", "month")]
    wider = MONTH.model_copy(update={"max_value": "12"})
    after = proposals(wider)[("values_in_range", "month")]
    assert before.test_id == after.test_id
    merge = merge_proposals([stored(before)], [after])
    assert (merge.new, merge.refreshed, merge.kept) == ((), ((stored(before), after),), ())
    assert merge_proposals([stored(before)], [before]).kept == (stored(before),)
    assert merge_proposals([], [before]).new == (before,)


@pytest.mark.parametrize(
    "touched",
    [
        {"is_locked": True},
        {"deleted_at": NOW},
        {"origin": vocabulary.TestOrigin.MANUAL},
        {"origin": vocabulary.TestOrigin.MANUAL, "test_id": "made by hand"},
    ],
)
def test_what_a_person_touched_is_never_overwritten(touched: dict[str, Any]) -> None:
    before = proposals(MONTH)[("values_in_range", "month")]
    after = proposals(MONTH.model_copy(update={"max_value": "12"}))[("values_in_range", "month")]
    kept = stored(before, **touched)
    merge = merge_proposals([kept], [after])
    assert (merge.new, merge.refreshed, merge.kept) == ((), (), (kept,))


def test_a_proposal_becomes_a_test_record_that_says_where_it_is_from() -> None:
    record = stored(proposals(AMOUNT)[("mean_in_range", "amount")])
    assert (record.origin, record.severity, record.is_locked) == (
        vocabulary.TestOrigin.PROPOSED,
        Severity.WARNING,
        False,
    )
    assert (record.profile_run_id, record.column_name) == ("run", "amount")
    assert record.name == "mean_in_range of t.amount"


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("N14228", "A9…"),
        ("AB-12", "AA-99"),
        ("Ünï", "Xax"),
        ("a b", "a a"),
        ("", ""),
        ("1+1", "9+9"),
    ],
)
def test_patterns_fold_runs_and_keep_the_rest(text: str, pattern: str) -> None:
    assert pattern_of(text) == pattern


@pytest.mark.parametrize("text", ["N14228", "AB-12", "a b", "1+1", "[x]^-\\", "A.b", "(12) 345"])
def test_the_regular_expression_of_a_pattern_fits_its_text(text: str) -> None:
    regex = pattern_regex(pattern_of(text))
    assert regex is not None
    assert re.fullmatch(regex, text)
    assert not re.fullmatch(regex, text + "!")
    assert re.search(portable_regex(regex).replace(r"\z", r"\Z"), text)


def test_a_pattern_of_long_text_is_cut_and_has_no_regular_expression() -> None:
    pattern = pattern_of("a1" * 100_000)
    assert len(pattern) <= 100
    assert pattern_regex(pattern) is None
