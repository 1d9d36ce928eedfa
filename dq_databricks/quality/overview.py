"""What the pages about data show: combined reads, at most three to the engine each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from dq_databricks.errors import NotFoundError
from dq_databricks.model.alert import Alert
from dq_databricks.model.catalog import Connection, Project, TableEntry, TableGroup
from dq_databricks.model.incident import Incident
from dq_databricks.model.profile import Anomaly, ProfileRun, TableProfile
from dq_databricks.model.testing import TestResult, TestRun
from dq_databricks.model.vocabulary import Disposition, IncidentStatus, ResultStatus
from dq_databricks.store.filters import Condition, contains, eq, is_in, ne
from dq_databricks.store.latest import LatestVerdicts, TestCount
from dq_databricks.store.page import Page
from dq_databricks.store.run_life import of_complete_runs
from dq_databricks.store.store import Store
from dq_databricks.store.together import Part, together

RUNS_SHOWN, MOST_TABLES, MOST_INCIDENTS, MOST_ALERTS = 60, 500, 200, 200
TABLE_ORDERS = ("table_name", "updated_at", "created_at")
_JUDGED = (ResultStatus.PASS, ResultStatus.WARN, ResultStatus.FAIL, ResultStatus.ERROR)
_BAD = (ResultStatus.FAIL, ResultStatus.ERROR)


@dataclass(frozen=True, slots=True)
class Verdicts:
    """How many tests have each newest verdict; `never` ran not yet."""

    counts: Mapping[str, int] = field(default_factory=dict)
    never: int = 0

    @property
    def tests(self) -> int:
        """All tests."""
        return sum(self.counts.values()) + self.never

    @property
    def judged(self) -> int:
        """Tests with a verdict that says something: not ``no_data``, not ``skipped``."""
        return sum(self.counts.get(status, 0) for status in _JUDGED)

    @property
    def bad(self) -> int:
        """Tests that fail or could not be measured."""
        return sum(self.counts.get(status, 0) for status in _BAD)

    @property
    def pass_rate(self) -> float | None:
        """The share of judged tests that neither fail nor err; None when none was judged."""
        return 1 - self.bad / self.judged if self.judged else None


@dataclass(frozen=True, slots=True)
class TableLine:
    """One table in a list, with its latest profile and the newest verdicts of its tests."""

    entry: TableEntry
    group: TableGroup | None
    profile: TableProfile | None
    verdicts: Verdicts
    anomaly_count: int = 0


@dataclass(frozen=True, slots=True)
class Home:
    """What the overview shows. `runs` are newest first, `open_incidents` the worst first."""

    runs: tuple[TestRun, ...]
    profile_runs: tuple[ProfileRun, ...]
    incidents: tuple[Incident, ...]
    alerts: tuple[Alert, ...]
    tables: tuple[TableLine, ...]
    verdicts: Verdicts


@dataclass(frozen=True, slots=True)
class TablePage:
    """Some tables, and the groups they can be filtered by."""

    lines: tuple[TableLine, ...]
    groups: tuple[TableGroup, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class ProfileView:
    """One profile run with its tables and what looked odd."""

    run: ProfileRun
    tables: tuple[TableProfile, ...]
    anomalies: tuple[Anomaly, ...]


@dataclass(frozen=True, slots=True)
class Estate:
    """Everything under watch, from projects down to tables."""

    projects: tuple[Project, ...]
    connections: tuple[Connection, ...]
    groups: tuple[TableGroup, ...]
    tables: tuple[TableEntry, ...]

    def groups_of(self, connection_id: str) -> tuple[TableGroup, ...]:
        """The groups over a connection."""
        return tuple(one for one in self.groups if one.connection_id == connection_id)

    def tables_of_project(self, project_key: str) -> tuple[TableEntry, ...]:
        """The tables of all groups of a project."""
        of = {one.connection_id for one in self.connections if one.project_key == project_key}
        groups = {one.table_group_id for one in self.groups if one.connection_id in of}
        return tuple(one for one in self.tables if one.table_group_id in groups)

    def tables_of(self, *group_ids: str) -> tuple[TableEntry, ...]:
        """The tables of some groups."""
        return tuple(one for one in self.tables if one.table_group_id in group_ids)


@dataclass(frozen=True, slots=True)
class OverviewFace:
    """Combined reads within the projects of a store."""

    store: Store

    def home(self) -> Home:
        """The whole at a glance; two reads."""
        store = self.store
        runs, profiles, incidents, alerts, tables, table_profiles = together(
            Part(store.runs.runs, order_by=("-started_at",), limit=RUNS_SHOWN),
            Part(store.profiles.runs, order_by=("-started_at",), limit=RUNS_SHOWN),
            Part(
                store.table(Incident),
                [ne("status", IncidentStatus.RESOLVED)],
                order_by=("-last_seen",),
                limit=MOST_INCIDENTS,
            ),
            Part(
                store.alerts.table,
                [eq("acknowledged", value=False)],
                order_by=("-created_at",),
                limit=MOST_ALERTS,
            ),
            Part(store.catalog.tables, order_by=("table_name",), limit=MOST_TABLES),
            self.latest_profiles(),
        )
        counts = self.counts()
        return Home(
            runs, profiles, incidents, alerts, _lines(tables, (), table_profiles, counts, ()),
            verdicts_of(counts),
        )  # fmt: skip

    def tables(
        self,
        *,
        text: str | None = None,
        group_id: str | None = None,
        order: str = "table_name",
        limit: int = 50,
        cursor: str | None = None,
    ) -> TablePage:
        """Tables whose name contains `text`, by `order`; three reads."""
        wanted: list[Condition] = [contains("table_name", text)] if text else []
        if group_id:
            wanted.append(eq("table_group_id", group_id))
        by = tuple(dict.fromkeys((order, "schema_name")))
        page: Page[TableEntry] = self.store.catalog.tables.select(
            *wanted, order_by=by, limit=limit, cursor=cursor
        )
        lines, groups = self._beside(page.items)
        return TablePage(lines, groups, page.next_cursor)

    def estate(self) -> Estate:
        """Projects, connections, groups and tables; one read."""
        catalog = self.store.catalog
        found = together(
            Part(catalog.projects, order_by=("name",)),
            Part(catalog.connections, order_by=("name",)),
            Part(catalog.groups, order_by=("name",)),
            Part(catalog.tables, order_by=("schema_name", "table_name")),
        )
        return Estate(*found)

    def profile_run(self, profile_run_id: str) -> ProfileView:
        """A profile run with what it found; one read. Raises NotFoundError."""
        of_run = eq("profile_run_id", profile_run_id)
        complete = of_complete_runs(self.store.profiles.runs, "profile_run_id")
        runs, tables, anomalies = together(
            Part(self.store.profiles.runs, [of_run]),
            Part(self.store.table(TableProfile), [of_run, complete], order_by=("table_name",)),
            Part(self.store.table(Anomaly), [of_run, complete], order_by=("table_name",)),
        )
        if not runs:
            raise NotFoundError(f"no profile run {profile_run_id!r}")
        return ProfileView(runs[0], tables, anomalies)

    # --- below -------------------------------------------------------------------------------

    def latest_profiles(self, *conditions: Condition) -> Part:
        """The part of the newest complete profile of each table."""
        complete = of_complete_runs(self.store.profiles.runs, "profile_run_id")
        return Part(
            self.store.table(TableProfile),
            [*conditions, complete],
            order_by=("-profiled_at",),
            newest_of=("table_id",),
        )

    def counts(self) -> tuple[TestCount, ...]:
        """All tests counted by table and newest verdict; one read."""
        store = self.store
        return LatestVerdicts(store.tests.table, store.runs.runs, store.table(TestResult)).counts()

    def _beside(
        self, entries: Sequence[TableEntry]
    ) -> tuple[tuple[TableLine, ...], tuple[TableGroup, ...]]:
        of_tables = is_in("table_id", [entry.table_id for entry in entries])
        complete = of_complete_runs(self.store.profiles.runs, "profile_run_id")
        groups, profiles, anomalies = together(
            Part(self.store.catalog.groups, order_by=("name",)),
            self.latest_profiles(of_tables),
            Part(
                self.store.table(Anomaly),
                [of_tables, complete],
                order_by=("-detected_at",),
                left_out=frozenset({"suggestion"}),
            ),
        )
        counts = self.counts() if entries else ()
        return _lines(entries, groups, profiles, counts, anomalies), groups


def verdicts_of(counts: Iterable[TestCount]) -> Verdicts:
    """The verdicts of all `counts` of tests that are in use."""
    found: dict[str, int] = dict.fromkeys((status.value for status in ResultStatus), 0)
    never = 0
    for count in counts:
        if not count.is_active:
            continue
        if count.verdict is None:
            never += count.tests
        else:
            found[count.verdict.value] += count.tests
    return Verdicts(found, never)


def _lines(
    entries: Sequence[TableEntry],
    groups: Sequence[TableGroup],
    profiles: Sequence[TableProfile],
    counts: Sequence[TestCount],
    anomalies: Sequence[Anomaly],
) -> tuple[TableLine, ...]:
    group_of = {group.table_group_id: group for group in groups}
    profile_of = {profile.table_id: profile for profile in profiles}
    of_table: dict[str, list[TestCount]] = {}
    for count in counts:
        of_table.setdefault(count.table_id, []).append(count)
    return tuple(
        TableLine(
            entry,
            group_of.get(entry.table_group_id),
            profile_of.get(entry.table_id),
            verdicts_of(of_table.get(entry.table_id, ())),
            sum(_is_current(one, profile_of.get(entry.table_id)) for one in anomalies),
        )
        for entry in entries
    )


def _is_current(anomaly: Anomaly, profile: TableProfile | None) -> bool:
    """Whether an anomaly is of this profile, and nobody put it aside."""
    return (
        profile is not None
        and anomaly.table_id == profile.table_id
        and anomaly.profile_run_id == profile.profile_run_id
        and anomaly.disposition in (None, Disposition.CONFIRMED)
    )
