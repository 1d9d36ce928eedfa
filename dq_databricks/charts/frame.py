"""What every chart has in common: its size, its axes and its clothes.

`altair` is imported when the first chart is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dq_databricks.charts.palette import Palette
from dq_databricks.errors import MissingExtraError

if TYPE_CHECKING:
    import altair as alt

WIDTH, HEIGHT, ROW_HEIGHT = 640, 160, 20


def count_axis(alt: Any) -> Any:
    """An axis of whole numbers, shortened: 12k."""
    return alt.Axis(
        grid=True, tickCount=4, format="~s", labelExpr="datum.value === 0 ? '0' : datum.label"
    )


def dressed(chart: Any, palette: Palette, width: int, height: int) -> alt.LayerChart:
    """`chart` in its size, with the font and the colours of `palette`."""
    clothed: alt.LayerChart = (
        chart.properties(width=width, height=height, background="transparent")
        .configure(font=palette.font)
        .configure_view(stroke=None)
        .configure_axis(
            domainColor=palette.line,
            gridColor=palette.line,
            tickColor=palette.line,
            labelColor=palette.faint,
            titleColor=palette.faint,
            labelFontSize=11,
            titleFontSize=11,
            titleFontWeight="normal",
            labelPadding=6,
            tickSize=4,
        )
    )
    return clothed


def altair() -> Any:
    """The module `altair`; raises MissingExtraError where it is not installed."""
    try:
        import altair as alt
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            "charts need altair: pip install 'dq-databricks[charts]'"
        ) from error
    return alt
