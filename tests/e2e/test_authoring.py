"""Writing a sensor, a rule and a check type, and trying them: on the example and on a table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from dq_databricks import Quality, authoring
from dq_databricks.errors import ColumnNotFoundError, SqlError, UnknownNameError, UnsupportedError
from dq_databricks.sensors.catalog import sensors
from dq_databricks.sensors.entry import Sensor
from tests.support.engines import open_engine_for_tests
from tests.support.store import settings_for

_CODES = authoring.ExampleTable({"code": "STRING"}, (("AB",), ("ab",), (None,)))
UPPER_CASE_COUNT = authoring.Sensor(
    name="upper_case_count",
    family="text",
    kind=authoring.MeasureKind.SCAN,
    measures="How many rows hold text in capital letters.",
    finding="are in capital letters",
    accepts=authoring.TEXT,
    example=authoring.Example(_CODES, expected=1),
)
TEMPLATE = "count(CASE WHEN {{ quote(column.name) }} = upper({{ quote(column.name) }}) THEN 1 END)"


@authoring.rule
def at_least_count(readout: authoring.Readout, *, min_count: int = 1) -> authoring.Verdict:
    """Passes when value ≥ min_count."""
    expected = f"at least {min_count}"
    if not isinstance(readout.value, int):
        return authoring.nothing_measured(readout, expected)
    return authoring.verdict(
        passed=readout.value >= min_count,
        expected=expected,
        actual=str(readout.value),
        message=f"{readout.value} rows {readout.finding}",
        judged=readout.value,
        lower=min_count,
    )


UPPER_CASE = authoring.CheckType(
    name="upper_case",
    description="Enough rows are in capital letters.",
    sensor=UPPER_CASE_COUNT,
    rule=at_least_count,
    dimension=authoring.Dimension.VALIDITY,
)


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Quality]:
    """A face over an engine without any schema: trying needs none."""
    with open_engine_for_tests("local", tmp_path) as engine:
        yield Quality(settings_for("s"), engine)


def can_be_tried(sensor: Sensor) -> bool:
    return sensor.template is not None and not sensor.example.references


@pytest.mark.parametrize("name", [s.name for s in sensors().values() if can_be_tried(s)])
def test_what_is_in_the_catalog_is_right(bare: Quality, name: str) -> None:
    trial = bare.authoring.try_sensor(bare.authoring.sensor(name))
    assert trial.is_right, trial


@pytest.mark.parametrize("name", [s.name for s in sensors().values() if not can_be_tried(s)])
def test_what_no_sql_of_its_own_answers_is_refused_by_name(bare: Quality, name: str) -> None:
    with pytest.raises(UnsupportedError, match=rf"sensor '{name}': .*use it in a check type"):
        bare.authoring.try_sensor(bare.authoring.sensor(name))


def test_a_new_sensor_is_measured_from_its_text(bare: Quality) -> None:
    trial = bare.authoring.try_sensor(UPPER_CASE_COUNT, TEMPLATE)
    assert trial.is_right
    assert (trial.measured, trial.measured_on_empty) == (1, 0)
    assert trial.sql == "count(CASE WHEN `code` = upper(`code`) THEN 1 END)"


def test_a_sensor_that_keeps_no_promise_is_not_right(bare: Quality) -> None:
    wrong = replace(UPPER_CASE_COUNT, example=authoring.Example(_CODES, expected=2))
    assert not bare.authoring.try_sensor(wrong, TEMPLATE).is_right
    other = replace(UPPER_CASE_COUNT, on_empty=None)
    assert not bare.authoring.try_sensor(other, TEMPLATE).is_right


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("count(CASE WHEN floor({{ quote(column.name) }}) = 2 THEN 1 END)", "CAST(floor(x) AS"),
        ("count(rand() + {{ quote(column.name) }})", "RAND"),
    ],
)
def test_what_is_not_portable_is_told_with_the_way_out_and_not_measured(
    bare: Quality, template: str, said: str
) -> None:
    numbers = authoring.ExampleTable({"amount": "DOUBLE"}, ((2.0,), (2.5,)))
    example = authoring.Example(numbers, expected=1)
    whole = replace(UPPER_CASE_COUNT, accepts=authoring.NUMERIC, example=example)
    trial = bare.authoring.try_sensor(whole, template)
    assert said in trial.findings[0]
    assert (trial.measured, trial.is_right) == (None, False)


def test_a_template_that_does_not_render_says_why(bare: Quality) -> None:
    with pytest.raises(SqlError, match="'colunm' is undefined"):
        bare.authoring.try_sensor(UPPER_CASE_COUNT, "count({{ colunm }})")


def test_a_new_check_type_judges_a_table_and_stores_nothing(quality: Quality, orders: Path) -> None:
    with quality:
        passed = quality.authoring.try_check(
            UPPER_CASE, str(orders), columns=["select"], template=TEMPLATE
        )
        assert passed.verdict.status is authoring.ResultStatus.FAIL
        assert passed.verdict.message == "0 rows are in capital letters"
        assert len(passed.statements) == 1
        looser = quality.authoring.try_check(
            UPPER_CASE, str(orders), columns=["select"], template=TEMPLATE,
            parameters={"min_count": 0},
        )  # fmt: skip
        assert looser.verdict.status is authoring.ResultStatus.PASS
        assert not quality.catalog.tables().items
        with pytest.raises(ColumnNotFoundError, match="no column 'slect'"):
            quality.authoring.try_check(UPPER_CASE, str(orders), columns=["slect"])


def test_a_measure_that_fails_is_a_verdict(quality: Quality, orders: Path) -> None:
    with quality:
        trial = quality.authoring.try_check(
            UPPER_CASE, str(orders), columns=["select"], template="count(raise_error('no'))"
        )
        assert trial.verdict.status is authoring.ResultStatus.ERROR


def test_entries_and_templates_are_found_by_name(bare: Quality) -> None:
    assert "THEN 1 END" in bare.authoring.template("null_count")
    assert bare.authoring.check_type("nulls_percent").sensor.name == "null_count"
    with pytest.raises(UnknownNameError, match="did you mean 'null_count'"):
        bare.authoring.sensor("nul_count")
