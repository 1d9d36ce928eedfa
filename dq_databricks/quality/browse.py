"""Lists with every filter and any order, for programs: tests, results, anomalies, profile runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from dq_databricks.model.base import Record
from dq_databricks.model.profile import Anomaly, ColumnProfile, ProfileRun
from dq_databricks.model.testing import TestRecord, TestResult
from dq_databricks.sql.statement import Parameter
from dq_databricks.store.access import Table
from dq_databricks.store.filters import Condition, contains, eq, ge, is_null, lt
from dq_databricks.store.page import Page
from dq_databricks.store.run_life import of_complete_runs
from dq_databricks.store.store import Store

M = TypeVar("M", bound=Record)


@dataclass(frozen=True, slots=True)
class Slice:
    """How much of a list, from where, in which order (descending with a leading ``-``)."""

    limit: int = 50
    cursor: str | None = None
    sort: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class BrowseFace:
    """Filters name columns; those that are None let all through."""

    store: Store

    def tests(
        self, part: Slice, *, name: str | None = None, **equal: Parameter
    ) -> Page[TestRecord]:
        """Tests, by table and name."""
        named = [] if name is None else [contains("name", name)]
        table = self.store.tests.table
        return _listed(table, part, ("table_name", "name"), [*_equal(equal), *named])

    def results(
        self,
        part: Slice,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        **equal: Parameter,
    ) -> Page[TestResult]:
        """Results of complete runs, newest first; `until` is left out."""
        complete = of_complete_runs(self.store.runs.runs, "test_run_id")
        wanted = [*_equal(equal), *_between("detected_at", since, until), complete]
        return _listed(self.store.table(TestResult), part, ("-detected_at",), wanted)

    def anomalies(
        self,
        part: Slice,
        *,
        since: datetime | None = None,
        undisposed: bool = False,
        **equal: Parameter,
    ) -> Page[Anomaly]:
        """Anomalies of complete runs, newest first; `undisposed`: nobody said anything yet."""
        complete = of_complete_runs(self.store.profiles.runs, "profile_run_id")
        wanted = [*_equal(equal), *_between("detected_at", since, None), complete]
        wanted += [is_null("disposition")] if undisposed else []
        return _listed(self.store.table(Anomaly), part, ("-detected_at",), wanted)

    def profile_runs(
        self, part: Slice, *, since: datetime | None = None, **equal: Parameter
    ) -> Page[ProfileRun]:
        """Profile runs of any status, newest first."""
        wanted = [*_equal(equal), *_between("started_at", since, None)]
        return _listed(self.store.profiles.runs, part, ("-started_at",), wanted)

    def columns(self, part: Slice, **equal: Parameter) -> Page[ColumnProfile]:
        """Column profiles of complete runs, in the order of the columns."""
        complete = of_complete_runs(self.store.profiles.runs, "profile_run_id")
        order = ("table_name", "position")
        return _listed(self.store.table(ColumnProfile), part, order, [*_equal(equal), complete])


def _listed(
    table: Table[M], part: Slice, default: Sequence[str], conditions: Sequence[Condition]
) -> Page[M]:
    order = tuple(part.sort) or tuple(default)
    return table.select(*conditions, order_by=order, limit=part.limit, cursor=part.cursor)


def _equal(values: Mapping[str, Parameter]) -> list[Condition]:
    return [eq(column, value) for column, value in values.items() if value is not None]


def _between(column: str, since: datetime | None, until: datetime | None) -> list[Condition]:
    low = [] if since is None else [ge(column, since)]
    return low if until is None else [*low, lt(column, until)]
