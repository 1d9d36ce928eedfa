"""Charts of what the public face gives back: results, runs, column profiles, anomalies.

A chart of nothing is an empty chart, so that a notebook runs to its end on a new schema.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from dq_databricks.charts.definitions import (
    Bin,
    Measured,
    RunRate,
    distribution,
    measure_history,
    pass_rate_trend,
)
from dq_databricks.charts.frame import ROW_HEIGHT, WIDTH, altair, count_axis, dressed
from dq_databricks.charts.palette import NOTEBOOK, Palette
from dq_databricks.model.profile import Anomaly, ColumnProfile
from dq_databricks.model.profile_values import quantiles, top_values
from dq_databricks.model.testing import TestResult, TestRun
from dq_databricks.model.vocabulary import ResultStatus

if TYPE_CHECKING:
    import altair as alt

MOST_VALUES, MOST_LABEL_CHARS = 12, 40


def measured(results: Iterable[TestResult]) -> list[Measured]:
    """What each result measured, oldest first, for `measure_history`."""
    return [
        Measured(
            at=one.detected_at,
            value=one.measured_value,
            verdict=one.result_status.value,
            lower=one.lower_bound,
            upper=one.upper_bound,
        )
        for one in sorted(results, key=lambda one: one.detected_at)
    ]


def run_rates(runs: Iterable[TestRun]) -> list[RunRate]:
    """The pass rate of each complete run, oldest first, for `pass_rate_trend`."""
    rated = [RunRate(run.started_at, run.pass_rate) for run in runs if run.pass_rate is not None]
    return sorted(rated, key=lambda one: one.at)


def history(
    results: Iterable[TestResult],
    *,
    unit: str = "",
    palette: Palette = NOTEBOOK,
    width: int = WIDTH,
) -> alt.LayerChart:
    """What the results of one test measured, run by run, over the band they had to stay in."""
    return measure_history(measured(results), unit=unit, palette=palette, width=width)


def pass_rates(
    runs: Iterable[TestRun], *, palette: Palette = NOTEBOOK, width: int = WIDTH
) -> alt.LayerChart:
    """The share of tests that passed in each complete run, oldest first."""
    return pass_rate_trend(run_rates(runs), palette=palette, width=width)


def verdicts(
    results: Iterable[TestResult] | Mapping[str, int],
    *,
    palette: Palette = NOTEBOOK,
    width: int = WIDTH,
) -> alt.LayerChart:
    """How many results have each verdict, from results or from the `counts` of a test report."""
    alt = altair()
    counts = results if isinstance(results, Mapping) else _counted(results)
    names = [status.value for status in ResultStatus if counts.get(status.value)]
    data = alt.Data(values=[{"verdict": name, "count": counts[name]} for name in names])
    colours = alt.Scale(domain=names, range=[palette.verdicts[name] for name in names])
    bars = alt.Chart(data).mark_bar(cornerRadiusEnd=2).encode(
        x=alt.X("count:Q", title=None, axis=count_axis(alt)),
        y=_rows(alt, "verdict:N"),
        color=alt.Color("verdict:N", scale=colours, legend=None),
    )  # fmt: skip
    return dressed(alt.layer(bars), palette, width, _height(names))


def nulls(
    columns: Iterable[ColumnProfile], *, palette: Palette = NOTEBOOK, width: int = WIDTH
) -> alt.LayerChart:
    """The share of rows without a value in each column, the emptiest column first."""
    alt = altair()
    shares = [
        (one.null_count / one.row_count, one.column_name)
        for one in columns
        if one.null_count is not None and one.row_count
    ]
    shares.sort(key=lambda one: -one[0])
    rows = [{"label": name, "share": share} for share, name in shares]
    bars = alt.Chart(alt.Data(values=rows)).mark_bar(color=palette.accent, cornerRadiusEnd=2)
    axis = alt.Axis(format=".0%", tickCount=4)
    encoded = bars.encode(
        x=alt.X("share:Q", title=None, axis=axis, scale=alt.Scale(domain=[0, 1])),
        y=_rows(alt, "label:N"),
    )
    return dressed(alt.layer(encoded), palette, width, _height(rows))


def values(
    column: ColumnProfile, *, palette: Palette = NOTEBOOK, width: int = WIDTH
) -> alt.LayerChart:
    """How often the most frequent values of `column` occur, at most twelve of them."""
    found = top_values(column)[:MOST_VALUES]
    bins = [Bin(one.value[:MOST_LABEL_CHARS] or "(empty)", one.count) for one in found]
    return distribution(bins, palette=palette, width=width)


def spread(
    columns: Iterable[ColumnProfile], *, palette: Palette = NOTEBOOK, width: int = WIDTH
) -> alt.LayerChart:
    """Where the numbers of each column lie: nine in ten on the line, half in the bar, the median.

    Columns share one scale; those without quantiles are left out.
    """
    alt = altair()
    rows = [
        {"label": one.column_name, **found} for one in columns if len(found := quantiles(one)) == 5
    ]
    base = alt.Chart(alt.Data(values=rows)).encode(y=_rows(alt, "label:N"))
    scale = alt.Scale(zero=False, nice=True)
    line = base.mark_rule(color=palette.ink).encode(
        x=alt.X("p05:Q", title=None, scale=scale), x2="p95:Q"
    )
    bar = base.mark_bar(color=palette.accent, height=10).encode(x="p25:Q", x2="p75:Q")
    median = base.mark_tick(color=palette.surface, thickness=2, size=10).encode(x="p50:Q")
    return dressed(alt.layer(line, bar, median), palette, width, _height(rows))


def anomalies(
    found: Iterable[Anomaly], *, palette: Palette = NOTEBOOK, width: int = WIDTH
) -> alt.LayerChart:
    """How many anomalies there are of each type, the most frequent first."""
    counts = Counter(one.anomaly_type for one in found)
    bins = [Bin(name, count) for name, count in counts.most_common()]
    return distribution(bins, palette=palette, width=width)


def _counted(results: Iterable[TestResult]) -> Mapping[str, int]:
    return Counter(one.result_status.value for one in results)


def _rows(alt: Any, field: str) -> Any:
    """One row for each name, in the order given."""
    axis = alt.Axis(grid=False, labelLimit=200)
    return alt.Y(field, sort=None, title=None, axis=axis)


def _height(rows: list[Any]) -> int:
    return max(2, len(rows)) * ROW_HEIGHT
