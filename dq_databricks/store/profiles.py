"""Profile runs, the profiles of tables and columns, and anomalies."""

from __future__ import annotations

from collections.abc import Sequence

from dq_databricks.model.profile import Anomaly, ColumnProfile, ProfileRun, TableProfile
from dq_databricks.store.access import Table
from dq_databricks.store.filters import Condition, eq
from dq_databricks.store.page import Page
from dq_databricks.store.run_life import finish, of_complete_runs


class Profiles:
    """Written once per run, one commit per table; readers see complete runs only."""

    def __init__(
        self,
        runs: Table[ProfileRun],
        table_profiles: Table[TableProfile],
        column_profiles: Table[ColumnProfile],
        anomalies: Table[Anomaly],
    ) -> None:
        self.runs = runs
        self._table_profiles = table_profiles
        self._column_profiles = column_profiles
        self._anomalies = anomalies

    def start(self, run: ProfileRun) -> ProfileRun:
        """Store the row of a run that is running. Raises AlreadyExistsError."""
        return self.runs.insert(run)

    def write(
        self,
        tables: Sequence[TableProfile],
        columns: Sequence[ColumnProfile],
        anomalies: Sequence[Anomaly],
    ) -> None:
        """Store what a run found, one commit per table; none is shown before `finish`."""
        self._table_profiles.append(tables)
        self._column_profiles.append(columns)
        self._anomalies.append(anomalies)

    def finish(self, run: ProfileRun) -> ProfileRun:
        """Store the terminal state of a run, last of all its rows.

        Raises NotFoundError, and VersionConflictError when it has already ended.
        """
        return finish(self.runs, run)

    def select(
        self, *conditions: Condition, limit: int | None = None, cursor: str | None = None
    ) -> Page[ProfileRun]:
        """Runs that meet `conditions`, of any status, newest first."""
        return self.runs.select(*conditions, order_by=("-started_at",), limit=limit, cursor=cursor)

    def latest(self, table_id: str) -> TableProfile | None:
        """The newest profile of a table from a complete run, or None."""
        page = self._table_profiles.select(
            eq("table_id", table_id), self._complete(), order_by=("-profiled_at",), limit=1
        )
        return next(iter(page), None)

    def tables(self, profile_run_id: str) -> Page[TableProfile]:
        """The table profiles of a complete run, by name."""
        return self._table_profiles.select(
            eq("profile_run_id", profile_run_id), self._complete(), order_by=("table_name",)
        )

    def columns(self, profile_run_id: str, table_id: str | None = None) -> Page[ColumnProfile]:
        """The column profiles of a complete run (of one table), in the order of the columns."""
        of_table = [eq("table_id", table_id)] if table_id is not None else []
        return self._column_profiles.select(
            eq("profile_run_id", profile_run_id),
            *of_table,
            self._complete(),
            order_by=("table_name", "position"),
        )

    def anomalies(
        self, *conditions: Condition, limit: int | None = None, cursor: str | None = None
    ) -> Page[Anomaly]:
        """Anomalies of complete runs that meet `conditions`, newest first."""
        return self._anomalies.select(
            *conditions, self._complete(), order_by=("-detected_at",), limit=limit, cursor=cursor
        )

    def _complete(self) -> Condition:
        return of_complete_runs(self.runs, "profile_run_id")
