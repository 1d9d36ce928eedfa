"""Look through dashboard files before they are deployed: nothing is run, no engine is needed.

``python -m tools.dashboard_lint`` names every finding and exits with 1. Columns are resolved from
the queries against the tables and views that the migration files make.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from sqlglot import exp
from sqlglot.errors import OptimizeError
from sqlglot.optimizer.qualify import qualify

from dq_databricks.engine.protocol import Capability, EngineFacts
from dq_databricks.errors import SqlError
from dq_databricks.lifecycle.migrations.scripts import shipped_scripts
from dq_databricks.lifecycle.shape.expected import expected_shape
from dq_databricks.sql.parse import parse_statement
from dq_databricks.sql.portable import findings_of

FOLDER = Path(__file__).parents[1] / "bundles" / "dashboards"
COLUMNS = 12
# What the platform takes: another version of a widget is an "invalid widget definition".
VERSIONS: Mapping[str, int] = {
    "counter": 2,
    "table": 2,
    "bar": 3,
    "line": 3,
    "area": 3,
    "pie": 3,
    "scatter": 3,
    "heatmap": 3,
    "pivot": 3,
    "combo": 1,
    "filter-single-select": 2,
    "filter-multi-select": 2,
    "filter-date-range-picker": 2,
}
REQUIRED: Mapping[str, tuple[str, ...]] = {
    "counter": ("value",),
    "table": ("columns",),
    "bar": ("x", "y"),
    "line": ("x", "y"),
    "area": ("x", "y"),
    "scatter": ("x", "y"),
    "pie": ("angle", "color"),
}
_COLUMN = r"`([^`]+)`"
_EXPRESSION = re.compile(
    rf"{_COLUMN}"
    rf"|(?:COUNT|SUM|AVG|MIN|MAX|MEDIAN)\((?:DISTINCT )?{_COLUMN}\)"
    rf"|DATE_TRUNC\(\"(?:YEAR|QUARTER|MONTH|WEEK|DAY|HOUR|MINUTE)\", {_COLUMN}\)"
    r"|COUNT\(\*\)"
)
Json = Mapping[str, Any]
Found = Iterator[tuple[str, str, str]]
"""Where in the file, the rule and what to do."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: the file, where in it, the rule and what to do about it."""

    file: str
    where: str
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}: {self.where}: {self.rule}: {self.message}"


def lint(file: str, text: str) -> tuple[Finding, ...]:
    """Everything that is wrong with one file; empty when all is well."""
    try:
        content = json.loads(text)
        found = tuple(_dashboard(content))
    except json.JSONDecodeError as error:
        found = (("file", "not-json", str(error)),)
    except (KeyError, TypeError, AttributeError) as error:
        found = (("file", "bad-shape", f"it lacks a part it must have: {error!r}"),)
    return tuple(Finding(file, *one) for one in found)


def lint_folder(folder: Path = FOLDER) -> tuple[Finding, ...]:
    """Everything that is wrong with the dashboards of a folder, and that there are none."""
    paths = sorted(folder.glob("*.lvdash.json"))
    if not paths:
        return (Finding(str(folder), "folder", "no-files", "it has no *.lvdash.json file"),)
    return tuple(one for path in paths for one in lint(path.name, path.read_text(encoding="utf-8")))


def _dashboard(content: Json) -> Found:
    outputs: dict[str, tuple[str, ...] | None] = {}
    for dataset in content["datasets"]:
        where = f"dataset {dataset['name']}"
        for rule, message in _dataset(dataset):
            yield where, rule, message
        outputs[dataset["name"]] = output_columns(query_of(dataset))
    widgets = [place["widget"] for page in content["pages"] for place in page["layout"]]
    yield from _twice("dataset", (dataset["name"] for dataset in content["datasets"]))
    yield from _twice("widget", (widget["name"] for widget in widgets))
    yield from _twice("page", (page["name"] for page in content["pages"]))
    used = {query["query"]["datasetName"] for w in widgets for query in w.get("queries", ())}
    for name in outputs.keys() - used:
        yield f"dataset {name}", "unused-dataset", "no widget shows it: take it away"
    for page in content["pages"]:
        yield from _page(page)
    for widget in widgets:
        for rule, message in _widget(widget, outputs):
            yield f"widget {widget['name']}", rule, message


