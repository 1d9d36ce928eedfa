"""The catalog of check types: found by every name, described in words."""

from __future__ import annotations

import pytest

from dq_databricks.checks.catalog import check_types, describe, find_check_type
from dq_databricks.checks.definition import (
    checked_parameters,
    definition_text,
    parameters_from_text,
    parse_definition,
    validate,
)
from dq_databricks.checks.entry import CheckType
from dq_databricks.errors import ColumnNotFoundError, ParameterError, UnknownNameError
from dq_databricks.rules.catalog import rules
from dq_databricks.sensors.catalog import sensors
from dq_databricks.sensors.measure import MeasureKind
from tests.support.sensing import snapshot_of

ALL = list(check_types().values())
FLIGHTS = snapshot_of({"dep_time": "INT", "carrier": "STRING", "tags": "MAP<STRING,INT>"})


def test_there_are_three_check_types_of_every_kind() -> None:
    for kind in MeasureKind:
        assert sum(check_type.kind == kind for check_type in ALL) >= 3, kind


@pytest.mark.parametrize("check_type", ALL, ids=lambda entry: entry.name)
def test_a_check_type_pairs_what_is_in_the_catalogs(check_type: CheckType) -> None:
    assert sensors()[check_type.sensor.name] is check_type.sensor
    assert rules()[check_type.rule.name] is check_type.rule
    assert check_type.description.endswith(".")
    names = [parameter.name for parameter in check_type.parameters]
    assert len(names) == len(set(names)), "sensor and rule must not share a parameter name"
    assert set(check_type.defaults) <= set(names)


@pytest.mark.parametrize("check_type", ALL, ids=lambda entry: entry.name)
def test_a_check_type_is_found_by_each_of_its_names(check_type: CheckType) -> None:
    for name in (check_type.name, *check_type.aliases):
        assert find_check_type(name) is check_type
        assert find_check_type(f" {name.upper()} ") is check_type


@pytest.mark.parametrize("check_type", ALL, ids=lambda entry: entry.name)
def test_a_description_says_how_it_judges_and_what_it_takes(check_type: CheckType) -> None:
    described = describe(check_type)
    assert described.passes.startswith("Passes when")
    assert described.measures == check_type.sensor.measures
    assert all(parameter.help and parameter.type for parameter in described.parameters)


def test_every_sensor_and_every_rule_is_used() -> None:
    assert {entry.sensor.name for entry in ALL} == set(sensors())
    assert {entry.rule.name for entry in ALL} == set(rules())


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("null_percent", "nulls_percent"), ("uniqe", "unique"), ("Mising_Pct", "Missing_Pct")],
)
def test_an_unknown_name_is_answered_with_near_ones(typed: str, meant: str) -> None:
    with pytest.raises(UnknownNameError, match=f"{typed!r}; did you mean .*{meant!r}"):
        find_check_type(typed)
    with pytest.raises(UnknownNameError, match="known: accepted_values, blank_text"):
        find_check_type("qqqqqqqq")


def test_defaults_fill_in_and_explicit_null_lifts_a_limit() -> None:
    volume = find_check_type("row_count_range")
    assert checked_parameters(volume, {}) == {"min_count": 1, "max_count": None}
    given = {"min_count": None, "max_count": 5}
    assert checked_parameters(volume, given) == given
    nulls = find_check_type("nulls_percent")
    assert checked_parameters(nulls, {"max_percent": None}) == {"max_percent": 0.0}


@pytest.mark.parametrize(
    ("check_type", "parameters", "words"),
    [
        ("regex_match", {}, "regex_match: parameter pattern is missing; wanted text"),
        ("regex_match", {"pattern": 5}, "regex_match: parameter pattern: got 5; wanted text"),
        ("nulls_percent", {"max_percent": "1"}, "max_percent: got '1'; wanted a number"),
        ("nulls_percent", {"max_percent": 101}, "got 101; wanted a number .*less than or equal"),
        ("nulls_percent", {"max_persent": 1}, "unknown parameter 'max_persent'; did you mean"),
        ("dates_in_range", {"min_date": "31.1."}, r"wanted a date \(YYYY-MM-DD\)"),
        ("accepted_values", {"values": []}, "wanted a list of text or a number"),
        ("accepted_values", {"values": ["a"] * 201}, "at most 200 items"),
        ("text_length_range", {}, "give min_length, max_length or both; got neither"),
        ("values_in_range", {"min_value": 2, "max_value": 1}, "min_value is 2, above max_value"),
    ],
)
def test_wrong_parameters_name_type_parameter_got_and_wanted(
    check_type: str, parameters: dict[str, object], words: str
) -> None:
    with pytest.raises(ParameterError, match=words):
        checked_parameters(find_check_type(check_type), parameters)


def test_a_new_test_is_validated_against_the_table() -> None:
    made = validate(find_check_type("nulls_percent"), ["Dep_Time"], {"max_percent": 1}, FLIGHTS)
    assert made.columns == ("dep_time",)
    assert made.parameters == {"max_percent": 1.0}
    with pytest.raises(ColumnNotFoundError, match="did you mean 'dep_time'"):
        validate(find_check_type("nulls_percent"), ["dep_tim"], {}, FLIGHTS)
    with pytest.raises(ParameterError, match="mean_in_range: column 'carrier' is STRING"):
        validate(find_check_type("mean_in_range"), ["carrier"], {"min_value": 0}, FLIGHTS)
    with pytest.raises(ParameterError, match="unique: wants one column; got none"):
        validate(find_check_type("unique"), [], {}, FLIGHTS)
    with pytest.raises(ParameterError, match="duplicate_rows: column 'tags' is MAP"):
        validate(find_check_type("duplicate_rows"), [], {}, FLIGHTS)
    assert validate(find_check_type("column_exists"), ["gone"], {}, FLIGHTS).columns == ("gone",)


def test_a_definition_reads_back_what_was_written() -> None:
    text = definition_text(["a`b", "😀"], {"values": ["x", 1], "max_percent": 0.5})
    assert parse_definition(text).columns == ("a`b", "😀")
    assert parse_definition(text).parameters == {"values": ["x", 1], "max_percent": 0.5}
    assert text == definition_text(["a`b", "😀"], {"max_percent": 0.5, "values": ["x", 1]})
    assert parse_definition("{}").columns == ()


@pytest.mark.parametrize("text", ["", "[]", "{", '{"columns": "a"}', '{"parameters": [1]}', "7"])
def test_a_broken_definition_is_refused(text: str) -> None:
    with pytest.raises(ParameterError, match="definition"):
        parse_definition(text)


def test_parameters_typed_by_a_person_are_read_by_their_type() -> None:
    def read(name: str, **texts: str) -> dict[str, object]:
        return parameters_from_text(find_check_type(name), texts)

    assert read("regex_match", pattern="12", max_percent="0.5") == {
        "pattern": "12",
        "max_percent": 0.5,
    }
    assert read("accepted_values", values="NY, NJ,5") == {"values": ["NY", "NJ", 5]}
    assert read("accepted_values", values='["5", 5]') == {"values": ["5", 5]}
    assert read("row_count_range", min_count="7", max_count="null") == {
        "min_count": 7,
        "max_count": None,
    }
    assert read("referential_integrity", reference_table="a.b.c", reference_columns="x,y") == {
        "reference_table": "a.b.c",
        "reference_columns": ["x", "y"],
    }
    assert read("schema_unchanged", columns='{"id": "INT"}') == {"columns": {"id": "INT"}}
    with pytest.raises(ParameterError, match="max_percent: got 'lots'; wanted a number"):
        read("nulls_percent", max_percent="lots")
