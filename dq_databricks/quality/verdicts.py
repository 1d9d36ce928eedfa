"""What a run amounts to for whoever must decide by it: a pipeline that goes on or stops."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from dq_databricks.errors import GateClosedError
from dq_databricks.model.profile import TableProfile
from dq_databricks.model.testing import TestResult
from dq_databricks.model.vocabulary import JobKind, ResultStatus, RunStatus, Severity
from dq_databricks.quality.jobs import JobFace
from dq_databricks.quality.reports import EXIT_COULD_NOT_RUN, EXIT_FINE, EXIT_TESTS_FAILED
from dq_databricks.quality.run_view import RunView
from dq_databricks.store.filters import eq
from dq_databricks.store.store import Store

_NAMED = 5
_BLOCKS = (Severity.ERROR, Severity.FATAL)


@dataclass(frozen=True, slots=True)
class RunVerdict:
    """How a run ended. `failed` are the tests that close a gate: severity error or fatal.

    `unmeasured` names tests or tables that could not be measured or read, each with the reason.
    """

    run: RunView
    counts: dict[str, int]
    failed: tuple[TestResult, ...] = ()
    unmeasured: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """3 when the run or a part of it could not be done, 1 when tests closed the gate, else 0.

        Where both hold, 1: it is known that the data is bad.
        """
        if self.failed:
            return EXIT_TESTS_FAILED
        is_done = self.run.status is RunStatus.COMPLETED and not self.unmeasured
        return EXIT_FINE if is_done else EXIT_COULD_NOT_RUN

    @property
    def summary(self) -> str:
        """One line for people: what was done, and what is wrong with it."""
        told = self.run.status.value
        if self.run.status is RunStatus.COMPLETED and self.run.kind is JobKind.TEST:
            told = ", ".join(f"{count} {name}" for name, count in self.counts.items() if count)
        elif self.run.error_message and not self.unmeasured:
            told = f"{told}: {self.run.error_message}"
        wrong = [f"{one.test_name}: {one.message or one.result_status}" for one in self.failed]
        return f"{self.run.title}: {told or 'nothing tested'}{_listed([*wrong, *self.unmeasured])}"

    def check(self) -> None:
        """Raise GateClosedError unless a pipeline may go on."""
        if self.exit_code != EXIT_FINE:
            raise GateClosedError(f"the gate is closed: {self.summary} (run {self.run.run_id})")

    def to_json(self) -> dict[str, Any]:
        """The verdict as JSON, without what the run itself tells elsewhere."""
        return {
            "run_id": self.run.run_id,
            "kind": self.run.kind,
            "title": self.run.title,
            "status": self.run.status,
            "error_message": self.run.error_message,
            "counts": self.counts,
            "failed_tests": [one.test_name for one in self.failed],
            "unmeasured": list(self.unmeasured),
        }


def verdict_of(jobs: JobFace, store: Store, run_id: str) -> RunVerdict:
    """The verdict on one run; raises NotFoundError."""
    run = jobs.run(run_id)
    if run.kind is JobKind.PROFILE:
        return RunVerdict(run, {}, unmeasured=_unread(store, run_id))
    results = store.runs.results_of(run_id).items
    found = Counter(result.result_status for result in results)
    return RunVerdict(
        run,
        {status.value: found.get(status, 0) for status in ResultStatus},
        tuple(result for result in results if _closes(result)),
        tuple(
            f"{result.test_name}: {result.message or 'could not be measured'}"
            for result in results
            if result.result_status is ResultStatus.ERROR
        ),
    )


def _unread(store: Store, run_id: str) -> tuple[str, ...]:
    tables = store.table(TableProfile).select(eq("profile_run_id", run_id)).items
    return tuple(
        f"{table.table_name}: {table.error_message}" for table in tables if table.error_message
    )


def _closes(result: TestResult) -> bool:
    return result.result_status is ResultStatus.FAIL and result.severity in _BLOCKS


def _listed(wrong: list[str]) -> str:
    more = f"; and {len(wrong) - _NAMED} more" if len(wrong) > _NAMED else ""
    return f" ({'; '.join(wrong[:_NAMED])}{more})" if wrong else ""
