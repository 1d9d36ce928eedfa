"""Results together: verdicts by day, table, suite and table version, and the rate that passed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from dq_databricks.model.ids import Context
from dq_databricks.model.profile import TableProfile
from dq_databricks.model.testing import TestResult
from dq_databricks.model.vocabulary import ResultStatus
from dq_databricks.store.figures import By, VerdictCount, verdict_counts
from dq_databricks.store.filters import Condition, eq, ge
from dq_databricks.store.page import Page
from dq_databricks.store.run_life import of_complete_runs
from dq_databricks.store.store import Store

MOST_VERSIONS = 200
_JUDGED = (ResultStatus.PASS, ResultStatus.WARN, ResultStatus.FAIL)


@dataclass(frozen=True, slots=True)
class Verdicts:
    """The results of one group, counted by verdict.

    `group` is the day (ISO, UTC), the id of the table, the key of the suite or the table version.
    """

    group: str | None
    name: str
    counts: dict[str, int]
    first_at: datetime
    last_at: datetime

    @property
    def total(self) -> int:
        """All results of the group."""
        return sum(self.counts.values())

    @property
    def pass_rate(self) -> float | None:
        """Passed among those that were judged (pass, warn, fail), 0 to 1; None: none was."""
        judged = sum(self.counts[status] for status in _JUDGED)
        return self.counts[ResultStatus.PASS] / judged if judged else None


@dataclass(frozen=True, slots=True)
class SeenVersion:
    """A version of a table, as results and profiles saw it; files have no version."""

    table_version: int | None
    verdicts: Verdicts | None
    profiles: tuple[TableProfile, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class ResultFace:
    """Figures over stored results; each is one statement."""

    store: Store
    context: Context

    def result(self, result_id: str) -> TestResult:
        """One result of a complete run; raises NotFoundError."""
        return self.store.runs.result(result_id)

    def verdicts(
        self,
        by: By,
        *,
        days: int = 30,
        table_id: str | None = None,
        test_id: str | None = None,
    ) -> tuple[Verdicts, ...]:
        """The verdicts of the last `days`, by day (oldest first), table or suite."""
        since = ge("detected_at", self.context.now() - timedelta(days=days))
        named = {"table_id": table_id, "test_id": test_id}
        wanted = [eq(column, value) for column, value in named.items() if value is not None]
        return self._verdicts(by, [since, *wanted])

    def versions(self, table_id: str) -> tuple[SeenVersion, ...]:
        """What was found at each version of a table, newest first; two reads."""
        tested = {v.group: v for v in self._verdicts("version", [eq("table_id", table_id)])}
        profiles = self._profiles(table_id)
        profiled = {_text(profile.table_version) for profile in profiles}
        seen = sorted({*tested, *profiled}, key=lambda text: int(text or -1), reverse=True)
        return tuple(
            SeenVersion(
                None if text is None else int(text),
                tested.get(text),
                tuple(one for one in profiles if _text(one.table_version) == text),
            )
            for text in seen[:MOST_VERSIONS]
        )

    def _profiles(self, table_id: str) -> Page[TableProfile]:
        complete = of_complete_runs(self.store.profiles.runs, "profile_run_id")
        return self.store.table(TableProfile).select(
            eq("table_id", table_id), complete, order_by=("-profiled_at",), limit=MOST_VERSIONS
        )

    def _verdicts(self, by: By, conditions: Sequence[Condition]) -> tuple[Verdicts, ...]:
        store = self.store
        counts = verdict_counts(
            store.table(TestResult), store.runs.runs, store.tests.table, by, conditions
        )
        groups: dict[str | None, list[VerdictCount]] = {}
        for count in counts:
            groups.setdefault(count.group, []).append(count)
        return tuple(_together(group, found) for group, found in groups.items())


def _together(group: str | None, found: Sequence[VerdictCount]) -> Verdicts:
    counted = {count.status: count.results for count in found}
    return Verdicts(
        group=group,
        name=found[0].name,
        counts={status.value: counted.get(status, 0) for status in ResultStatus},
        first_at=min(count.first_at for count in found),
        last_at=max(count.last_at for count in found),
    )


def _text(version: int | None) -> str | None:
    return None if version is None else str(version)
