"""Tables under watch: the list, one table, one of its columns, and starting work on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import Form, Query, Response

from dq_databricks.charts import PAGE, Bin, RowsSeen, distribution, row_counts, svg
from dq_databricks.model.catalog import TableEntry, TableGroup
from dq_databricks.model.profile import Anomaly, ColumnProfile, TableProfile
from dq_databricks.model.profile_values import Counted, patterns, quantiles, top_values
from dq_databricks.model.vocabulary import ResultStatus, Severity
from dq_databricks.quality.overview import TableLine, Verdicts
from dq_databricks.quality.table_view import ColumnView, TableView, TestLine
from dq_databricks.service.pages.forms import PageReading, PageRunning, done, page_router
from dq_databricks.service.pages.render import Crumb, Place, page
from dq_databricks.service.pages.sketch import Sketch, sketch

router = page_router()
ORDERS = {"table_name": "name", "updated_at": "changed", "created_at": "added"}
VERSIONS_DRAWN = 24
_QUANTILES = {
    "p05": "5 % lie below",
    "p25": "25 % lie below",
    "p50": "Median",
    "p75": "75 % lie below",
    "p95": "95 % lie below",
}
_TABLES = Crumb("Tables", "/tables")
_RANK = {Severity.FATAL: 0, Severity.ERROR: 1, Severity.WARNING: 2}
_WORST = (ResultStatus.ERROR, ResultStatus.FAIL, ResultStatus.WARN, ResultStatus.NO_DATA)


@dataclass(frozen=True, slots=True)
class TablesContext:
    """Tables with their filters; `filters` is the address of this page as a dict."""

    lines: tuple[TableLine, ...]
    groups: tuple[TableGroup, ...]
    filters: Mapping[str, str]
    next_cursor: str | None
    cursor: str

    @property
    def group_choices(self) -> list[tuple[str, str]]:
        """The groups as choices of a filter."""
        return [(group.table_group_id, group.name) for group in self.groups]


@dataclass(frozen=True, slots=True)
class ColumnLine:
    """One column of a table with what is drawn and said beside it."""

    profile: ColumnProfile
    sketch: Sketch | None
    anomalies: tuple[Anomaly, ...]
    tests: tuple[TestLine, ...]

    @property
    def null_share(self) -> float | None:
        """The share of rows that are null."""
        return share_of(self.profile.null_count, self.profile.row_count)

    @property
    def worst(self) -> str:
        """The worst verdict of its tests; empty without any."""
        return worst_of(self.tests)


@dataclass(frozen=True, slots=True)
class Version:
    """What is known of one version of a table."""

    version: int | None
    rows: int | None
    seen_at: datetime
    by: str
    href: str


@dataclass(frozen=True, slots=True)
class TableContext:
    """One table. `versions` are newest first; `chart` draws their rows."""

    view: TableView
    name: str
    columns: tuple[ColumnLine, ...]
    anomalies: tuple[Anomaly, ...]
    tests: tuple[TestLine, ...]
    verdicts: Verdicts
    versions: tuple[Version, ...]
    chart: str

    @property
    def profile(self) -> TableProfile | None:
        """The newest profile."""
        return self.view.profiles[0] if self.view.profiles else None

    @property
    def bad_tests(self) -> tuple[TestLine, ...]:
        """The tests that need a look."""
        return tuple(line for line in self.tests if line.needs_a_look)

    @property
    def fine_tests(self) -> tuple[TestLine, ...]:
        """The other tests."""
        return tuple(line for line in self.tests if not line.needs_a_look)

    @property
    def rows(self) -> int | None:
        """The newest number of rows that was seen."""
        return next((one.rows for one in self.versions if one.rows is not None), None)


@dataclass(frozen=True, slots=True)
class ColumnContext:
    """One column. `measures` are label, value and unit of everything that was measured."""

    view: ColumnView
    name: str
    measures: tuple[tuple[str, Any, str], ...]
    values: tuple[Counted, ...]
    patterns: tuple[Counted, ...]
    chart: str
    history: tuple[ColumnProfile, ...]

    @property
    def profile(self) -> ColumnProfile | None:
        """The newest profile."""
        return self.view.profiles[0] if self.view.profiles else None


@router.get("/tables")
def list_tables(
    asked: PageReading,
    q: Annotated[str, Query(max_length=200)] = "",
    group: Annotated[str, Query(max_length=64)] = "",
    sort: Annotated[str, Query(max_length=40)] = "table_name",
    cursor: Annotated[str, Query(max_length=4096)] = "",
) -> Response:
    """Tables under watch, with their rows, anomalies and verdicts."""
    order = sort if sort.removeprefix("-") in ORDERS else "table_name"
    found = asked.quality.overview.tables(
        text=q or None, group_id=group or None, order=order, cursor=cursor or None
    )
    filters = {"q": q, "group": group, "sort": "" if order == "table_name" else order}
    context = TablesContext(found.lines, found.groups, filters, found.next_cursor, cursor)
    return page(asked, "tables.html", Place("Tables", "tables", api="/api/v1/tables"), context)


@router.get("/tables/{table_id}")
def show_table(asked: PageReading, table_id: str) -> Response:
    """One table from all sides."""
    view = asked.quality.table_view.show(table_id)
    versions = _versions(view)
    context = TableContext(
        view=view,
        name=full_name(view.entry, view.profiles),
        columns=tuple(_column_line(column, view) for column in view.columns),
        anomalies=tuple(sorted(view.anomalies, key=lambda one: _RANK[one.severity])),
        tests=tuple(sorted(view.tests, key=_worst_first)),
        verdicts=_verdicts(view.tests),
        versions=versions,
        chart=_rows_chart(versions),
    )
    place = Place(view.entry.table_name, "tables", (_TABLES,), f"/api/v1/tables/{table_id}")
    return page(asked, "table.html", place, context)


@router.get("/tables/{table_id}/columns/{column_name}")
def show_column(asked: PageReading, table_id: str, column_name: str) -> Response:
    """One column from all sides."""
    view = asked.quality.table_view.column(table_id, column_name)
    newest = view.profiles[0] if view.profiles else None
    context = ColumnContext(
        view=view,
        name=column_name,
        measures=_measures(newest) if newest else (),
        values=top_values(newest) if newest else (),
        patterns=patterns(newest) if newest else (),
        chart=_values_chart(newest) if newest else "",
        history=view.profiles,
    )
    crumbs = (_TABLES, Crumb(view.entry.table_name, f"/tables/{table_id}"))
    return page(asked, "column.html", Place(column_name, "tables", crumbs), context)


@router.post("/tables/{table_id}/{kind}")
def start_work(
    asked: PageRunning, table_id: str, kind: str, back: Annotated[str, Form()] = ""
) -> Response:
    """Ask for a profile of a table, or for its tests."""
    job = asked.quality.jobs.request(kind, table_id, may_register=False)
    here = back or f"/tables/{table_id}"
    text = f"{job.title}: queued. It appears under Runs as soon as it starts."
    return done(asked.request, here, text)


# --- what is shown -------------------------------------------------------------------------------


def full_name(entry: TableEntry, profiles: Sequence[TableProfile]) -> str:
    """The table as TARGET: what its profiles call it, or its path or three-level name."""
    if profiles:
        return profiles[0].table_name
    if entry.path:
        return entry.path
    return ".".join(part for part in (entry.catalog, entry.schema_name, entry.table_name) if part)


def share_of(part: int | None, whole: int | None) -> float | None:
    """`part` of `whole`, 0 to 1; None where either is unknown or there is nothing."""
    return None if part is None or not whole else part / whole


def worst_of(tests: Sequence[TestLine]) -> str:
    """The worst verdict among `tests`; ``pass`` when none is bad, empty when none was judged."""
    found = {line.result.result_status for line in tests if line.result is not None}
    return next((status.value for status in _WORST if status in found), "pass" if found else "")


def _worst_first(line: TestLine) -> tuple[int, str]:
    if line.result is None:
        return 5, line.test.name
    status = line.result.result_status
    return _WORST.index(status) if status in _WORST else 4, line.test.name


def _verdicts(lines: Sequence[TestLine]) -> Verdicts:
    counts = dict.fromkeys((status.value for status in ResultStatus), 0)
    for line in lines:
        if line.test.is_active and line.result is not None:
            counts[line.result.result_status.value] += 1
    return Verdicts(counts, sum(line.test.is_active and line.result is None for line in lines))


def _column_line(column: ColumnProfile, view: TableView) -> ColumnLine:
    name = column.column_name
    return ColumnLine(
        column,
        sketch(column),
        tuple(one for one in view.anomalies if one.column_name == name),
        tuple(line for line in view.tests if line.test.column_name == name),
    )


def _versions(view: TableView) -> tuple[Version, ...]:
    """Every version that a profile or a test saw, newest first; a profile knows best."""
    found: dict[int | None, Version] = {}
    for result in view.results_by_version:
        href = f"/runs/{result.test_run_id}"
        found[result.table_version] = Version(
            result.table_version, result.row_count, result.detected_at, "test run", href
        )
    for profile in reversed(view.profiles):
        if profile.error_message is None:
            href = f"/profiles/{profile.profile_run_id}"
            found[profile.table_version] = Version(
                profile.table_version, profile.row_count, profile.profiled_at, "profile", href
            )
    return tuple(sorted(found.values(), key=lambda one: one.version or -1, reverse=True))


def _rows_chart(versions: Sequence[Version]) -> str:
    seen = [
        RowsSeen(f"v{one.version}", one.rows)
        for one in reversed(versions[:VERSIONS_DRAWN])
        if one.version is not None and one.rows is not None
    ]
    if len(seen) < 2:
        return ""
    label = f"Rows by version, from {seen[0].rows:,} to {seen[-1].rows:,}"
    return svg(row_counts(seen, palette=PAGE, width=480), label)


def _values_chart(column: ColumnProfile) -> str:
    values = top_values(column)[:12]
    if not values:
        return ""
    bins = [Bin(one.value[:40] or "(empty)", one.count) for one in values]
    named = f"Most frequent values of {column.column_name}: {values[0].value} {values[0].count:,}"
    return svg(distribution(bins, palette=PAGE, width=440), named)


def _measures(column: ColumnProfile) -> tuple[tuple[str, Any, str], ...]:
    """Everything that was measured, in reading order; what does not apply is left out."""
    approximate = "" if column.distinct_is_exact is not False else "about"
    rows: tuple[tuple[str, Any, str], ...] = (
        ("Rows", column.row_count, ""),
        ("Nulls", column.null_count, "rows"),
        ("Distinct values", column.distinct_count, approximate),
        ("Smallest", column.min_value, ""),
        ("Largest", column.max_value, ""),
        *((_QUANTILES[name], value, "") for name, value in quantiles(column).items()),
        ("Mean", column.mean, ""),
        ("Standard deviation", column.stddev, ""),
        ("Zeros", column.zero_count, "rows"),
        ("Negative", column.negative_count, "rows"),
        ("NaN", column.nan_count, "rows"),
        ("Infinite", column.infinite_count, "rows"),
        ("True", column.true_count, "rows"),
        ("False", column.false_count, "rows"),
        ("Shortest", column.min_length, "characters"),
        ("Longest", column.max_length, "characters"),
        ("Mean length", column.mean_length, "characters"),
        ("Blank", column.blank_count, "rows"),
        ("Leading spaces", column.leading_space_count, "rows"),
        ("Trailing spaces", column.trailing_space_count, "rows"),
        ("Placeholders", column.placeholder_count, "rows"),
        ("Numbers as text", column.numeric_text_count, "rows"),
        ("Dates as text", column.date_text_count, "rows"),
        ("In the future", column.future_count, "rows"),
        ("Before 1900", column.before_1900_count, "rows"),
    )
    return tuple(row for row in rows if row[1] is not None)
