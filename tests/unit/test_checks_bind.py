"""A test bound, measured and judged: measures, errors as results, severities, words."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from dq_databricks.checks.bind import BoundCheck, bind, row_count_key, value_key
from dq_databricks.engine.protocol import Snapshot
from dq_databricks.model.testing import TestRecord
from dq_databricks.model.vocabulary import ResultStatus, Severity
from dq_databricks.rules.values import PastReadout, Verdict
from dq_databricks.sensors.measure import MeasureKind, Measurement
from tests.support.sensing import relation, snapshot_of

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
TABLE = snapshot_of({"id": "INT", "name": "STRING", "tags": "MAP<STRING,INT>"})


def record(
    check_type: str, columns: Sequence[str] = (), *, severity: Severity = Severity.ERROR, **p: Any
) -> TestRecord:
    return TestRecord(
        created_at=NOW,
        updated_at=NOW,
        test_id="t1",
        table_group_id="g",
        name=check_type,
        rule_type=check_type,
        definition=json.dumps({"columns": list(columns), "parameters": p}),
        table_id="t",
        table_name="t",
        column_name=columns[0] if columns else None,
        severity=severity,
    )


def bound(test: TestRecord, snapshot: Snapshot = TABLE) -> BoundCheck:
    return bind(test, snapshot, resolve_reference=relation, now=NOW)


def judged(check: BoundCheck, value: Any, rows: Any = 10, **more: Any) -> Verdict:
    found = {
        value_key("t1"): Measurement(value_key("t1"), value, "scan"),
        row_count_key("t1"): Measurement(row_count_key("t1"), rows, "scan"),
    }
    return check.judge(found, at=NOW, **more)


def test_a_check_measures_its_value_and_the_row_count() -> None:
    check = bound(record("nulls_percent", ["name"]))
    assert [measure.key for measure in check.measures] == ["t1/value", "t1/row_count"]
    assert {measure.kind for measure in check.measures} == {MeasureKind.SCAN}
    assert check.problem is None


def test_a_check_of_metadata_needs_no_row_count() -> None:
    check = bound(record("column_type", ["name"], expected_type="string"))
    assert [measure.key for measure in check.measures] == ["t1/value"]
    assert check.measures[0].value == "STRING"
    found = {"t1/value": Measurement("t1/value", "STRING", "metadata")}
    assert check.judge(found, at=NOW).status == ResultStatus.PASS


def test_a_failure_says_how_many_of_how_many_in_plain_words() -> None:
    check = bound(record("accepted_values", ["name"], values=["NY", "NJ"], max_percent=5))
    verdict = judged(check, 3, 12)
    assert verdict.status == ResultStatus.FAIL
    assert verdict.message == "3 of 12 rows are none of NY, NJ (25 %), at most 5 % allowed"


@pytest.mark.parametrize(
    ("check_type", "columns", "parameters", "words"),
    [
        ("values_in_range", ["id"], {"min_value": 1, "max_value": 9}, "are not between 1 and 9"),
        ("values_in_range", ["id"], {"min_value": 1}, "are not at least 1"),
        ("text_length_range", ["name"], {"max_length": 9}, "have a text length that is not at mo"),
        ("regex_match", ["name"], {"pattern": "^a"}, "do not match ^a"),
        ("unique", ["id"], {}, "share their value with another row"),
        (
            "referential_integrity",
            ["id"],
            {"reference_table": "r", "reference_columns": ["id"]},
            "have no match in r",
        ),
    ],
)
def test_the_words_carry_the_parameters(
    check_type: str, columns: list[str], parameters: dict[str, Any], words: str
) -> None:
    verdict = judged(bound(record(check_type, columns, **parameters)), 2)
    assert f"2 of 10 rows {words}" in verdict.message


def test_braces_in_a_parameter_stay_as_they_are() -> None:
    check = bound(record("accepted_values", ["name"], values=["{x}", "{range}"]))
    assert "{x}, {range}" in judged(check, 1).message


def test_severity_warning_turns_fail_into_warn_and_nothing_else() -> None:
    warning = bound(record("nulls_percent", ["name"], severity=Severity.WARNING))
    assert judged(warning, 1).status == ResultStatus.WARN
    assert judged(warning, 0).status == ResultStatus.PASS
    assert judged(warning, 0, 0).status == ResultStatus.NO_DATA
    fatal = bound(record("nulls_percent", ["name"], severity=Severity.FATAL))
    assert judged(fatal, 1).status == ResultStatus.FAIL


@pytest.mark.parametrize(
    ("test", "words"),
    [
        (record("nulls_percent", ["nmae"]), "no column 'nmae'; did you mean 'name'"),
        (record("nulls_persent", ["name"]), "did you mean 'nulls_percent'"),
        (record("mean_in_range", ["name"], min_value=1), "column 'name' is STRING"),
        (record("regex_match", ["name"], pattern="(a"), "never closed"),
        (record("regex_match", ["name"], pattern=7), "wanted text"),
        (record("duplicate_rows"), "column 'tags' is MAP<STRING,INT>"),
        (record("nulls_percent", ["name"]).model_copy(update={"definition": "{"}), "no JSON"),
    ],
)
def test_a_test_that_does_not_fit_is_an_error_result(test: TestRecord, words: str) -> None:
    check = bound(test)
    assert check.measures == ()
    verdict = check.judge({}, at=NOW)
    assert verdict.status == ResultStatus.ERROR
    assert words in verdict.message


def test_a_measurement_that_failed_is_an_error_result() -> None:
    check = bound(record("nulls_percent", ["name"], severity=Severity.WARNING))
    broken = Measurement("t1/value", None, "scan", error="overflow in sum")
    assert check.judge({"t1/value": broken}, at=NOW).status == ResultStatus.ERROR
    assert "overflow in sum" in check.judge({"t1/value": broken}, at=NOW).message
    assert "not measured" in check.judge({}, at=NOW).message


def test_the_previous_run_may_come_with_binding_or_with_judging() -> None:
    past = PastReadout("100", 100.0, 100, NOW, ResultStatus.PASS)
    test = record("row_count_change", max_percent=10)
    assert judged(bound(test), 120, 120).status == ResultStatus.NO_DATA
    assert judged(bound(test), 120, 120, previous=[past]).status == ResultStatus.FAIL
    early = bind(test, TABLE, resolve_reference=relation, now=NOW, previous=[past])
    assert judged(early, 105, 105).status == ResultStatus.PASS


def test_the_column_of_the_record_serves_where_the_definition_has_none() -> None:
    test = record("nulls_percent", ["name"]).model_copy(update={"definition": "{}"})
    assert bound(test).measures[0].columns == {"name"}


@pytest.mark.parametrize("name", ["select", "a.b", "a`b", "a b", "😀"])
def test_odd_column_names_are_measured(name: str) -> None:
    check = bound(record("unique", [name]), snapshot_of({name: "STRING"}))
    assert check.problem is None
    assert check.measures[0].group_by == (name,)


def test_a_missing_column_fails_column_exists() -> None:
    check = bound(record("column_exists", ["gone"]))
    assert check.measures[0].value is False
    found = {"t1/value": Measurement("t1/value", False, "metadata")}
    assert check.judge(found, at=NOW).status == ResultStatus.FAIL


def test_the_age_of_the_last_commit_comes_from_the_snapshot() -> None:
    stale = replace(TABLE, modified_at=datetime(2026, 1, 29, tzinfo=UTC))
    check = bound(record("freshness_commit"), stale)
    found = {"t1/value": Measurement("t1/value", check.measures[0].value, "metadata")}
    verdict = check.judge(found, at=NOW)
    assert verdict.status == ResultStatus.FAIL
    assert "60 hours old; expected at most 24 hours old" in verdict.message
