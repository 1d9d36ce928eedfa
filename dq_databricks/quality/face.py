"""One object for everything: open it, call a verb, get typed values back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from dq_databricks.checks.catalog import (
    CheckTypeDescription,
    check_types,
    describe,
    find_check_type,
)
from dq_databricks.checks.definition import parameters_from_text
from dq_databricks.engine.open import open_engine
from dq_databricks.errors import UnknownNameError
from dq_databricks.lifecycle.migrations.runner import MigrationReport
from dq_databricks.lifecycle.provision import schema_version
from dq_databricks.model.alert import Alert
from dq_databricks.model.catalog import TableEntry
from dq_databricks.model.ids import Context
from dq_databricks.model.profile import Anomaly, ProfileRun
from dq_databricks.model.progress import Progress, silent
from dq_databricks.model.testing import TestRecord, TestResult, TestRun
from dq_databricks.model.vocabulary import TriggerSource
from dq_databricks.quality.activation import ActivationReport, Wishes
from dq_databricks.quality.faces import Faces
from dq_databricks.quality.ingesting import Ingestion
from dq_databricks.quality.proposing import Proposer
from dq_databricks.quality.reports import (
    Explanation,
    PlanReport,
    ProfiledTable,
    ProfileReport,
    ProposalReport,
    Proposals,
    TestReport,
)
from dq_databricks.quality.schedules import DispatchReport
from dq_databricks.quality.targets import parse_target
from dq_databricks.quality.verdicts import RunVerdict, verdict_of
from dq_databricks.running.origin import BY_HAND, Origin
from dq_databricks.running.profile_run import ProfileOutcome, ProfileRunner
from dq_databricks.running.table_tests import plan_table
from dq_databricks.running.test_run import TestRunner
from dq_databricks.settings import Settings
from dq_databricks.store.filters import Condition, eq
from dq_databricks.store.page import Page


def open_quality(
    settings: Settings | None = None,
    *,
    told: Callable[[str], None] = lambda _: None,
    context: Context | None = None,
    **overrides: Any,
) -> Quality:
    """The public face, with settings from the environment and `overrides` on top.

    ``open_quality(home="lake")`` opens another local lake. Nothing is read or written until a
    verb is called. `told` is called with a sentence when the schema turns out to have been
    renamed; `context` is the clock, and what is secret. Raises SettingsError, MissingExtraError.
    """
    chosen = Settings.load(**overrides) if settings is None else settings
    known = context or Context()
    return Quality(chosen, open_engine(chosen, known.redaction), known, told=told)


class Quality(Faces):
    """Data quality of one metadata schema. Use it in a ``with`` block, or close it.

    TARGET is a parquet or CSV file, a glob, a Delta folder or ``catalog.schema.table``.
    """

    # --- the metadata schema ------------------------------------------------------------------

    def migrate(self) -> MigrationReport:
        """Create or upgrade the metadata tables; repeating it changes nothing."""
        return self.schema.migrate()

    def schema_version(self) -> int | None:
        """The version of the metadata schema; None when there is none yet."""
        return schema_version(self.engine, self._located())

    def dispatch(self) -> DispatchReport:
        """Queue a job for every slot that has come. Safe beside other dispatchers."""
        return self.schedules.dispatch()

    def activate(
        self, connection: str, wishes: Wishes | None = None, *, trigger: str = "manual"
    ) -> ActivationReport:
        """Put a connection to use: a table group, its tables, their first profile as a job.

        Doing it again makes nothing twice. Raises TargetError where it shows no table.
        """
        wanted = Wishes() if wishes is None else wishes
        return self.activation.activate(connection, wanted, trigger=TriggerSource(trigger))

    # --- the main job -------------------------------------------------------------------------

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

    def ingested(self, target: str, *, key: str | None = None, **more: Any) -> Ingestion:
        """Data was loaded into TARGET: watch it, and queue a run of its tests.

        The same `key` leads to the same job. `more` is what `ingestions.record` takes.
        """
        return self.ingestions.record(target, key=key, **more)

    def verdict(self, run_id: str) -> RunVerdict:
        """How a run ended; its `check` raises GateClosedError. Raises NotFoundError."""
        return verdict_of(self.jobs, self._ready(), run_id)

    # --- tests --------------------------------------------------------------------------------

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

    # --- what was found -----------------------------------------------------------------------

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

    # --- below --------------------------------------------------------------------------------

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