def _twice(kind: str, names: Iterable[str]) -> Found:
    for name, count in Counter(names).items():
        if count > 1:
            yield f"{kind} {name}", f"{kind}-twice", f"{count} have that name: rename one"


# --- datasets --------------------------------------------------------------------------------


def query_of(dataset: Json) -> str:
    """The text of a dataset's query."""
    return "".join(dataset["queryLines"])


def _dataset(dataset: Json) -> Iterator[tuple[str, str]]:
    for line in dataset["queryLines"]:
        if not line.endswith("\n"):
            yield "line-end", f"{line!r}: lines are joined as they are, so end each with a newline"
    text = query_of(dataset)
    try:
        tree = parse_statement(text)
    except SqlError as error:
        yield "not-one-select", str(error)
        return
    if not isinstance(tree, exp.Query):
        yield "not-one-select", "a dataset is one SELECT"
        return
    yield from _names(tree)
    for finding in findings_of(text)[:1]:
        yield "not-portable", str(finding)
    given = {parameter["keyword"] for parameter in dataset.get("parameters", ())}
    for name in sorted({found.name for found in tree.find_all(exp.Placeholder)} - given):
        yield "unknown-parameter", f":{name} is not among the parameters of the dataset"


def _names(tree: exp.Query) -> Iterator[tuple[str, str]]:
    own = {cte.alias for cte in tree.find_all(exp.CTE)}
    tables = [table for table in tree.find_all(exp.Table) if table.name not in own]
    for table in tables:
        if table.db or table.catalog:
            yield "qualified-name", f"{table.sql()}: the deployment fills in catalog and schema"
        elif table.name.lower() not in relations():
            yield "unknown-table", f"{table.name}: no migration makes it"
    if any(star for star in tree.find_all(exp.Star) if not isinstance(star.parent, exp.Count)):
        yield "star", "name the columns: a star is another list after every migration"
    elif all(table.name.lower() in relations() for table in tables):
        try:
            _resolved(tree)
        except OptimizeError as error:
            yield "unknown-column", str(error).splitlines()[0]


def output_columns(text: str) -> tuple[str, ...] | None:
    """The columns that a query gives; None when that is no query."""
    try:
        tree = parse_statement(text)
    except SqlError:
        return None
    return tuple(tree.named_selects) if isinstance(tree, exp.Query) else None


def _resolved(tree: exp.Query) -> None:
    schema = {name: dict.fromkeys(columns, "STRING") for name, columns in relations().items()}
    qualify(tree.copy(), schema=schema, dialect="databricks", quote_identifiers=False)


@cache
def relations() -> Mapping[str, tuple[str, ...]]:
    """The tables and views of the newest version with their columns, by name."""
    scripts = shipped_scripts()
    facts = EngineFacts("lint", frozenset(Capability))
    shape = expected_shape(scripts, scripts[-1].version, facts, "c", "s")
    found = {
        name: tuple(column.name for column in table.columns) for name, table in shape.tables.items()
    }
    views = {name: output_columns(view.text or "") or () for name, view in shape.views.items()}
    return {**found, **views}


# --- pages -----------------------------------------------------------------------------------


def _page(page: Json) -> Found:
    where = f"page {page['name']}"
    if page.get("layoutVersion") != "GRID_V1":
        yield where, "layout", "layoutVersion must be GRID_V1: others have six columns"
    if page.get("pageType") not in ("PAGE_TYPE_CANVAS", "PAGE_TYPE_GLOBAL_FILTERS"):
        yield where, "page-type", "pageType is PAGE_TYPE_CANVAS or PAGE_TYPE_GLOBAL_FILTERS"
    taken: dict[tuple[int, int], str] = {}
    for place in page["layout"]:
        yield from _place(f"widget {place['widget']['name']}", place, taken)


def _place(where: str, place: Json, taken: dict[tuple[int, int], str]) -> Found:
    x, y, width, height = (place["position"][key] for key in ("x", "y", "width", "height"))
    if min(x, y) < 0 or min(width, height) < 1 or x + width > COLUMNS:
        yield where, "outside-grid", f"x {x}, width {width}: the grid has {COLUMNS} columns"
        return
    cells = [(column, row) for column in range(x, x + width) for row in range(y, y + height)]
    for other in sorted({taken[cell] for cell in cells if cell in taken}):
        yield where, "overlap", f"it lies over {other}"
    taken.update(dict.fromkeys(cells, place["widget"]["name"]))


