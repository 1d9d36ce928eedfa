"""Charts: values in, one chart definition out, for notebooks and (as SVG) for pages.

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
from dq_databricks.charts.palette import NOTEBOOK, PAGE, Palette
from dq_databricks.charts.svg import svg, warm_up

__all__ = [
    "NOTEBOOK",
    "PAGE",
    "Bin",
    "Measured",
    "Palette",
    "RowsSeen",
    "RunRate",
    "distribution",
    "measure_history",
    "pass_rate_trend",
    "row_counts",
    "svg",
    "warm_up",
]
