"""The rules: a dashboard in, findings out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import Any

from tools.dashboard_lint.columns import QueryError, output_columns, referred_columns

Document = Mapping[str, Any]
Columns = tuple[str, ...] | None
"""What a dataset gives; None where it cannot be told."""
GRID = 12
VERSIONS: Mapping[str, int] = {
    "counter": 2, "table": 2, "bar": 3, "line": 3, "pie": 3, "area": 3, "heatmap": 3, "pivot": 3,
    "scatter": 3, "combo": 1, "filter-single-select": 2, "filter-multi-select": 2,
    "filter-date-range-picker": 2,
}  # fmt: skip
"""The version Lakeview accepts for each kind of widget; another is an invalid definition."""


def findings(dashboard: Document) -> Iterator[str]:
    """Everything that is wrong with a dashboard, in words; nothing for a sound one."""
    datasets = dashboard.get("datasets", [])
    yield from _repeated("dataset", [dataset.get("name") for dataset in datasets])
    known: dict[str, Columns] = {}
    for dataset in datasets:
        known[dataset["name"]] = yield from _dataset(dataset)
    used: set[str] = set()
    for page in dashboard.get("pages", []):
        yield from _page(page, known, used)
    for name in known.keys() - used:
        yield f"dataset {name}: no widget shows it"


def _dataset(dataset: Document) -> Generator[str, None, Columns]:
    """Findings of one dataset; gives back its columns, None where they are not known."""
    name, lines = dataset["name"], dataset.get("queryLines", [])
    if not dataset.get("displayName"):
        yield f"dataset {name}: it has no displayName"
    for line in lines[:-1]:
        if not line.endswith("\n"):
            yield f"dataset {name}: the line {line!r} needs a line break: lines are joined as is"
    try:
        columns = output_columns("".join(lines))
    except QueryError as error:
        yield f"dataset {name}: {error}"
        return None
    yield from _repeated(f"dataset {name}: column", columns)
    return columns


def _page(page: Document, datasets: Mapping[str, Columns], used: set[str]) -> Iterator[str]:
    where = f"page {page.get('name')}"
    if page.get("layoutVersion") != "GRID_V1":
        yield f"{where}: layoutVersion must be GRID_V1, or its grid has 6 columns"
    if page.get("pageType") not in ("PAGE_TYPE_CANVAS", "PAGE_TYPE_GLOBAL_FILTERS"):
        yield f"{where}: pageType {page.get('pageType')!r} is not known"
    layout = page.get("layout", [])
    yield from _repeated("widget", [item["widget"].get("name") for item in layout])
    yield from _positions(layout)
    for item in layout:
        yield from _widget(item["widget"], datasets, used)


def _positions(layout: Sequence[Document]) -> Iterator[str]:
    places = [(item["widget"]["name"], item["position"]) for item in layout]
    for name, at in places:
        if at["x"] < 0 or at["width"] < 1 or at["height"] < 1 or at["x"] + at["width"] > GRID:
            yield f"widget {name}: it does not fit into {GRID} columns"
    for number, (name, at) in enumerate(places):
        for other, there in places[number + 1 :]:
            if _overlap(at, there):
                yield f"widget {name}: it overlaps {other}"


def _overlap(one: Mapping[str, int], other: Mapping[str, int]) -> bool:
    return all(
        one[start] < other[start] + other[size] and other[start] < one[start] + one[size]
        for start, size in (("x", "width"), ("y", "height"))
    )


def _widget(widget: Document, datasets: Mapping[str, Columns], used: set[str]) -> Iterator[str]:
    where = f"widget {widget['name']}"
    if "spec" not in widget:
        if not widget.get("multilineTextboxSpec", {}).get("lines"):
            yield f"{where}: it has neither a spec nor words"
        return
    spec = widget["spec"]
    yield from _spec(where, spec)
    fields: dict[str, set[str]] = {}
    for query in widget.get("queries", []):
        asked = query["query"]
        used.add(asked["datasetName"])
        fields[query["name"]] = {field["name"] for field in asked["fields"]}
        yield from _query(f"{where}, query {query['name']}", asked, datasets)
    yield from _encodings(where, spec["encodings"], fields)


def _spec(where: str, spec: Document) -> Iterator[str]:
    kind, version = str(spec.get("widgetType")), spec.get("version")
    if kind not in VERSIONS:
        yield f"{where}: no widget is of the kind {kind!r}"
    elif version != VERSIONS[kind]:
        yield f"{where}: version {version} of {kind} is refused; write {VERSIONS[kind]}"
    frame = spec.get("frame", {})
    if not (frame.get("showTitle") and frame.get("title")):
        yield f"{where}: it shows no title that says what it shows"


def _query(where: str, asked: Document, datasets: Mapping[str, Columns]) -> Iterator[str]:
    dataset = asked["datasetName"]
    if dataset not in datasets:
        yield f"{where}: there is no dataset {dataset!r}"
        return
    columns = datasets[dataset]
    yield from _repeated(f"{where}: field", [field["name"] for field in asked["fields"]])
    for field in asked["fields"]:
        try:
            read = referred_columns(field["expression"])
        except QueryError as error:
            yield f"{where}, field {field['name']}: {error}"
            continue
        for column in read:
            if columns is not None and column not in columns:
                yield f"{where}, field {field['name']}: dataset {dataset} has no column {column}"


def _encodings(where: str, encodings: Any, fields: Mapping[str, set[str]]) -> Iterator[str]:
    for encoding in _named(encodings):
        name, query = encoding["fieldName"], encoding.get("queryName")
        if query is not None and query not in fields:
            yield f"{where}: it has no query {query!r}"
        elif name not in (fields[query] if query else set().union(*fields.values())):
            yield f"{where}: field {name!r} is in none of its queries"


def _named(encodings: Any) -> Iterator[Document]:
    """Every encoding that names a field, however deep it stands."""
    if isinstance(encodings, Mapping):
        if "fieldName" in encodings:
            yield encodings
        for inner in encodings.values():
            yield from _named(inner)
    elif isinstance(encodings, Sequence) and not isinstance(encodings, str):
        for inner in encodings:
            yield from _named(inner)


def _repeated(what: str, names: Sequence[Any]) -> Iterator[str]:
    for name, times in Counter(names).items():
        if times > 1:
            yield f"{what} {name!r}: it stands {times} times"