# --- widgets ---------------------------------------------------------------------------------


def _widget(
    widget: Json, outputs: Mapping[str, tuple[str, ...] | None]
) -> Iterator[tuple[str, str]]:
    if "multilineTextboxSpec" in widget:
        if not "".join(widget["multilineTextboxSpec"]["lines"]).strip():
            yield "empty-text", "say something, or take it away"
        return
    spec, queries = widget["spec"], widget["queries"]
    kind = spec["widgetType"]
    if kind not in VERSIONS:
        yield "unknown-type", f"{kind} is none of {', '.join(VERSIONS)}"
        return
    if spec["version"] != VERSIONS[kind]:
        yield "wrong-version", f"{kind} is version {VERSIONS[kind]}, not {spec['version']}"
    frame = spec.get("frame", {})
    if not (frame.get("showTitle") and str(frame.get("title", "")).strip()):
        yield "no-title", "say in frame.title what it shows, with showTitle"
    for query in queries:
        yield from _query(query["query"], outputs)
    yield from _filter(spec, queries) if kind.startswith("filter-") else _shown(spec, queries)


def _query(query: Json, outputs: Mapping[str, tuple[str, ...] | None]) -> Iterator[tuple[str, str]]:
    name = query["datasetName"]
    if name not in outputs:
        yield "unknown-dataset", f"there is no dataset {name}"
        return
    for field, count in Counter(field["name"] for field in query["fields"]).items():
        if count > 1:
            yield "field-twice", f"{count} fields are named {field}"
    for field in query["fields"]:
        match = _EXPRESSION.fullmatch(field["expression"])
        if match is None:
            yield "bad-expression", f"{field['expression']}: a `column`, an aggregate or DATE_TRUNC"
            continue
        columns = [column for column in match.groups() if column]
        for column in columns:
            if column not in (outputs[name] or ()):
                yield "unknown-field", f"{name} has no column {column}"


def _shown(spec: Json, queries: Sequence[Json]) -> Iterator[tuple[str, str]]:
    kind, encodings = spec["widgetType"], spec["encodings"]
    if [query["name"] for query in queries] != ["main_query"]:
        yield "main-query", "it has one query, named main_query"
        return
    for name in REQUIRED.get(kind, ()):
        if not encodings.get(name):
            yield "missing-encoding", f"a {kind} needs {name}"
    fields = {field["name"] for field in queries[0]["query"]["fields"]}
    shown = set(_field_names(encodings))
    for name in sorted(shown - fields):
        yield "encoding-without-field", f"{name} is no field of its query"
    for name in sorted(fields - shown):
        yield "unused-field", f"{name} is queried and not shown"
    if queries[0]["query"]["disaggregated"] != (kind == "table"):
        yield "disaggregated", "true for a table, which shows rows, false for everything else"


def _filter(spec: Json, queries: Sequence[Json]) -> Iterator[tuple[str, str]]:
    known = {query["name"]: query["query"] for query in queries}
    fields = spec["encodings"].get("fields") or ()
    if not fields:
        yield "missing-encoding", "a filter needs fields"
    for field in fields:
        query = known.get(field["queryName"])
        if query is None:
            yield "filter-query", f"there is no query {field['queryName']}"
        elif field["fieldName"] not in {one["name"] for one in query["fields"]}:
            yield "encoding-without-field", f"{field['fieldName']} is no field of its query"
    for name in sorted(known.keys() - {field["queryName"] for field in fields}):
        yield "filter-query", f"query {name} is named by no field, so it filters nothing"


def _field_names(encodings: Any) -> Iterator[str]:
    if isinstance(encodings, list):
        for item in encodings:
            yield from _field_names(item)
    elif isinstance(encodings, dict):
        if isinstance(encodings.get("fieldName"), str):
            yield encodings["fieldName"]
        for value in encodings.values():
            yield from _field_names(value)


def main() -> int:
    """Name every finding; 1 when there is one."""
    findings = lint_folder()
    for finding in findings:
        print(f"bundles/dashboards/{finding}")
    if not findings:
        print("The dashboards are in order.")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
