"""Charts: values in, one chart definition out, for notebooks and (as SVG) for pages.

`readings` take what the public face gives back; `html` is for a notebook, `svg` for a page.
Never reads anything.
"""

from dq_databricks.charts.definitions import (
    Bin,
    Measured,
    RowsSeen,
    RunRate,
    distribution,
    measure_history,
    pass_rate_trend,
    row_counts,
)
from dq_databricks.charts.html import html
from dq_databricks.charts.palette import NOTEBOOK, PAGE, Palette
from dq_databricks.charts.readings import (
    anomalies,
    history,
    measured,
    nulls,
    pass_rates,
    run_rates,
    spread,
    values,
    verdicts,
)
from dq_databricks.charts.svg import svg, warm_up

__all__ = [
    "NOTEBOOK",
    "PAGE",
    "Bin",
    "Measured",
    "Palette",
    "RowsSeen",
    "RunRate",
    "anomalies",
    "distribution",
    "history",
    "html",
    "measure_history",
    "measured",
    "nulls",
    "pass_rate_trend",
    "pass_rates",
    "row_counts",
    "run_rates",
    "spread",
    "svg",
    "values",
    "verdicts",
    "warm_up",
]
