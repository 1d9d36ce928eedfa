"""The profile of one table: two passes over each column at most, then the rows it gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from dq_databricks.engine.protocol import Engine, Snapshot
from dq_databricks.errors import QualityError
from dq_databricks.model.catalog import TableEntry
from dq_databricks.model.ids import Context
from dq_databricks.model.profile import ColumnProfile, TableProfile
from dq_databricks.model.redacting import redacted
from dq_databricks.planning.measure import Measure, Measurement
from dq_databricks.planning.plan import PlannedStatement, ScanPlan
from dq_databricks.planning.planner import ROW_COUNT_KEY, make_plan
from dq_databricks.profiling.assemble import assemble
from dq_databricks.profiling.groups import second_measures, separate_measures
from dq_databricks.profiling.measures import first_measures
from dq_databricks.running.ending import elapsed_ms
from dq_databricks.running.execute import execute
from dq_databricks.running.isolate import is_of_the_table
from dq_databricks.running.relations import relation_of

OnPlan = Callable[[ScanPlan], Callable[[PlannedStatement], None]]


@dataclass(frozen=True, slots=True)
class _Passes:
    """The plans of both passes and what they measured."""

    plans: tuple[ScanPlan, ScanPlan]
    first: dict[str, Measurement]
    second: dict[str, Measurement]


@dataclass(frozen=True, slots=True)
class ProfiledEntry:
    """What the profile of one table gave. `snapshot` is None when it could not be described."""

    entry: TableEntry
    table: TableProfile
    columns: tuple[ColumnProfile, ...]
    snapshot: Snapshot | None = None
    error: QualityError | None = None


@dataclass(frozen=True, slots=True)
class TableProfiler:
    """Profiles tables of one run."""

    engine: Engine
    context: Context
    profile_run_id: str
    exact: bool = False

    def profile(
        self,
        entry: TableEntry,
        *,
        on_plan: Callable[[ScanPlan], Callable[[PlannedStatement], None]],
    ) -> ProfiledEntry:
        """Profile one table; one that cannot be read carries its error instead of columns.

        `on_plan` is told each plan before it runs and gives what to call after each statement.
        """
        started = self.context.now()
        try:
            snapshot = self.engine.inspect(relation_of(entry))
            passes = self._measure(snapshot, on_plan)
        except QualityError as error:
            return self._broken(entry, error)
        columns = assemble(
            snapshot,
            passes.first,
            passes.second,
            profile_run_id=self.profile_run_id,
            table_id=entry.table_id,
            table_name=str(snapshot.relation),
            profiled_at=started,
        )
        table = self._table(entry, snapshot, passes, started)
        return ProfiledEntry(entry, table, tuple(columns), snapshot)

    def _table(
        self, entry: TableEntry, snapshot: Snapshot, passes: _Passes, started: datetime
    ) -> TableProfile:
        rows = passes.first[ROW_COUNT_KEY].value
        return TableProfile(
            profile_run_id=self.profile_run_id,
            table_id=entry.table_id,
            table_name=str(snapshot.relation),
            table_version=snapshot.version,
            fingerprint=snapshot.fingerprint,
            row_count=rows if isinstance(rows, int) else None,
            column_count=len(snapshot.columns),
            size_bytes=snapshot.size_bytes,
            statement_count=sum(len(plan.statements) for plan in passes.plans),
            columns_read=sum(plan.columns_read for plan in passes.plans),
            duration_ms=elapsed_ms(started, self.context.now()),
            error_message=passes.first[ROW_COUNT_KEY].error,
            profiled_at=started,
        )

    def _measure(self, snapshot: Snapshot, on_plan: OnPlan) -> _Passes:
        now = self.context.now()
        wanted = first_measures(snapshot, now=now)
        first_plan = make_plan(snapshot, wanted, self.engine.facts, fuse_objects=True)
        first = self._execute(first_plan, on_plan)
        grouped = self._grouped(snapshot, first)
        second_plan = make_plan(snapshot, grouped, self.engine.facts)
        second = self._execute(second_plan, on_plan)
        failed = [key for key, measurement in second.items() if measurement.failure]
        if alone := separate_measures(snapshot, first, failed, exact=self.exact):
            answered = {key: found for key, found in second.items() if key not in failed}
            again = make_plan(snapshot, alone, self.engine.facts)
            second = {**answered, **execute(again, self.engine, tags=self._tags())}
        return _Passes((first_plan, second_plan), first, second)

    def _grouped(self, snapshot: Snapshot, first: dict[str, Measurement]) -> tuple[Measure, ...]:
        """The second pass; a foreign table, which has to be fetched for each, has none unasked."""
        if snapshot.relation.is_foreign and not self.exact:
            return ()
        return second_measures(snapshot, first, exact=self.exact)

    def _tags(self) -> dict[str, str]:
        return {"dq_run_id": self.profile_run_id}

    def _execute(self, plan: ScanPlan, on_plan: OnPlan) -> dict[str, Measurement]:
        """Measurements of one pass; raises what makes the whole table unreadable."""
        measurements = execute(plan, self.engine, tags=self._tags(), on_statement=on_plan(plan))
        for measurement in measurements.values():
            if measurement.failure is not None and is_of_the_table(measurement.failure):
                raise measurement.failure
        return measurements

    def _broken(self, entry: TableEntry, error: QualityError) -> ProfiledEntry:
        table = TableProfile(
            profile_run_id=self.profile_run_id,
            table_id=entry.table_id,
            table_name=str(relation_of(entry)),
            fingerprint="",
            column_count=0,
            statement_count=0,
            columns_read=0,
            duration_ms=0,
            error_message=redacted(f"{type(error).__name__}: {error}"),
            profiled_at=self.context.now(),
        )
        return ProfiledEntry(entry, table, (), error=error)
