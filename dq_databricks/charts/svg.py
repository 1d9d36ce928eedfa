"""A chart as SVG for a page: drawn once for its content, and named for screen readers."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from functools import lru_cache
from html import escape
from typing import TYPE_CHECKING, Any

from dq_databricks.charts.palette import themed
from dq_databricks.errors import MissingExtraError

if TYPE_CHECKING:
    import altair as alt

MOST_KEPT = 256
# The renderer runs one script engine: two threads at once would only wait for one another.
_DRAWING = threading.Lock()


def svg(chart: alt.TopLevelMixin, label: str) -> str:
    """The picture of `chart` (drawn with PAGE colours), named `label` for screen readers."""
    picture = _drawn(json.dumps(chart.to_dict(), sort_keys=True))
    return picture.replace("<svg ", f'<svg role="img" aria-label="{escape(label)}" ', 1)


def warm_up() -> None:
    """Load the renderer in the background, so that the first page with a chart is not slow."""
    threading.Thread(target=_first, name="charts", daemon=True).start()


def _first() -> None:
    from dq_databricks.charts.definitions import RowsSeen, row_counts

    try:
        svg(row_counts([RowsSeen("v1", 1)]), "")
    except MissingExtraError:
        return


@lru_cache(MOST_KEPT)
def _drawn(specification: str) -> str:
    with _DRAWING:
        picture = str(_renderer()(specification, show_warnings=False))
    return themed(_plain(picture))


def _plain(picture: str) -> str:
    """Without what a page does not need: fixed sizes stay in the view box, names in one label."""
    picture = re.sub(r'(<svg[^>]*?) width="[\d.]+" height="[\d.]+"', r"\1", picture, count=1)
    picture = re.sub(r' aria-[a-z]+="[^"]*"', "", picture)
    return re.sub(r' role="[^"]*"', "", picture)


def _renderer() -> Callable[..., Any]:
    try:
        import vl_convert
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            "charts need vl-convert: pip install 'dq-databricks[charts]'"
        ) from error
    renderer: Callable[..., Any] = vl_convert.vegalite_to_svg
    return renderer
