"""Profile runs with their tables and columns, two of them side by side, and their anomalies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dq_databricks.errors import NotFoundError, UnknownNameError
from dq_databricks.model.ids import Context
from dq_databricks.model.profile import Anomaly, ColumnProfile, ProfileRun, TableProfile
from dq_databricks.model.vocabulary import Disposition
from dq_databricks.model.words import did_you_mean
from dq_databricks.quality.comparison import Profiled, TableComparison, compare
from dq_databricks.store.filters import eq
from dq_databricks.store.store import Store


@dataclass(frozen=True, slots=True)
class ProfileView:
    """A profile run and the tables it profiled; without tables while it is not complete."""

    run: ProfileRun
    tables: tuple[TableProfile, ...]


@dataclass(frozen=True, slots=True)
class ProfileFace:
    """What profile runs found, and what people say about it."""

    store: Store
    context: Context
    actor_name: str
    writable: Callable[[], Store]

    def show(self, profile_run_id: str) -> ProfileView:
        """A run with its tables; raises NotFoundError. Two reads."""
        run = self.store.profiles.runs.require(profile_run_id)
        return ProfileView(run, self.store.profiles.tables(profile_run_id).items)

    def latest_columns(self, table_id: str) -> tuple[ColumnProfile, ...]:
        """The columns of the latest profile of a table; none when it was never profiled."""
        latest = self.store.profiles.latest(table_id)
        if latest is None:
            return ()
        return self.store.profiles.columns(latest.profile_run_id, table_id).items

    def compare(self, before: str, after: str) -> tuple[TableComparison, ...]:
        """Two complete runs, table by table. Raises NotFoundError."""
        return compare(self._profiled(before), self._profiled(after))

    def anomaly(self, anomaly_id: str) -> Anomaly:
        """One anomaly; raises NotFoundError."""
        page = self.store.profiles.anomalies(eq("anomaly_id", anomaly_id), limit=1)
        if not page.items:
            raise NotFoundError(f"no complete profile holds an anomaly {anomaly_id!r}")
        return page.items[0]

    def dispose(self, anomaly_id: str, disposition: Disposition | str | None) -> Anomaly:
        """Say what an anomaly is worth; None takes it back. The last word counts.

        What was dismissed or muted stays so in later profiles, and raises no alert there.
        Raises NotFoundError, UnknownNameError.
        """
        said = None if disposition is None else disposition_named(disposition)
        anomaly = self.anomaly(anomaly_id)
        values = {
            "disposition": said,
            "disposed_by": self.actor_name if said else None,
            "disposed_at": self.context.now() if said else None,
        }
        store = self.writable()
        store.table(Anomaly).change([anomaly_id], values)
        return store.written(anomaly.model_copy(update=values))

    def _profiled(self, profile_run_id: str) -> Profiled:
        view = self.show(profile_run_id)
        columns: dict[str, list[ColumnProfile]] = {}
        for column in self.store.profiles.columns(profile_run_id):
            columns.setdefault(column.table_id, []).append(column)
        return {table.table_id: (table, columns.get(table.table_id, [])) for table in view.tables}


def disposition_named(name: str) -> Disposition:
    """The disposition of this name; raises UnknownNameError."""
    known = [disposition.value for disposition in Disposition]
    if name not in known:
        hint = did_you_mean(name, known) or f"; there are {', '.join(known)}"
        raise UnknownNameError(f"no disposition is named {name!r}{hint}")
    return Disposition(name)
