"""Entries and templates belong together, and what they render is portable SQL."""

from __future__ import annotations

import re
from contextlib import nullcontext
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

from dq_databricks.errors import ParameterError, UnknownNameError
from dq_databricks.model.column_types import GeneralType
from dq_databricks.sensors.catalog import find_sensor, sensors
from dq_databricks.sensors.entry import Scope, Sensor
from dq_databricks.sensors.measure import MeasureKind
from dq_databricks.sensors.render import TEMPLATES
from dq_databricks.sql.parse import parse_statement
from dq_databricks.sql.portable import check_portable
from tests.support.sensing import measure, render_example

ALL = sorted(sensors().values(), key=lambda sensor: sensor.name)
RENDERED = [sensor for sensor in ALL if sensor.template]


def named(sensor: Sensor) -> str:
    return sensor.name


def text_of(sensor: Sensor) -> str:
    text = render_example(sensor).expression.text
    return text if sensor.kind == MeasureKind.QUERY else f"SELECT {text} AS m"


def test_every_template_has_an_entry_and_every_entry_its_template() -> None:
    files = {path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*.sql.j2")}
    assert files == {sensor.template for sensor in RENDERED}


def test_metadata_and_only_metadata_is_answered_without_a_template() -> None:
    for sensor in ALL:
        assert (sensor.template is None) == (sensor.kind == MeasureKind.METADATA), sensor.name


def test_a_sensor_stands_in_the_module_of_its_family() -> None:
    folder = Path(TEMPLATES).parent
    for sensor in ALL:
        assert f'name="{sensor.name}"' in (folder / f"{sensor.family}.py").read_text(), sensor.name


def test_there_are_three_of_every_kind() -> None:
    for kind in MeasureKind:
        assert sum(sensor.kind == kind for sensor in ALL) >= 3, kind


@pytest.mark.parametrize("sensor", ALL, ids=named)
def test_an_entry_explains_itself(sensor: Sensor) -> None:
    assert sensor.measures.endswith(".")
    assert sensor.finding
    assert all(parameter.help.endswith(".") for parameter in sensor.parameters)
    assert set(sensor.example.parameters) <= {parameter.name for parameter in sensor.parameters}


@pytest.mark.parametrize("sensor", RENDERED, ids=named)
def test_a_rendered_example_is_portable(sensor: Sensor) -> None:
    assert check_portable(parse_statement(text_of(sensor))) == []


@pytest.mark.parametrize("sensor", RENDERED, ids=named)
def test_an_expression_is_one_column_and_binds_all_its_markers(sensor: Sensor) -> None:
    measured = render_example(sensor)
    tree = sqlglot.parse_one(text_of(sensor), read="databricks")
    assert isinstance(tree, exp.Select)
    markers = {str(node.this) for node in tree.find_all(exp.Placeholder, exp.Parameter)}
    assert markers == set(measured.expression.parameters)
    if sensor.kind in {MeasureKind.SCAN, MeasureKind.GROUP}:
        assert len(tree.expressions) == 1
        assert tree.find(exp.AggFunc), "a scan measures by an aggregate"


@pytest.mark.parametrize("sensor", [s for s in RENDERED if s.kind == "scan"], ids=named)
def test_a_scan_names_the_columns_it_reads(sensor: Sensor) -> None:
    tree = sqlglot.parse_one(text_of(sensor), read="databricks")
    read = {column.name for column in tree.find_all(exp.Column)}
    assert read == set(render_example(sensor).columns)


@pytest.mark.parametrize("sensor", [s for s in ALL if s.kind == "group"], ids=named)
def test_a_group_uses_only_the_names_of_groups(sensor: Sensor) -> None:
    tree = sqlglot.parse_one(text_of(sensor), read="databricks")
    measured = render_example(sensor)
    keys = {f"group_key_{position + 1}" for position in range(len(measured.group_by))}
    assert {column.name for column in tree.find_all(exp.Column)} <= keys | {"group_rows"}
    assert set(measured.group_by) == measured.columns


@pytest.mark.parametrize("sensor", [s for s in ALL if s.scope == Scope.COLUMN], ids=named)
def test_nested_columns_are_measured_or_refused_by_name(sensor: Sensor) -> None:
    for data_type in ("ARRAY<INT>", "MAP<STRING,INT>", "STRUCT<a: INT>", "VARIANT", "BINARY"):
        general = GeneralType.BINARY if data_type == "BINARY" else GeneralType.NESTED
        refused = general not in sensor.accepts or (
            sensor.kind == MeasureKind.GROUP and data_type in {"MAP<STRING,INT>", "VARIANT"}
        )
        outcome = (
            pytest.raises(ParameterError, match=re.escape(f"'tags' is {data_type}"))
            if refused
            else nullcontext()
        )
        with outcome:
            measure(sensor, {"tags": data_type}, ["tags"], **sensor.example.parameters)


def test_rows_with_a_map_are_refused_and_the_column_named() -> None:
    columns = {"id": "INT", "tags": "ARRAY<MAP<STRING,INT>>"}
    with pytest.raises(ParameterError, match=r"'tags' is ARRAY<MAP<STRING,INT>>.*name the columns"):
        measure(find_sensor("duplicate_row_count"), columns, [])
    kept = measure(find_sensor("duplicate_row_count"), columns, ["id"])
    assert kept.group_by == ("id",)


def test_proofs_name_the_fact_that_equals_the_measure() -> None:
    proofs = {sensor.name: sensor.proof for sensor in ALL if sensor.proof}
    assert proofs == {
        "row_count": "row_count",
        "null_count": "null_count",
        "min_value": "min",
        "max_value": "max",
        "latest_value": "max",
    }
    proof = measure(find_sensor("null_count"), {"A": "INT"}, ["a"]).proof
    assert proof is not None
    assert (proof.fact, proof.column) == ("null_count", "A")


def test_an_unknown_sensor_is_answered_with_a_near_name() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'null_count'"):
        find_sensor("nul_count")
