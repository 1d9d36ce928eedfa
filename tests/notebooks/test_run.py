"""Every notebook runs from top to bottom and shows what it promises."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from dq_databricks import authoring
from dq_databricks.errors import NotFoundError
from dq_databricks.model.profile import ColumnProfile
from tests.support.notebooks import (
    BREAK,
    HEADER,
    Notebook,
    NotebookExitError,
    Shown,
    cells_of,
    paths,
    read_notebook,
    run_notebook,
    with_names,
)

pytestmark = pytest.mark.timeout(900)  # on Spark the five are a minute, on a busy machine many
Notebooks = Mapping[str, Shown]


def column(shown: Notebooks, name: str) -> ColumnProfile:
    columns: tuple[ColumnProfile, ...] = shown["02_explore_a_profile"].names["columns"]
    return next(one for one in columns if one.column_name == name)


def test_the_quickstart_goes_the_whole_way(shown: Notebooks) -> None:
    found = shown["01_quickstart"]
    columns, anomalies, tests, results = found.frames
    assert found.names["migrated"].version >= 13
    assert list(columns["column_name"]) == ["trip_id", "fare_amount", "kind"]
    assert list(columns["null_count"]) == [0, 10, 0]
    assert "non_standard_blanks" in set(anomalies["anomaly_type"])
    assert len(tests) == len(results) > 3
    assert set(results["result_status"]) == {"pass", "no_data"}  # changes need a run before
    assert all(tests["reason"])
    assert found.names["explained"].result.result_id == found.names["report"].results[0].result_id
    assert len(found.pictures) == 1


def test_a_profile_is_explored_in_pictures(shown: Notebooks) -> None:
    found = shown["02_explore_a_profile"]
    titles = "\n".join(found.pictures)
    assert "Share of rows without a value" in titles
    assert "fare_amount: from -362.5 to 54.75" in titles
    assert "kind: 3 different values" in titles
    assert f"{len(found.names['found'])} anomalies by type" in titles
    assert all("<svg " in picture and "<script" not in picture for picture in found.pictures)
    assert column(shown, "fare_amount").row_count == 260


def test_what_changed_since_the_profile_before_is_told(shown: Notebooks) -> None:
    changes = shown["02_explore_a_profile"].frames[1]
    rows = changes[(changes["column"] == "trip_id") & (changes["measure"] == "row_count")]
    assert rows[["before", "after"]].to_numpy().tolist() == [["200", "260"]]


def test_an_anomaly_is_dismissed_by_its_id(shown: Notebooks) -> None:
    assert shown["02_explore_a_profile"].names["dismissed"].disposition == "dismissed"


def test_a_test_is_tuned_tried_on_the_past_and_stored_once(shown: Notebooks) -> None:
    found = shown["03_tune_a_test"]
    parameters, tried, past, versions = found.frames
    (name,) = found.names["change"]
    assert name in set(parameters["parameter"])
    assert list(tried["limits"]) == ["as stored", "as tried"]
    assert tried["expected"][0] != tried["expected"][1]
    assert list(past["version"]) == [0, 1, 2]
    assert list(versions["version"]) == [2, 1]
    assert found.names["test"].is_locked
    assert "2 runs against their limits" in found.pictures[0]
    assert "alarms in the last" in found.pictures[1]


def test_a_sensor_is_written_and_tried(shown: Notebooks) -> None:
    names = shown["04_write_a_sensor"].names
    assert names["added"].rule_type == "sql_condition"
    assert names["shown"].is_right
    last: authoring.CheckTrial = names["trial"]
    assert last.verdict.status is authoring.ResultStatus.PASS
    assert "rows are whole numbers" in last.verdict.message
    assert "% 1" in last.statements[0]


def test_results_are_read_with_sql(shown: Notebooks) -> None:
    found = shown["05_results_with_sql"]
    assert len(found.tables) == len(read_notebook(paths()[4]).of("sql")) >= 5
    assert all(table.num_rows for table in found.tables.values()), found.tables
    assert len(found.pictures) == 2
    assert not found.frames[0].empty


# --- the runner itself -----------------------------------------------------------------------


def one_cell(source: str) -> Notebook:
    return Notebook("made_up", cells_of(f"{HEADER}\n{source}\n"))


def run(source: str, **values: str) -> Shown:
    return run_notebook(one_cell(source), values, run_sql=_no_sql)


def _no_sql(text: str, values: Mapping[str, str]) -> object:
    raise NotFoundError(text)


def test_a_widget_keeps_what_was_set_and_else_its_default() -> None:
    source = 'dbutils.widgets.text("a", "x", "A")\nseen = dbutils.widgets.get("a")'
    assert (run(source).names["seen"], run(source, a="y").names["seen"]) == ("x", "y")
    with pytest.raises(KeyError):
        run('dbutils.widgets.get("a")')
    with pytest.raises(AssertionError):
        run('dbutils.widgets.dropdown("a", "x", ["x", "y"], "A")', a="z")


def test_what_fails_in_a_cell_fails_the_notebook_and_names_it() -> None:
    with pytest.raises(ZeroDivisionError) as failed:
        run(f"a = 1{BREAK}a / 0")
    assert "cell 2" in str(failed.traceback[-1].path)
    with pytest.raises(NotFoundError, match="SELECT 1"):
        run("# DBTITLE 1,X\n# MAGIC %sql\n# MAGIC SELECT 1")
    with pytest.raises(AssertionError, match="not str"):
        run('display("a")')
    with pytest.raises(NameError, match="spark"):
        run("spark.sql")
    with pytest.raises(NotebookExitError, match="done"):
        run('dbutils.notebook.exit("done")')


def test_names_take_the_place_of_identifier() -> None:
    text = "SELECT 1 FROM IDENTIFIER(:catalog || '.' || :schema || '.v_runs') AS runs"
    named = with_names(text, {"catalog": "c", "schema": "s"})
    assert named == "SELECT 1 FROM `c`.`s`.v_runs AS runs"


def test_all_notebooks_are_found() -> None:
    assert all(path.parent == Path(__file__).parents[2] / "notebooks" for path in paths())
