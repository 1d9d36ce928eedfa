"""A chart as HTML for a notebook: an SVG in a figure with its title; nothing is loaded."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from dq_databricks.charts.frame import WIDTH
from dq_databricks.charts.palette import NOTEBOOK
from dq_databricks.charts.svg import svg

if TYPE_CHECKING:
    import altair as alt

_LABELS_PX = 120
_FIGURE = "margin:8px 0;padding:12px;background:{surface};color:{ink};font-family:{font}"
_TITLE = "font-size:14px;font-weight:600;margin-bottom:8px"


def html(chart: alt.TopLevelMixin, title: str, *, width: int = WIDTH + _LABELS_PX) -> str:
    """`chart` under its `title`, at most `width` pixels wide: ``displayHTML(html(chart, "…"))``.

    Raises MissingExtraError where altair or vl-convert is not installed.
    """
    figure = _FIGURE.format(surface=NOTEBOOK.surface, ink=NOTEBOOK.ink, font=NOTEBOOK.font)
    return (
        f'<figure style="{figure};max-width:{width}px">'
        f'<figcaption style="{_TITLE}">{escape(title)}</figcaption>'
        f"{svg(chart, title)}</figure>"
    )
