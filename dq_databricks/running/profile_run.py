"""A profile run: its row appears as running, then one commit per table, its end comes last."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from dq_databricks.alerting.raising import alerts_of_anomalies
from dq_databricks.alerting.telling import run_failed
from dq_databricks.engine.protocol import Engine
from dq_databricks.errors import VersionConflictError
from dq_databricks.model.catalog import TableEntry
from dq_databricks.model.ids import Context
from dq_databricks.model.profile import Anomaly, ProfileRun
from dq_databricks.model.progress import Progress, Steps, silent
from dq_databricks.model.vocabulary import RunStatus
from dq_databricks.planning.plan import PlannedStatement, ScanPlan
from dq_databricks.profiling.anomalies import find_anomalies
from dq_databricks.running.ending import broken_off, ended
from dq_databricks.running.origin import BY_HAND, Origin
from dq_databricks.running.relations import relation_of
from dq_databricks.running.table_profile import ProfiledEntry, TableProfiler
from dq_databricks.store.store import Store


@dataclass(frozen=True, slots=True)
class ProfileOutcome:
    """A finished run with what it gave for each table."""

    run: ProfileRun
    tables: tuple[ProfiledEntry, ...]
    anomalies: tuple[Anomaly, ...]


@dataclass(frozen=True, slots=True)
class ProfileRunner:
    """Profiles tables and stores what it finds."""

    engine: Engine
    store: Store
    context: Context
    project_key: str
    progress: Progress = silent
    origin: Origin = BY_HAND

    def run(
        self,
        entries: Sequence[TableEntry],
        *,
        exact: bool = False,
    ) -> ProfileOutcome:
        """Profile `entries` in one run.

        A table that cannot be read keeps its error and the run goes on. When none can be read, or
        the run itself breaks off, its row ends as failed with the reason and the error is raised.
        Raises AlreadyExistsError when there has been a run of this id; nothing is done then.
        """
        started = self._start(entries)
        try:
            tables = self._profile(started, entries, exact=exact)
            self.origin.keep()
            anomalies = self._write(tables)
        except BaseException as error:
            self._break_off(started, error)
            raise
        finished = self._finished(started, tables, anomalies)
        return ProfileOutcome(self.store.profiles.finish(finished), tables, anomalies)

    def _start(self, entries: Sequence[TableEntry]) -> ProfileRun:
        groups = sorted({entry.table_group_id for entry in entries})
        return self.store.profiles.start(
            ProfileRun(
                profile_run_id=self.origin.id_of_run(self.context),
                table_group_id=groups[0],
                status=RunStatus.RUNNING,
                started_at=self.context.now(),
                project_key=self.project_key,
                table_name=str(relation_of(entries[0])) if len(entries) == 1 else None,
                table_count=len(entries),
                trigger_source=self.origin.trigger,
                job_id=self.origin.job_id,
            )
        )

    def _profile(
        self, run: ProfileRun, entries: Sequence[TableEntry], *, exact: bool
    ) -> tuple[ProfiledEntry, ...]:
        profiler = TableProfiler(self.engine, self.context, run.profile_run_id, exact=exact)
        tables = tuple(profiler.profile(entry, on_plan=self._counter(entry)) for entry in entries)
        errors = [table.error for table in tables if table.error is not None]
        if len(errors) == len(tables):
            raise errors[0]
        return tables

    def _counter(
        self, entry: TableEntry
    ) -> Callable[[ScanPlan], Callable[[PlannedStatement], None]]:
        passes = iter(("measures", "values"))

        def counting(plan: ScanPlan) -> Callable[[PlannedStatement], None]:
            phase = f"Profile {entry.table_name}, {next(passes)}"
            steps = Steps(self.progress, phase, len(plan.statements))
            if not plan.statements:
                steps.finish()
            return steps.advance

        return counting

    def _write(self, tables: Sequence[ProfiledEntry]) -> tuple[Anomaly, ...]:
        read = [table for table in tables if table.error is None]
        columns = [column for table in read for column in table.columns]
        found = find_anomalies(
            [(table.table, table.columns) for table in read], detected_at=self.context.now()
        )
        anomalies = self.store.profiles.with_dispositions(found)
        self.store.profiles.write([table.table for table in tables], columns, anomalies)
        fresh = [anomaly for anomaly in anomalies if anomaly.disposition is None]
        alerts = alerts_of_anomalies(fresh, project_key=self.project_key, at=self.context.now())
        if alerts:
            self.store.alerts.write(alerts)
        return tuple(anomalies)

    def _finished(
        self, run: ProfileRun, tables: Sequence[ProfiledEntry], anomalies: Sequence[Anomaly]
    ) -> ProfileRun:
        errors = [
            f"{table.table.table_name}: {table.table.error_message}"
            for table in tables
            if table.table.error_message
        ]
        return run.model_copy(
            update={
                **ended(run.started_at, self.context.now()),
                "status": RunStatus.COMPLETED,
                "row_count": sum(table.table.row_count or 0 for table in tables),
                "anomaly_count": len(anomalies),
                "error_message": "; ".join(errors) or None,
            }
        )

    def _break_off(self, run: ProfileRun, error: BaseException) -> None:
        end = {**ended(run.started_at, self.context.now()), **broken_off(self.origin.cause(error))}
        with suppress(VersionConflictError):  # somebody else has closed it
            broken = self.store.profiles.finish(run.model_copy(update=end))
            if broken.status is RunStatus.FAILED:
                self.store.outbox.write([run_failed(broken, self.context.now())])
