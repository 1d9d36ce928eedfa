"""Charts of results, runs and profiles: what they draw, in which order, and as HTML."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dq_databricks import charts
from dq_databricks.errors import MissingExtraError
from dq_databricks.model.profile import Anomaly, ColumnProfile
from dq_databricks.model.testing import TestResult, TestRun
from dq_databricks.model.vocabulary import ResultStatus, RunStatus, Severity

START = datetime(2026, 1, 31, 12, tzinfo=UTC)


def result(hour: int, value: float | None, status: str = "pass") -> TestResult:
    return TestResult(
        test_run_id="r", test_id="t", table_name="main.s.t", result_status=ResultStatus(status),
        detected_at=START + timedelta(hours=hour), result_id=f"r{hour}", test_name="t",
        check_type="nulls_percent", severity=Severity.ERROR, table_id="x", definition="{}",
        measured_value=value, lower_bound=0.0, upper_bound=5.0,
    )  # fmt: skip


def column(name: str, **measures: Any) -> ColumnProfile:
    return ColumnProfile(
        profile_run_id="p", table_id="x", table_name="main.s.t", column_name=name, position=0,
        data_type="DOUBLE", general_type="float", profiled_at=START, **measures,
    )  # fmt: skip


def drawn(chart: Any) -> list[dict[str, Any]]:
    """The rows that the chart draws: those of its own data, or of its layers."""
    found: list[dict[str, Any]] = []
    for part in [chart.to_dict(), *chart.to_dict()["layer"]]:
        for row in part.get("data", {}).get("values", []):
            if row not in found:
                found.append(row)
    return found


def test_a_history_is_drawn_oldest_first_with_its_limits() -> None:
    rows = drawn(charts.history([result(2, 7.0, "fail"), result(1, None, "error"), result(0, 1.0)]))
    assert [(r["value"], r["verdict"], r["upper"]) for r in rows] == [
        (1.0, "pass", 5.0),
        (7.0, "fail", 5.0),
    ]


def test_pass_rates_are_those_of_complete_runs() -> None:
    def run(hour: int, status: RunStatus, failed: int) -> TestRun:
        return TestRun(
            test_run_id=str(hour), test_suite_key="s", project_key="p", status=status,
            started_at=START + timedelta(hours=hour), total_tests=4, failed_tests=failed,
        )  # fmt: skip

    runs = [run(2, RunStatus.COMPLETED, 1), run(1, RunStatus.FAILED, 4),
            run(0, RunStatus.COMPLETED, 0)]  # fmt: skip
    assert [row["rate"] for row in drawn(charts.pass_rates(runs))] == [1.0, 0.75]


def test_verdicts_are_counted_from_results_or_taken_as_counts() -> None:
    wanted = [{"verdict": "pass", "count": 2}, {"verdict": "fail", "count": 1}]
    assert drawn(charts.verdicts([result(0, 1), result(1, 9, "fail"), result(2, 1)])) == wanted
    assert drawn(charts.verdicts({"pass": 2, "warn": 0, "fail": 1})) == wanted


def test_the_emptiest_column_stands_first() -> None:
    columns = [column("a", row_count=4, null_count=1), column("b", row_count=4, null_count=4),
               column("c", row_count=0, null_count=0), column("d")]  # fmt: skip
    assert drawn(charts.nulls(columns)) == [
        {"label": "b", "share": 1.0},
        {"label": "a", "share": 0.25},
    ]


def test_frequent_values_are_drawn_and_an_empty_text_has_a_name() -> None:
    top = json.dumps([{"value": "", "count": 3}, {"value": "x" * 50, "count": 1}])
    rows = drawn(charts.values(column("a", top_values=top)))
    assert rows == [{"label": "(empty)", "count": 3}, {"label": "x" * 40, "count": 1}]


def test_only_columns_with_quantiles_have_a_spread() -> None:
    found = {"p05": 1, "p25": 2, "p50": 3, "p75": 4, "p95": 5}
    rows = drawn(charts.spread([column("a", quantiles=json.dumps(found)), column("b")]))
    assert rows == [{"label": "a", **found}]


def test_anomalies_are_counted_by_type() -> None:
    def anomaly(number: int, kind: str) -> Anomaly:
        return Anomaly(
            profile_run_id="p", table_name="t", anomaly_type=kind, severity=Severity.WARNING,
            description="d", detected_at=START, anomaly_id=str(number), table_id="x",
        )  # fmt: skip

    found = [anomaly(0, "constant"), anomaly(1, "blank_text"), anomaly(2, "blank_text")]
    rows = drawn(charts.anomalies(found))
    assert rows == [{"label": "blank_text", "count": 2}, {"label": "constant", "count": 1}]


@pytest.mark.parametrize("draw", [charts.history, charts.pass_rates, charts.verdicts, charts.nulls,
                                  charts.spread, charts.anomalies])  # fmt: skip
def test_a_chart_of_nothing_is_drawn_all_the_same(draw: Any) -> None:
    assert "<svg " in charts.html(draw([]), "Nothing yet")


def test_html_is_one_figure_that_loads_nothing_and_escapes_its_title() -> None:
    page = charts.html(charts.history([result(0, 1.0), result(1, 9.0, "fail")]), "a < b")
    assert page.startswith("<figure ")
    assert page.endswith("</figure>")
    assert "a &lt; b" in page
    assert "<script" not in page
    assert "http" not in page.replace("http://www.w3.org/", "")
    assert charts.NOTEBOOK.verdicts["fail"] in page


def test_without_altair_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "altair", None)
    with pytest.raises(MissingExtraError, match=r"dq-databricks\[charts\]"):
        charts.nulls([])
