"""A test run: its row appears as running, its results are one commit, its end comes last."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from dq_databricks.alerting.raising import alerts_of_results
from dq_databricks.alerting.recording import record_incidents
from dq_databricks.alerting.telling import run_failed
from dq_databricks.engine.protocol import Engine
from dq_databricks.errors import (
    AlreadyExistsError,
    NotFoundError,
    QualityError,
    VersionConflictError,
)
from dq_databricks.model.catalog import TableEntry
from dq_databricks.model.ids import Context
from dq_databricks.model.progress import Progress, Steps, silent
from dq_databricks.model.testing import TestRecord, TestResult, TestRun
from dq_databricks.model.vocabulary import ResultStatus, RunStatus
from dq_databricks.running.ending import broken_off, ended
from dq_databricks.running.origin import BY_HAND, Origin
from dq_databricks.running.past import past_readouts
from dq_databricks.running.relations import relation_of
from dq_databricks.running.side_by_side import side_by_side
from dq_databricks.running.table_tests import (
    Past,
    TableOutcome,
    failed_table,
    plan_table,
    run_table,
)
from dq_databricks.sql.relation import Relation
from dq_databricks.store.store import Store

PAST_RESULTS = 20
"""Earlier results a rule may look at."""

_WORST_FIRST = (
    ResultStatus.FAIL,
    ResultStatus.ERROR,
    ResultStatus.WARN,
    ResultStatus.NO_DATA,
    ResultStatus.SKIPPED,
    ResultStatus.PASS,
)


@dataclass(frozen=True, slots=True)
class TestRunner:
    """Runs stored tests. `resolve_reference` turns a table named in a parameter into a relation."""

    __test__ = False
    engine: Engine
    store: Store
    context: Context
    project_key: str
    resolve_reference: Callable[[str], Relation]
    progress: Progress = silent
    origin: Origin = BY_HAND

    def run(
        self,
        work: Sequence[tuple[TableEntry, Sequence[TestRecord]]],
        *,
        suite: str,
    ) -> tuple[TestRun, tuple[TestResult, ...], int]:
        """Run the tests of each table; the finished run, its results worst first, new alerts.

        A table that cannot be read gives ``error`` results and the run goes on. When the run
        itself breaks off, its row ends as failed with the reason, and the error is raised.
        Raises AlreadyExistsError when there has been a run of this id; nothing is done then.
        """
        run = self._run_of(work, suite)
        try:
            _, past = side_by_side(lambda: self.store.runs.start(run), lambda: self._past(work))
            outcomes = [self._table(run, entry, tests, past) for entry, tests in work]
            results = _worst_first(result for outcome in outcomes for result in outcome.results)
            self.origin.keep()
            _, alerts = side_by_side(
                lambda: self.store.runs.write(results), lambda: self._raise_alerts(results)
            )
            self._record_incidents(run, results)
        except AlreadyExistsError:
            raise
        except BaseException as error:
            self._break_off(run, error)
            raise
        return self.store.runs.finish(self._finished(run, outcomes)), results, alerts

    def _run_of(
        self,
        work: Sequence[tuple[TableEntry, Sequence[TestRecord]]],
        suite: str,
    ) -> TestRun:
        groups = {entry.table_group_id for entry, _ in work}
        return TestRun(
            test_run_id=self.origin.id_of_run(self.context),
            test_suite_key=suite,
            project_key=self.project_key,
            status=RunStatus.RUNNING,
            started_at=self.context.now(),
            trigger_source=self.origin.trigger,
            job_id=self.origin.job_id,
            table_group_id=groups.pop() if len(groups) == 1 else None,
            table_name=str(relation_of(work[0][0])) if len(work) == 1 else None,
            total_tests=sum(len(tests) for _, tests in work),
        )

    def _past(self, work: Sequence[tuple[TableEntry, Sequence[TestRecord]]]) -> Past:
        ids = [test.test_id for _, tests in work for test in tests]
        return past_readouts(self.store.runs.previous(ids, count=PAST_RESULTS))

    def _table(
        self, run: TestRun, entry: TableEntry, tests: Sequence[TestRecord], past: Past
    ) -> TableOutcome:
        at, phase = self.context.now(), f"Test {entry.table_name}"
        self.progress(phase, 0, 1)
        try:
            planned = plan_table(
                self.engine,
                entry,
                tests,
                at=at,
                resolve_reference=self.resolve_reference,
                past=past,
            )
        except QualityError as error:
            return failed_table(entry, tests, error, run_id=run.test_run_id, at=at)
        steps = Steps(self.progress, phase, len(planned.plan.statements))
        outcome = run_table(
            self.engine, planned, run_id=run.test_run_id, at=at, on_statement=steps.advance
        )
        steps.finish()
        return outcome

    def _raise_alerts(self, results: Sequence[TestResult]) -> int:
        alerts = alerts_of_results(results, project_key=self.project_key, at=self.context.now())
        return self.store.alerts.write(alerts)

    def _record_incidents(self, run: TestRun, results: Sequence[TestResult]) -> None:
        """Before the run ends: a run that is complete has its incidents."""
        record_incidents(
            self.store,
            self.context,
            project_key=self.project_key,
            run_id=run.test_run_id,
            results=results,
        )

    def _finished(self, run: TestRun, outcomes: Sequence[TableOutcome]) -> TestRun:
        verdicts = Counter(
            result.result_status for outcome in outcomes for result in outcome.results
        )
        return run.model_copy(
            update={
                **ended(run.started_at, self.context.now()),
                "status": RunStatus.COMPLETED,
                "failed_tests": verdicts[ResultStatus.FAIL],
                "warned_tests": verdicts[ResultStatus.WARN],
                "error_tests": verdicts[ResultStatus.ERROR],
                "statement_count": sum(outcome.statement_count for outcome in outcomes),
                "error_message": "; ".join(o.error for o in outcomes if o.error) or None,
            }
        )

    def _break_off(self, run: TestRun, error: BaseException) -> None:
        end = {**ended(run.started_at, self.context.now()), **broken_off(self.origin.cause(error))}
        # The run could not even be started, or somebody else has closed it.
        with suppress(NotFoundError, VersionConflictError):
            broken = self.store.runs.finish(run.model_copy(update=end))
            if broken.status is RunStatus.FAILED:
                self.store.outbox.write([run_failed(broken, self.context.now())])


def _worst_first(results: Iterable[TestResult]) -> tuple[TestResult, ...]:
    place = {status: index for index, status in enumerate(_WORST_FIRST)}
    return tuple(sorted(results, key=lambda r: (place[r.result_status], r.table_name, r.test_name)))
