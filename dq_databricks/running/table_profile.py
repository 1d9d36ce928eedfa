"""The profile of one table: two passes over each column at most, then the rows it gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dq_databricks.engine.protocol import Engine, Snapshot
from dq_databricks.errors import QualityError
from dq_databricks.model.catalog import TableEntry
from dq_databricks.model.ids import Context
from dq_databricks.model.profile import ColumnProfile, TableProfile
from dq_databricks.planning.measure import Measurement
from dq_databricks.planning.plan import PlannedStatement, ScanPlan
from dq_databricks.planning.planner import ROW_COUNT_KEY, make_plan
from dq_databricks.profiling.assemble import assemble
from dq_databricks.profiling.groups import second_measures
from dq_databricks.profiling.measures import first_measures
from dq_databricks.running.execute import execute
from dq_databricks.running.relations import relation_of
from dq_databricks.running.test_run import elapsed_ms


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
            plans, first, second = self._measure(snapshot, on_plan)
        except QualityError as error:
            return self._broken(entry, error)
        name = str(snapshot.relation)
        columns = assemble(
            snapshot,
            first,
            second,
            profile_run_id=self.profile_run_id,
            table_id=entry.table_id,
            table_name=name,
            profiled_at=started,
        )
        rows = first[ROW_COUNT_KEY].value
        table = TableProfile(
            profile_run_id=self.profile_run_id,
            table_id=entry.table_id,
            table_name=name,
            table_version=snapshot.version,
            fingerprint=snapshot.fingerprint,
            row_count=rows if isinstance(rows, int) else None,
            column_count=len(snapshot.columns),
            size_bytes=snapshot.size_bytes,
            statement_count=sum(len(plan.statements) for plan in plans),
            columns_read=sum(plan.columns_read for plan in plans),
            duration_ms=elapsed_ms(started, self.context.now()),
            error_message=first[ROW_COUNT_KEY].error,
            profiled_at=started,
        )
        return ProfiledEntry(entry, table, tuple(columns), snapshot)

    def _measure(
        self,
        snapshot: Snapshot,
        on_plan: Callable[[ScanPlan], Callable[[PlannedStatement], None]],
    ) -> tuple[tuple[ScanPlan, ScanPlan], dict[str, Measurement], dict[str, Measurement]]:
        tags = {"dq_run_id": self.profile_run_id}
        facts = self.engine.facts
        wanted = first_measures(snapshot, now=self.context.now(), exact=self.exact)
        first_plan = make_plan(snapshot, wanted, facts, fuse_objects=True)
        first = execute(first_plan, self.engine, tags=tags, on_statement=on_plan(first_plan))
        grouped = second_measures(snapshot, first, exact=self.exact)
        second_plan = make_plan(snapshot, grouped, facts)
        second = execute(second_plan, self.engine, tags=tags, on_statement=on_plan(second_plan))
        return (first_plan, second_plan), first, second

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
            error_message=f"{type(error).__name__}: {error}",
            profiled_at=self.context.now(),
        )
        return ProfiledEntry(entry, table, (), error=error)
