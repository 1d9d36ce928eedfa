"""Datasets, widgets and pages in the form that Lakeview reads (layout GRID_V1, 12 columns).

Every field a widget shows is a field of its query; the versions are those that Lakeview accepts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from textwrap import dedent
from typing import Any

Document = dict[str, Any]
COLUMNS = 12
MAIN = "main_query"
VERDICT_COLORS: Mapping[str, str] = {
    "pass": "#0072B2", "warn": "#E69F00", "fail": "#D55E00", "error": "#7A5195",
}  # fmt: skip
"""Verdicts told apart by colour-blind eyes too."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """One query over the views of the metadata schema, by its bare names."""

    name: str
    title: str
    sql: str

    def document(self) -> Document:
        """As Lakeview stores it: lines are joined as they are, so each ends with its break."""
        lines = dedent(self.sql).strip().splitlines()
        ended = [f"{line}\n" for line in lines[:-1]] + lines[-1:]
        return {"name": self.name, "displayName": self.title, "queryLines": ended}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a widget stands: `x`, `width` of 12 columns, `y`, `height` in rows."""

    x: int
    y: int
    width: int
    height: int

    def document(self) -> Document:
        """As Lakeview stores it."""
        return {"x": self.x, "y": self.y, "width": self.width, "height": self.height}


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a widget's query: a column, or an expression over columns."""

    name: str
    title: str
    expression: str = ""

    def document(self) -> Document:
        """As the query of a widget names it."""
        return {"name": self.name, "expression": self.expression or f"`{self.name}`"}


VERDICT = Field("verdict", "Verdict")


def summed(column: str, title: str) -> Field:
    """The sum of a column, for charts that put rows together."""
    return Field(f"sum({column})", title, f"SUM(`{column}`)")


def text(name: str, place: Place, *lines: str) -> Document:
    """Words, in Markdown."""
    return _placed({"name": name, "multilineTextboxSpec": {"lines": list(lines)}}, place)


def counter(name: str, place: Place, dataset: Dataset, field: Field) -> Document:
    """One number of a dataset of one row."""
    encodings = {"value": {"fieldName": field.name, "displayName": field.title}}
    return _widget(name, place, dataset, [field], ("counter", 2), encodings, field.title)


def table(
    name: str, place: Place, dataset: Dataset, title: str, fields: Sequence[Field]
) -> Document:
    """Rows of a dataset."""
    columns = [{"fieldName": field.name, "displayName": field.title} for field in fields]
    return _widget(name, place, dataset, fields, ("table", 2), {"columns": columns}, title)


def bar(
    name: str, place: Place, dataset: Dataset, title: str,
    *, x: Field, y: Field, color: Field | None = None, over_time: bool = True,
) -> Document:  # fmt: skip
    """Bars over days, or one for each name; with `color`, stacked."""
    kind = "temporal" if over_time else "categorical"
    return _chart("bar", name, place, dataset, title, x=x, y=y, color=color, x_kind=kind)


def line(
    name: str, place: Place, dataset: Dataset, title: str,
    *, x: Field, y: Field, color: Field | None = None,
) -> Document:  # fmt: skip
    """A line over time; with `color`, one for each of its values."""
    return _chart("line", name, place, dataset, title, x=x, y=y, color=color, x_kind="temporal")


def choice(
    name: str, place: Place, title: str, column: str, datasets: Sequence[Dataset], *, many: bool
) -> Document:
    """A filter on `column` of several datasets: one value, or `many`."""
    field = Field(column, title)
    queries = [
        {
            "name": f"{name}_{dataset.name}",
            "query": {
                "datasetName": dataset.name,
                "fields": [field.document()],
                "disaggregated": False,
            },
        }
        for dataset in datasets
    ]
    encodings = {
        "fields": [
            {"fieldName": column, "displayName": title, "queryName": query["name"]}
            for query in queries
        ]
    }
    kind = "filter-multi-select" if many else "filter-single-select"
    return _placed(
        {"name": name, "queries": queries, "spec": _spec((kind, 2), encodings, title)}, place
    )


def dashboard(
    name: str, title: str, datasets: Sequence[Dataset], layout: Sequence[Document]
) -> Document:
    """A dashboard of one page."""
    page = {
        "name": name,
        "displayName": title,
        "pageType": "PAGE_TYPE_CANVAS",
        "layoutVersion": "GRID_V1",
        "layout": list(layout),
    }
    return {"datasets": [dataset.document() for dataset in datasets], "pages": [page]}


def _chart(
    kind: str, name: str, place: Place, dataset: Dataset, title: str,
    *, x: Field, y: Field, color: Field | None, x_kind: str,
) -> Document:  # fmt: skip
    encodings: Document = {
        "x": _axis(x, x_kind),
        "y": _axis(y, "quantitative"),
    }
    if color is not None:
        encodings["color"] = _axis(color, "categorical")
        if color.name == "verdict":
            encodings["color"]["scale"]["mappings"] = [
                {"value": verdict, "color": shade} for verdict, shade in VERDICT_COLORS.items()
            ]
    fields = [field for field in (x, y, color) if field is not None]
    return _widget(name, place, dataset, fields, (kind, 3), encodings, title, grouped=True)


def _axis(field: Field, kind: str) -> Document:
    return {"fieldName": field.name, "scale": {"type": kind}, "displayName": field.title}


def _widget(
    name: str, place: Place, dataset: Dataset, fields: Sequence[Field],
    kind: tuple[str, int], encodings: Document, title: str, *, grouped: bool = False,
) -> Document:  # fmt: skip
    query = {
        "datasetName": dataset.name,
        "fields": [field.document() for field in fields],
        "disaggregated": not grouped,
    }
    widget = {
        "name": name,
        "queries": [{"name": MAIN, "query": query}],
        "spec": _spec(kind, encodings, title),
    }
    return _placed(widget, place)


def _spec(kind: tuple[str, int], encodings: Document, title: str) -> Document:
    return {
        "version": kind[1],
        "widgetType": kind[0],
        "encodings": encodings,
        "frame": {"showTitle": True, "title": title},
    }


def _placed(widget: Document, place: Place) -> Document:
    return {"widget": widget, "position": place.document()}
