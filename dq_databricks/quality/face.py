"""One object for everything: open it, call a verb, get typed values back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Self

from dq_databricks.checks.catalog import (
    CheckTypeDescription,
    check_types,
    describe,
    find_check_type,
)
from dq_databricks.checks.definition import parameters_from_text
from dq_databricks.engine.open import open_engine
from dq_databricks.engine.protocol import Engine
from dq_databricks.errors import SchemaMovedError, UnknownNameError
from dq_databricks.lifecycle.gate import Gate
from dq_databricks.lifecycle.migrations.runner import MigrateOptions, MigrationReport
from dq_databricks.lifecycle.points.backup import before_migration
from dq_databricks.lifecycle.provision import schema_version
from dq_databricks.model.actor import Actor
from dq_databricks.model.alert import Alert
from dq_databricks.model.catalog import TableEntry
from dq_databricks.model.ids import Context
from dq_databricks.model.profile import Anomaly, ProfileRun
from dq_databricks.model.progress import Progress, silent
from dq_databricks.model.testing import TestRecord, TestResult, TestRun
from dq_databricks.quality.access import AccessFace
from dq_databricks.quality.access_site import AccessSite
from dq_databricks.quality.audit import AuditFace
from dq_databricks.quality.browse import BrowseFace
from dq_databricks.quality.catalog import CatalogFace
from dq_databricks.quality.drift import DriftFace
from dq_databricks.quality.history import HistoryFace
from dq_databricks.quality.jobs import JobFace
from dq_databricks.quality.incidents import IncidentFace
from dq_databricks.quality.listings import Listings
from dq_databricks.quality.moves import RenameFace
from dq_databricks.quality.options import OptionsFace
from dq_databricks.quality.overview import OverviewFace
from dq_databricks.quality.points import PointFace
from dq_databricks.quality.projects import ProjectFace
from dq_databricks.quality.profiles import ProfileFace
from dq_databricks.quality.proposing import Proposer
from dq_databricks.quality.reach import Reach
from dq_databricks.quality.reports import (
    Explanation,
    PlanReport,
    ProfiledTable,
    ProfileReport,
    ProposalReport,
    Proposals,
    TestReport,
)
from dq_databricks.quality.requests import RequestFace
from dq_databricks.quality.schedules import DispatchReport, ScheduleFace
from dq_databricks.quality.results import ResultFace
from dq_databricks.quality.schema import SchemaFace
from dq_databricks.quality.table_view import TableFace
from dq_databricks.quality.sources import SourceFace
from dq_databricks.quality.suites import SuiteFace
from dq_databricks.quality.targets import parse_target
from dq_databricks.quality.tests import TestFace
from dq_databricks.quality.trying import TryFace
from dq_databricks.quality.upkeep import UpkeepFace
from dq_databricks.quality.work import WorkFinder
from dq_databricks.running.origin import BY_HAND, Origin
from dq_databricks.running.profile_run import ProfileOutcome, ProfileRunner
from dq_databricks.running.table_tests import plan_table
from dq_databricks.running.test_run import TestRunner
from dq_databricks.settings import Settings
from dq_databricks.store.filters import Condition, eq
from dq_databricks.store.page import Page
from dq_databricks.store.store import Store


def open_quality(
    settings: Settings | None = None,
    *,
    told: Callable[[str], None] = lambda _: None,
    **overrides: Any,
) -> Quality:
    """The public face, with settings from the environment and `overrides` on top.

    ``open_quality(home="lake")`` opens another local lake. Nothing is read or written until a
    verb is called. `told` is called with a sentence when the schema turns out to have been
    renamed. Raises SettingsError, MissingExtraError.
    """
    chosen = Settings.load(**overrides) if settings is None else settings
    return Quality(chosen, open_engine(chosen), told=told)


class Quality:
    """Data quality of one metadata schema. Use it in a ``with`` block, or close it.

    `actor` is who changes things, for the audit log. With `projects`, nothing of other projects
    is seen: their objects are not found.

    TARGET is a parquet or CSV file, a glob, a Delta folder or ``catalog.schema.table``.
    """

    def __init__(
        self,
        settings: Settings,
        engine: Engine,
        context: Context | None = None,
        *,
        told: Callable[[str], None] = lambda _: None,
        actor: Actor | None = None,
        projects: Sequence[str] | None = None,
        cursor_key: bytes = b"",
    ) -> None:
        self.settings = settings
        self._cursor_key = cursor_key
        self.actor = actor or Actor(settings.user_name)
        self.project_keys = projects
        self.engine = engine
        self.context, self._told = context or Context(), told
        self._gate = Gate(engine, settings, self.context, options=self._options(), told=told)
        self._store = self._store_at(settings)
        self._may_read = self._may_write = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Write down what is left to be, and give back connections and threads."""
        try:
            self.settle()
        finally:
            self.engine.close()

    @property
    def is_settled(self) -> bool:
        """Whether all that was changed is written down; else `settle` does it."""
        return self._store.is_settled

    def settle(self) -> None:
        """Write down what a verb that failed had changed already."""
        self._store.record()

    def acting(
        self,
        actor: Actor,
        projects: Sequence[str],
        *,
        project: str = "",
        cursor_key: bytes = b"",
    ) -> Quality:
        """This schema as `actor` sees it: the rows of `projects`, new ones going to `project`.

        Cursors are signed with `cursor_key`, so that only a face with the same one takes them.
        """
        return Quality(
            replace(self.settings, project=project) if project else self.settings,
            self.engine,
            self.context,
            told=self._told,
            actor=actor,
            projects=projects,
            cursor_key=cursor_key,
        )

    @property
    def store(self) -> Store:
        """The metadata for reading, by subject, for faces and pages built on this one."""
        return self._ready()

    # --- the metadata schema -------------------------------------------------------------------

    def migrate(self) -> MigrationReport:
        """Create or upgrade the metadata tables; repeating it changes nothing."""
        return self.schema.migrate()

    @property
    def schema(self) -> SchemaFace:
        """The life of the metadata schema: migrate, status, plan, rollback, repair, baseline."""
        return SchemaFace(self.engine, self._located(), self.context, self._back_up)

    @property
    def drift(self) -> DriftFace:
        """Whether the schema is what its migrations made of it: verify, adopt."""
        return DriftFace(self.engine, self._located(), self.context)

    @property
    def upkeep(self) -> UpkeepFace:
        """Sizes, daily care and grants: report, maintain, plan_grants, apply_grants."""
        return UpkeepFace(self.engine, self._located(), self.context)

    @property
    def points(self) -> PointFace:
        """Restore points: backup, list, show, remove, plan a restore, restore."""
        return PointFace(self.engine, self._located(), self.context)

    @property
    def renaming(self) -> RenameFace:
        """Another name for the metadata schema: rename, abandon, drop_old, status."""
        return RenameFace(self.engine, self._located(), self.context)

    @property
    def requests(self) -> RequestFace:
        """Requests that must not be carried out twice: claim, finish, release, purge."""
        return RequestFace(self._writing(), self.context)

    def schema_version(self) -> int | None:
        """The version of the metadata schema; None when there is none yet."""
        return schema_version(self.engine, self._located())

    @property
    def catalog(self) -> CatalogFace:
        """Connections, table groups and tables: list, show, add, edit, remove."""
        return CatalogFace(
            self._ready(),
            self.engine,
            self.settings.project,
            writable=self._writing,
            reach=self._reach,
            projects=self.project_keys,
        )

    @property
    def overview(self) -> OverviewFace:
        """Combined reads for pages: home, tables, estate, profile_run."""
        return OverviewFace(self._ready())

    @property
    def table_view(self) -> TableFace:
        """One table from all sides: show, column, comparison, proposals."""
        return TableFace(Proposer(self._ready(), self.engine, self.context))

    # --- the main job --------------------------------------------------------------------------

    def profile(
        self,
        target: str | None = None,
        *,
        group: str | None = None,
        exact: bool = False,
        progress: Progress = silent,
        origin: Origin | None = None,
    ) -> ProfileReport:
        """Measure every column of TARGET, or of the tables of `group`, and name anomalies.

        `origin` says what asked for the run, if not the caller.
        Raises TargetError, and EngineError children when nothing could be read.
        """
        entries = self._work().entries(target, group)
        outcome = self._profile_runner(progress, origin).run(entries, exact=exact)
        return self._store.written(_profile_report(outcome))

    def propose(
        self,
        target: str | None = None,
        *,
        group: str | None = None,
        apply: bool = False,
        progress: Progress = silent,
    ) -> ProposalReport:
        """Derive tests from the latest profile of TARGET; profiles it first when there is none.

        `apply` stores them. A test a person edited or removed is never touched.
        """
        entries = self._work().entries(target, group)
        proposer = Proposer(self._ready(), self.engine, self.context)
        unprofiled = proposer.unprofiled(entries)
        if unprofiled:
            self._profile_runner(progress).run(unprofiled)
        proposals = proposer.propose(entries, apply=apply)
        return self._store.written(ProposalReport(proposals, applied=apply))

    def plan(
        self,
        target: str | None = None,
        *,
        group: str | None = None,
        suite: str | None = None,
    ) -> tuple[PlanReport, ...]:
        """How the tests of TARGET would be answered, without running them. Raises NoTestsError."""
        work = self._work().tests(target, group, suite)
        return tuple(self._planned(entry, tests) for entry, tests in work)

    def test(
        self,
        target: str | None = None,
        *,
        group: str | None = None,
        suite: str | None = None,
        progress: Progress = silent,
        origin: Origin | None = None,
    ) -> TestReport:
        """Run the active tests of TARGET, `group` or `suite`. Raises NoTestsError.

        `origin` says what asked for the run, if not the caller.
        """
        work = self._work().tests(target, group, suite)
        runner = TestRunner(
            self.engine,
            self._ready(),
            self.context,
            self.settings.project,
            parse_target,
            progress,
            origin or BY_HAND,
        )
        suites = sorted({test.test_suite_key for _, tests in work for test in tests})
        run, results, alerts = runner.run(work, suite=suite or ",".join(suites))
        return self._store.written(TestReport(run, results, alerts))

    # --- tests ---------------------------------------------------------------------------------

    def parameters(self, check_type: str, texts: dict[str, str]) -> dict[str, object]:
        """Parameters as people type them, read by the types that `check_type` declares."""
        return parameters_from_text(find_check_type(check_type), texts)

    def checks(self, name: str | None = None) -> tuple[CheckTypeDescription, ...]:
        """The check types with their parameters, or the one of this name or alias."""
        found = check_types().values() if name is None else [find_check_type(name)]
        return tuple(describe(check_type) for check_type in found)

    def tests(
        self,
        target: str | None = None,
        *,
        group: str | None = None,
        suite: str | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[TestRecord]:
        """Stored tests, by table and name."""
        conditions = [*self._of_target(target), *self._of_group(group)]
        if suite is not None:
            conditions.append(eq("test_suite_key", suite))
        return self._ready().tests.select(*conditions, limit=limit, cursor=cursor)

    def show_test(self, test_id: str) -> TestRecord:
        """One test; raises NotFoundError."""
        return self._ready().tests.get(test_id)

    def add_test(
        self,
        target: str,
        check_type: str,
        *,
        columns: Sequence[str] = (),
        parameters: dict[str, Any] | None = None,
        **fields: Any,
    ) -> TestRecord:
        """Bind `check_type` to TARGET. Validates columns and parameters against the table.

        Raises UnknownNameError, ParameterError, ColumnNotFoundError with near names.
        """
        entry = self._work().entry(target)
        added = self._tests().add(entry, check_type, columns, parameters or {}, **fields)
        return self._store.written(added)

    def edit_test(
        self, test_id: str, *, expected_version: int | None = None, **changes: Any
    ) -> TestRecord:
        """Change a test and lock it against proposals; raises VersionConflictError."""
        return self._store.written(self._tests().edit(test_id, expected_version, changes))

    def remove_test(self, test_id: str, *, expected_version: int | None = None) -> TestRecord:
        """Remove a test; its results stay. Raises NotFoundError, VersionConflictError."""
        test = self.show_test(test_id)
        version = test.version if expected_version is None else expected_version
        self._writing().tests.remove(test_id, version)
        return self._store.written(test)

    # --- what was found ------------------------------------------------------------------------

    def anomalies(
        self,
        target: str | None = None,
        *,
        run_id: str | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Anomaly]:
        """Anomalies of TARGET's latest profile, of a profile run, or of all, newest first."""
        conditions: list[Condition] = self._of_target(target)
        if target is not None and run_id is None:
            latest = self._ready().profiles.latest(str(conditions[0].values[0]))
            run_id = "" if latest is None else latest.profile_run_id
        if run_id is not None:
            conditions.append(eq("profile_run_id", run_id))
        return self._ready().profiles.anomalies(*conditions, limit=limit, cursor=cursor)

    def runs(
        self, kind: str = "test", *, limit: int = 50, cursor: str | None = None
    ) -> Page[TestRun] | Page[ProfileRun]:
        """Test runs or profile runs of any status, newest first."""
        if kind == "test":
            return self._ready().runs.select(limit=limit, cursor=cursor)
        if kind == "profile":
            return self._ready().profiles.select(limit=limit, cursor=cursor)
        raise UnknownNameError(f"no kind of run is named {kind!r}; there are test and profile")

    def results(
        self,
        target: str | None = None,
        *,
        run_id: str | None = None,
        status: str | None = None,
        test_id: str | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[TestResult]:
        """Results of complete runs, newest first."""
        wanted = {"test_run_id": run_id, "result_status": status, "test_id": test_id}
        named = [eq(column, value) for column, value in wanted.items() if value is not None]
        return self._ready().runs.results(
            *self._of_target(target), *named, limit=limit, cursor=cursor
        )

    def explain(self, result_or_test_id: str) -> Explanation:
        """Everything behind one verdict: a result, or the newest result of a test."""
        return self._tests(write=False).explain(result_or_test_id)

    def alerts(
        self,
        *,
        only_open: bool = False,
        severity: str | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Alert]:
        """Alerts, newest first."""
        conditions = [eq("acknowledged", value=False)] if only_open else []
        if severity is not None:
            conditions.append(eq("severity", severity))
        return self._ready().alerts.select(*conditions, limit=limit, cursor=cursor)

    def alert(self, alert_id: str) -> Alert:
        """One alert; raises NotFoundError."""
        return self._ready().alerts.get(alert_id)

    def acknowledge(self, alert_id: str, *, by: str | None = None) -> Alert:
        """Take note of an alert; raises VersionConflictError naming who was first."""
        taken = self._writing().alerts.acknowledge(alert_id, by or self.settings.user_name)
        return self._store.written(taken)

    def acknowledge_many(self, alert_ids: Sequence[str]) -> tuple[Alert, ...]:
        """Take note of alerts, in one commit; those that nobody had taken note of before.

        Raises NotFoundError naming those that are not there; then none is taken note of.
        """
        taken = self._writing().alerts.acknowledge_many(alert_ids, self.actor.name)
        return self._store.written(taken)

    @property
    def incidents(self) -> IncidentFace:
        """Incidents: list, counts, show, timeline, acknowledge, assign, resolve, snooze, mute."""
        return IncidentFace(self._ready(), self.context, self.actor, self._writing)

    @property
    def listings(self) -> Listings:
        """Lists with filters and an order, for pages: tests, runs, results, alerts, audit log."""
        return Listings(self._ready(), self.actor.workspace_id)

    @property
    def access(self) -> AccessFace:
        """Who may do what: organizations, workspaces, users, keys."""
        return AccessFace(self._access_site())

    @property
    def audit(self) -> AuditFace:
        """The audit log: list, verify, head, note."""
        return AuditFace(self._access_site())

    @property
    def projects(self) -> ProjectFace:
        """Projects of workspaces: list, show, add, edit, remove."""
        return ProjectFace(self._access_site())

    @property
    def options(self) -> OptionsFace:
        """Every setting: list, show, save."""
        return OptionsFace(
            store=self._ready(),
            engine=self.engine,
            settings=self.settings,
            context=self.context,
            rename=self._rename,
            writable=self._writing,
        )

    @property
    def jobs(self) -> JobFace:
        """Jobs and the runs they make: request, list, show, cancel, retry, run, reconcile."""
        return JobFace(
            self._ready(),
            self.context,
            self.settings,
            self.actor,
            self._writing,
            self.catalog,
            self._work,
        )

    @property
    def schedules(self) -> ScheduleFace:
        """When work is asked for: list, show, add, edit, remove, enable, preview, run, dispatch."""
        return ScheduleFace(
            self._ready(),
            self.context,
            self.actor,
            self._writing,
            self.catalog,
            self.settings.project,
        )

    def dispatch(self) -> DispatchReport:
        """Queue a job for every slot that has come. Safe beside other dispatchers."""
        return self.schedules.dispatch()

    # --- below ---------------------------------------------------------------------------------

    def _access_site(self) -> AccessSite:
        bound = None if self.project_keys is None else self.actor.workspace_id
        return AccessSite(self._ready, self.engine, self.settings, self.context, self.actor, bound)

    def _ready(self, *, write: bool = False) -> Store:
        """The store, once the schema may be read or written. It follows a renamed schema."""
        if not (self._may_write if write else self._may_read):
            settings = self._gate.enter(write=write)
            if settings != self.settings:
                self.settings = settings
                self._store = self._store_at(settings)
            self._may_read, self._may_write = True, self._may_write or write
        return self._store

    def _located(self) -> Settings:
        """The settings of the schema where it is now; provisions nothing."""
        return self._gate.locate()

    def _rename(self, target: str) -> OptionsFace:
        """Rename the schema; the settings as they are under its new name."""
        self.renaming.rename(target)
        self._may_read = self._may_write = False
        return self.options

    def _writing(self) -> Store:
        return self._ready(write=True)

    def _store_at(self, settings: Settings) -> Store:
        """The store of one schema; what is written through it counts for that schema only."""
        confirm = partial(self._confirm, settings.data_quality_schema)
        return Store(
            self.engine,
            settings,
            self.context,
            confirm=confirm,
            actor=self.actor,
            projects=self.project_keys,
            cursor_key=self._cursor_key,
        )

    def _confirm(self, schema: str) -> None:
        """Whether what was written counts; the next write looks anew before it begins."""
        self._may_write = False
        try:
            self._gate.confirm(schema)
        except SchemaMovedError:
            self._may_read = False
            raise

    def _options(self) -> MigrateOptions:
        return MigrateOptions(before_data=self._back_up)

    def _back_up(self) -> None:
        before_migration(self.engine, self._gate.settings, self.context)

    # --- faces of one subject each ---------------------------------------------------------------

    @property
    def browse(self) -> BrowseFace:
        """Lists with every filter and any order: tests, results, anomalies, profile runs."""
        return BrowseFace(self._ready())

    @property
    def history(self) -> HistoryFace:
        """Versions of tests: list, show, roll back."""
        return HistoryFace(self._ready(), self._writing)

    @property
    def trying(self) -> TryFace:
        """Without storing anything: validate, try a test, look at the rows that failed."""
        return TryFace(self._ready(), self.engine, self.context, self._tests(write=False))

    @property
    def findings(self) -> ResultFace:
        """Figures over results: verdicts by day, table, suite and table version."""
        return ResultFace(self._ready(), self.context)

    @property
    def profiles(self) -> ProfileFace:
        """Profile runs, two of them side by side, and what people say about anomalies."""
        return ProfileFace(self._ready(), self.context, self.actor.name, self._writing)

    @property
    def suites(self) -> SuiteFace:
        """Suites: list, show, describe."""
        return SuiteFace(self._ready(), self.context, self.settings.project, self._writing)

    @property
    def sources(self) -> SourceFace:
        """What the engine shows of connections: test, discover, preview."""
        return SourceFace(self._ready(), self.engine, self.context, self._reach, self._writing)

    def review(self, target: str) -> Proposals:
        """What `propose` would store for TARGET or a table id, from its latest profile.

        Raises NotFoundError when there is no such table, or no profile of it.
        """
        proposer = Proposer(self._ready(), self.engine, self.context)
        return proposer.propose([self.catalog.table(target)], apply=False)[0]

    def apply_proposals(self, target: str, test_ids: Sequence[str] | None = None) -> Proposals:
        """Store the proposals for TARGET or a table id, or those of `test_ids` alone."""
        entry = self.catalog.table(target)
        proposer = Proposer(self._writing(), self.engine, self.context)
        if test_ids is None:
            return self._store.written(proposer.propose([entry], apply=True)[0])
        return self._store.written(proposer.choose(entry, test_ids))

    @property
    def _reach(self) -> Reach:
        settings = self.settings
        return Reach(settings.catalog, settings.data_quality_schema, self.project_keys is None)

    def _work(self, *, write: bool = True) -> WorkFinder:
        store = self._ready(write=write)
        return WorkFinder(store, self.engine, self.settings.project, self._reach, self.project_keys)

    def _tests(self, *, write: bool = True) -> TestFace:
        return TestFace(self._ready(write=write), self.engine, self.context, self._reach)

    def _profile_runner(self, progress: Progress, origin: Origin | None = None) -> ProfileRunner:
        return ProfileRunner(
            self.engine,
            self._ready(),
            self.context,
            self.settings.project,
            progress,
            origin or BY_HAND,
        )

    def _planned(self, entry: TableEntry, tests: Sequence[TestRecord]) -> PlanReport:
        planned = plan_table(
            self.engine, entry, tests, at=self.context.now(), resolve_reference=parse_target
        )
        names = {
            measure.key: test.name for test, check in planned.checks for measure in check.measures
        }
        return PlanReport(planned.plan, names)

    def _of_target(self, target: str | None) -> list[Condition]:
        if target is None:
            return []
        return [eq("table_id", self.catalog.table(target).table_id)]

    def _of_group(self, group: str | None) -> list[Condition]:
        if group is None:
            return []
        return [eq("table_group_id", self.catalog.group(group).table_group_id)]


def _profile_report(outcome: ProfileOutcome) -> ProfileReport:
    tables = tuple(
        ProfiledTable(
            profiled.table,
            profiled.columns,
            tuple(
                anomaly
                for anomaly in outcome.anomalies
                if anomaly.table_id == profiled.entry.table_id
            ),
        )
        for profiled in outcome.tables
    )
    return ProfileReport(outcome.run, tables)
