"""The parts of a dashboard file, each function one kind of them; names are stable ids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Json = dict[str, Any]
COLUMNS = 12
DAY, VERDICT, AMOUNT = "temporal", "categorical", "quantitative"


def dataset(name: str, title: str, query: str) -> Json:
    """One SELECT; catalog and schema are filled in where the dashboard is deployed."""
    lines = [f"{line}\n" for line in query.strip().splitlines()]
    return {"name": name, "displayName": title, "queryLines": lines}


def dashboard(*pages: Json, datasets: Sequence[Json]) -> Json:
    """A whole file."""
    return {"datasets": list(datasets), "pages": list(pages)}


def page(name: str, title: str, *rows: tuple[int, Sequence[Json]]) -> Json:
    """Rows of a height, whose widgets share the width: what is left over goes to the first."""
    layout, top = [], 0
    for height, widgets in rows:
        left = 0
        for number, widget in enumerate(widgets):
            width = COLUMNS // len(widgets) + (COLUMNS % len(widgets) if number == 0 else 0)
            position = {"x": left, "y": top, "width": width, "height": height}
            layout.append({"widget": widget, "position": position})
            left += width
        top += height
    return {
        "name": name,
        "displayName": title,
        "pageType": "PAGE_TYPE_CANVAS",
        "layoutVersion": "GRID_V1",
        "layout": layout,
    }


def text(name: str, *lines: str) -> Json:
    """Text in Markdown."""
    return {"name": name, "multilineTextboxSpec": {"lines": [f"{line}\n" for line in lines]}}


def counter(name: str, title: str, source: str, column: str, how: str = "COUNT") -> Json:
    """One number: a column of the dataset, aggregated."""
    field = _aggregated(column, how)
    value = {"fieldName": field["name"], "displayName": title}
    return _widget(name, title, source, [field], "counter", 2, {"value": value})


def table(name: str, title: str, source: str, columns: Mapping[str, str]) -> Json:
    """Rows as the dataset has them; `columns` gives each column its heading."""
    fields = [_plain(column) for column in columns]
    shown = [{"fieldName": column, "displayName": told} for column, told in columns.items()]
    encodings = {"columns": shown}
    return _widget(name, title, source, fields, "table", 2, encodings, disaggregated=True)


def bars(
    name: str,
    title: str,
    source: str,
    x: tuple[str, str, str],
    y: tuple[str, str],
    color: tuple[str, str] | None = None,
) -> Json:
    """Bars, stacked by `color`. `x` is column, heading and scale, the others column and heading."""
    return _chart(name, title, source, "bar", x, (*y, "SUM"), color)


def lines(
    name: str,
    title: str,
    source: str,
    x: tuple[str, str, str],
    y: tuple[str, str, str],
    color: tuple[str, str] | None = None,
) -> Json:
    """Lines, one for each value of `color`; `y` is column, heading and aggregate."""
    return _chart(name, title, source, "line", x, y, color)


def choice(name: str, title: str, column: str, *sources: str) -> Json:
    """A filter on a column that all these datasets have."""
    queries = [_query(f"{name}_{source}", source, [_plain(column)]) for source in sources]
    fields = [
        {"fieldName": column, "displayName": title, "queryName": query["name"]} for query in queries
    ]
    spec = {
        "version": 2,
        "widgetType": "filter-multi-select",
        "encodings": {"fields": fields},
        "frame": {"showTitle": True, "title": title},
    }
    return {"name": name, "queries": queries, "spec": spec}


# --- below ---------------------------------------------------------------------------------------


def _chart(
    name: str,
    title: str,
    source: str,
    kind: str,
    x: tuple[str, str, str],
    y: tuple[str, str, str],
    color: tuple[str, str] | None,
) -> Json:
    across, up = _plain(x[0]), _aggregated(y[0], y[2])
    fields, encodings = [across, up], {"x": _axis(x[0], x[1], x[2]), "y": _axis(up["name"], y[1])}
    if color is not None:
        fields.append(_plain(color[0]))
        encodings["color"] = _axis(color[0], color[1], VERDICT)
    widget = _widget(name, title, source, fields, kind, 3, encodings)
    if kind == "bar":
        widget["spec"]["mark"] = {"layout": "stack"}
    return widget


def _axis(field: str, title: str, scale: str = AMOUNT) -> Json:
    return {"fieldName": field, "displayName": title, "scale": {"type": scale}}


def _plain(column: str) -> Json:
    return {"name": column, "expression": f"`{column}`"}


def _aggregated(column: str, how: str) -> Json:
    return {"name": f"{how.lower()}({column})", "expression": f"{how}(`{column}`)"}


def _widget(
    name: str,
    title: str,
    source: str,
    fields: Sequence[Json],
    kind: str,
    version: int,
    encodings: Json,
    *,
    disaggregated: bool = False,
) -> Json:
    spec = {
        "version": version,
        "widgetType": kind,
        "encodings": encodings,
        "frame": {"showTitle": True, "title": title},
    }
    query = _query("main_query", source, fields, disaggregated=disaggregated)
    return {"name": name, "queries": [query], "spec": spec}


def _query(name: str, source: str, fields: Sequence[Json], *, disaggregated: bool = False) -> Json:
    query = {"datasetName": source, "fields": list(fields), "disaggregated": disaggregated}
    return {"name": name, "query": query}
