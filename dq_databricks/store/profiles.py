"""Profile runs, the profiles of tables and columns, and anomalies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dq_databricks.model.profile import Anomaly, ColumnProfile, ProfileRun, TableProfile
from dq_databricks.model.vocabulary import Disposition
from dq_databricks.sql.statement import Statement
from dq_databricks.store.access import Table
from dq_databricks.store.filters import Condition, eq, is_in, render
from dq_databricks.store.page import Page
from dq_databricks.store.run_life import finish, of_complete_runs

_CARRIED = (Disposition.DISMISSED, Disposition.MUTED)


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

    def with_dispositions(self, found: Sequence[Anomaly]) -> tuple[Anomaly, ...]:
        """`found`, each dismissed or muted where the same one was when it was last found; one read.

        The same anomaly is of the same type, in the same column of the same table.
        """
        if not found:
            return ()
        said = {
            (one.table_id, one.column_name, one.anomaly_type): one
            for one in self._last_disposed(sorted({anomaly.table_id for anomaly in found}))
        }
        return tuple(_inheriting(one, said) for one in found)

    def _last_disposed(self, table_ids: Sequence[str]) -> tuple[Anomaly, ...]:
        """The newest of each anomaly of these tables, where it was dismissed or muted."""
        table = self._anomalies
        wanted = [is_in("table_id", table_ids), self._complete(), *table.scope]
        where, parameters = render(Anomaly, wanted)
        carried, more = render(Anomaly, [is_in("disposition", _CARRIED)], "d")
        text = f"""SELECT {table.columns_sql}
FROM (
  SELECT
    *,
    row_number() OVER (
      PARTITION BY `table_id`, `column_name`, `anomaly_type`
      ORDER BY `detected_at` DESC, `anomaly_id` DESC
    ) AS place
  FROM {table.name.sql}
  WHERE {where}
) AS ranked
WHERE place = 1 AND {carried}"""
        return table.rows(Statement(text, {**parameters, **more}))

    def _complete(self) -> Condition:
        return of_complete_runs(self.runs, "profile_run_id")


def _inheriting(anomaly: Anomaly, said: Mapping[tuple[str, str | None, str], Anomaly]) -> Anomaly:
    last = said.get((anomaly.table_id, anomaly.column_name, anomaly.anomaly_type))
    if last is None:
        return anomaly
    names = ("disposition", "disposed_by", "disposed_at")
    return anomaly.model_copy(update={name: getattr(last, name) for name in names})
