"""Lists with filters and an order, and what stands beside each row; a read or two each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from dq_databricks.engine.protocol import Engine
from dq_databricks.errors import UnknownNameError
from dq_databricks.model.alert import Alert
from dq_databricks.model.audit import AuditEvent
from dq_databricks.model.catalog import TableEntry, TableGroup
from dq_databricks.model.column_types import general_type
from dq_databricks.model.history import TestVersion
from dq_databricks.model.profile import ProfileRun
from dq_databricks.model.testing import PastResult, TestRecord, TestResult, TestRun
from dq_databricks.model.vocabulary import JobStatus, ResultStatus, RunStatus, TargetType
from dq_databricks.model.words import did_you_mean
from dq_databricks.model.work import Job, Schedule
from dq_databricks.running.relations import relation_of
from dq_databricks.store.filters import Condition, contains, eq, ge, is_in, lt
from dq_databricks.store.latest import LatestVerdicts, TestCount
from dq_databricks.store.page import Page
from dq_databricks.store.store import Store
from dq_databricks.store.together import Part, together
from dq_databricks.store.worst import worst_first

__all__ = ["AlertFilter", "AuditFilter", "Listings", "TestCount", "TestFilter"]

TEST_ORDERS = ("table_name", "name", "rule_type", "severity", "test_suite_key", "updated_at")
NEVER_RAN = "never"
PAST_SHOWN = 12
MOST_CHOICES = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class TestFilter:
    """Which tests; None lets all through. `verdict` may be `never`: those that never ran."""

    __test__ = False
    table_id: str | None = None
    suite: str | None = None
    check_type: str | None = None
    verdict: str | None = None
    text: str | None = None
    is_active: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertFilter:
    """Which alerts; None lets all through."""

    acknowledged: bool | None = None
    severity: str | None = None
    source: str | None = None
    text: str | None = None
    table_name: str | None = None
    project_key: str | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Which entries of the audit log; None lets all through, `until` is left out."""

    actor: str | None = None
    action: str | None = None
    entity_type: str | None = None
    entity_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table; `general_type` is what check types ask for."""

    name: str
    data_type: str
    general_type: str


@dataclass(frozen=True, slots=True)
class Targets:
    """What jobs can be for; suites by their keys."""

    tables: tuple[TableEntry, ...]
    groups: tuple[TableGroup, ...]
    suites: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BesideSchedules:
    """By the id of a schedule: what it is for, in words, and its last job."""

    targets: Mapping[str, str]
    jobs: Mapping[str, Job]


@dataclass(frozen=True, slots=True)
class Listings:
    """What lists show. `workspace_id` names the audit log that is read."""

    store: Store
    workspace_id: str

    # --- what is under watch -----------------------------------------------------------------

    def tables(self, *, limit: int = MOST_CHOICES) -> tuple[TableEntry, ...]:
        """The tables under watch, by name; one read."""
        order = ("schema_name", "table_name")
        return self.store.catalog.tables.select(order_by=order, limit=limit).items

    def targets(self) -> Targets:
        """Everything a job can be for, by name; two reads."""
        catalog = self.store.catalog
        tables, groups = together(
            Part(catalog.tables, order_by=("schema_name", "table_name"), limit=MOST_CHOICES),
            Part(catalog.groups, order_by=("name",), limit=MOST_CHOICES),
        )
        suites = sorted({count.test_suite_key for count in self.test_counts()})
        return Targets(tables, groups, tuple(suites))

    def beside_schedules(self, schedules: Sequence[Schedule]) -> BesideSchedules:
        """What each schedule is for, in words, and its last job; one read."""
        refs = {schedule.target_ref for schedule in schedules}
        last = {schedule.last_job_id for schedule in schedules if schedule.last_job_id}
        catalog, jobs = self.store.catalog, self.store.table(Job)
        tables, groups, found = together(
            Part(catalog.tables, [is_in("table_id", refs)]),
            Part(catalog.groups, [is_in("table_group_id", refs)]),
            Part(jobs, [is_in("job_id", last)]),
        )
        words = {table.table_id: table_label(table) for table in tables}
        words |= {group.table_group_id: f"group {group.name}" for group in groups}
        return BesideSchedules(
            {one.schedule_id: _target(one, words) for one in schedules},
            {job.schedule_id: job for job in found if job.schedule_id},
        )

    def jobs_of_schedule(self, schedule_id: str, *, limit: int = 20) -> tuple[Job, ...]:
        """The last jobs of a schedule, newest first."""
        of_schedule, newest = eq("schedule_id", schedule_id), ("-created_at",)
        return self.store.table(Job).select(of_schedule, order_by=newest, limit=limit).items

    def columns(self, entry: TableEntry, engine: Engine) -> tuple[Column, ...]:
        """The columns of a table as it is now; reads its log, not the metadata.

        Raises EngineError children.
        """
        found = engine.inspect(relation_of(entry)).columns
        return tuple(
            Column(one.name, one.data_type, general_type(one.data_type).value) for one in found
        )

    # --- tests -------------------------------------------------------------------------------

    def tests(
        self,
        wanted: TestFilter,
        *,
        order: str = "table_name",
        limit: int | None = 50,
        cursor: str | None = None,
    ) -> Page[TestRecord]:
        """Tests that `wanted` lets through, by `order` (descending with a leading ``-``).

        Raises UnknownNameError for an order that is none of TEST_ORDERS, or an unknown verdict.
        """
        if order.removeprefix("-") not in TEST_ORDERS:
            raise UnknownNameError(
                f"tests cannot be ordered by {order!r}; by {', '.join(TEST_ORDERS)} they can"
            )
        by = tuple(dict.fromkeys((order, "table_name" if order != "-table_name" else order)))
        return self.store.tests.table.select(
            *self._of_tests(wanted), order_by=(*by, "name"), limit=limit, cursor=cursor
        )

    def past(
        self, tests: Sequence[TestRecord], *, count: int = PAST_SHOWN
    ) -> Mapping[str, tuple[PastResult, ...]]:
        """The last `count` results of each of `tests`, newest first; one read."""
        return self.store.runs.previous([test.test_id for test in tests], count=count)

    def test_counts(self) -> tuple[TestCount, ...]:
        """All tests, counted by what they are filtered by; one read."""
        return self._latest.counts()

    def history(self, test_id: str, *, limit: int = 100) -> tuple[TestResult, ...]:
        """The last results of a test, newest first."""
        return self.store.runs.results(eq("test_id", test_id), limit=limit).items

    def versions(self, test_id: str, *, limit: int = 100) -> tuple[TestVersion, ...]:
        """The kept versions of a test, newest first."""
        table = self.store.table(TestVersion)
        return table.select(eq("test_id", test_id), order_by=("-version",), limit=limit).items

    # --- runs --------------------------------------------------------------------------------

    def test_runs(
        self, *, status: str | None = None, limit: int = 50, cursor: str | None = None
    ) -> Page[TestRun]:
        """Test runs, newest first."""
        return self.store.runs.select(*_status(status), limit=limit, cursor=cursor)

    def profile_runs(
        self, *, status: str | None = None, limit: int = 50, cursor: str | None = None
    ) -> Page[ProfileRun]:
        """Profile runs, newest first."""
        return self.store.profiles.select(*_status(status), limit=limit, cursor=cursor)

    def open_jobs(self) -> tuple[Job, ...]:
        """Jobs that wait or run, in the order in which they are carried out; one read."""
        waiting = is_in("status", (JobStatus.QUEUED, JobStatus.RUNNING))
        order = ("priority", "created_at")
        return self.store.table(Job).select(waiting, order_by=order).items

    def results(
        self, run_id: str, *, verdict: str | None = None, limit: int = 100, offset: int = 0
    ) -> tuple[TestResult, ...]:
        """Results of a complete run, the worst first, from the place `offset` on."""
        wanted = [] if verdict is None else [eq("result_status", _verdict(verdict))]
        runs, results = self.store.runs.runs, self.store.table(TestResult)
        conditions = [eq("test_run_id", run_id), *wanted]
        return worst_first(runs, results, conditions, limit=limit, offset=offset)

    # --- alerts and audit log ----------------------------------------------------------------

    def alerts(
        self, wanted: AlertFilter, *, limit: int = 50, cursor: str | None = None
    ) -> Page[Alert]:
        """Alerts that `wanted` lets through, newest first."""
        named = {
            "acknowledged": wanted.acknowledged,
            "severity": wanted.severity,
            "source_type": wanted.source,
            "table_name": wanted.table_name,
            "project_key": wanted.project_key,
        }
        more = [] if not wanted.text else [contains("title", wanted.text)]
        more += [] if wanted.since is None else [ge("created_at", wanted.since)]
        return self.store.alerts.select(*_named(named), *more, limit=limit, cursor=cursor)

    def audit(
        self, wanted: AuditFilter, *, limit: int = 50, cursor: str | None = None
    ) -> Page[AuditEvent]:
        """Entries of the audit log of the workspace, newest first."""
        named = {
            "actor": wanted.actor,
            "action": wanted.action,
            "entity_type": wanted.entity_type,
            "entity_id": wanted.entity_id,
        }
        times = [ge("created_at", wanted.since)] if wanted.since else []
        times += [lt("created_at", wanted.until)] if wanted.until else []
        mine = eq("workspace_id", self.workspace_id)
        return self.store.audit.select(mine, *_named(named), *times, limit=limit, cursor=cursor)

    # --- below -------------------------------------------------------------------------------

    @property
    def _latest(self) -> LatestVerdicts:
        store = self.store
        return LatestVerdicts(store.tests.table, store.runs.runs, store.table(TestResult))

    def _of_tests(self, wanted: TestFilter) -> list[Condition]:
        named = {
            "table_id": wanted.table_id,
            "test_suite_key": wanted.suite,
            "rule_type": wanted.check_type,
            "is_active": wanted.is_active,
        }
        found = _named(named)
        if wanted.text:
            found.append(contains("name", wanted.text))
        if wanted.verdict is not None:
            never = wanted.verdict == NEVER_RAN
            found.append(self._latest.having(None if never else _verdict(wanted.verdict)))
        return found


def _named(values: Mapping[str, str | bool | None]) -> list[Condition]:
    return [eq(column, value) for column, value in values.items() if value is not None]


def _status(status: str | None) -> list[Condition]:
    if status is None:
        return []
    known = [one.value for one in RunStatus]
    if status not in known:
        raise UnknownNameError(f"no run status is named {status!r}; there are {', '.join(known)}")
    return [eq("status", status)]


def _verdict(name: str) -> ResultStatus:
    known = [one.value for one in ResultStatus]
    if name not in known:
        hint = did_you_mean(name, known) or f"; there are {', '.join(known)}"
        raise UnknownNameError(f"no verdict is named {name!r}{hint}")
    return ResultStatus(name)


def table_label(entry: TableEntry) -> str:
    """A table as people name it: its three names, or its path."""
    parts = (entry.catalog, entry.schema_name, entry.table_name)
    return entry.path or ".".join(part for part in parts if part)


def _target(schedule: Schedule, words: Mapping[str, str]) -> str:
    if schedule.target_type is TargetType.SUITE:
        return f"suite {schedule.target_ref}"
    return words.get(schedule.target_ref, f"a {schedule.target_type.value} that is gone")
