"""The hook of a pipeline: what a load leads to, once, and the gate."""

from __future__ import annotations

import sys

import pytest

from dq_databricks import Quality
from dq_databricks.errors import GateClosedError
from dq_databricks.launching.attempts import PlatformTask
from dq_databricks.launching.ingestion import validate_load
from dq_databricks.launching.loads import ingest_complete
from dq_databricks.launching.task import TaskFailedError
from dq_databricks.model.vocabulary import JobKind, JobStatus, TriggerSource
from dq_databricks.sql.statement import Statement
from tests.support.tasks import ORDERS, Tasks, make_orders


def _nulls(quality: Quality, target: str, severity: str = "error") -> None:
    parameters = {"max_percent": 0}
    quality.add_test(
        target, "nulls_percent", columns=["order_id"], parameters=parameters, severity=severity
    )


def test_a_new_table_is_watched_and_profiled_and_the_answer_says_so(quality: Quality) -> None:
    make_orders(quality, 1, 2)
    done = validate_load(quality, ORDERS, is_gate=True)
    assert (done.ingestion.is_new, done.job.kind) == (True, JobKind.PROFILE)
    assert (done.exit_code, "no active tests" in done.line) == (0, True)
    assert done.verdict is not None
    assert (done.verdict.run.trigger_source, done.verdict.run.row_count) == (
        TriggerSource.INGESTION,
        2,
    )


def test_the_same_load_is_tested_once(quality: Quality) -> None:
    _nulls(quality, make_orders(quality, 1))
    first = quality.ingested(ORDERS, key="load 1")
    again = quality.ingested(ORDERS, key="load 1")
    other = quality.ingested(ORDERS, key="load 2")
    assert (first.is_repeat, again.is_repeat, again.job) == (False, True, first.job)
    queued = {job.job_id for job in quality.jobs.list()}
    assert queued == {first.job.job_id, other.job.job_id}
    assert first.job.trigger_source is TriggerSource.INGESTION
    assert first.job.status is JobStatus.QUEUED


@pytest.mark.parametrize(
    ("severity", "is_gate", "code"),
    [("error", True, 1), ("fatal", True, 1), ("warning", True, 0), ("error", False, 0)],
)
def test_a_gate_is_closed_by_tests_of_severity_error_or_fatal(
    quality: Quality, severity: str, is_gate: bool, code: int
) -> None:
    _nulls(quality, make_orders(quality, 1, None), severity)
    done = validate_load(quality, ORDERS, is_gate=is_gate)
    assert done.verdict is not None
    verdict = "warn" if severity == "warning" else "fail"
    assert (done.verdict.counts[verdict], done.exit_code) == (1, code)
    if code:
        with pytest.raises(GateClosedError, match="The gate is closed"):
            done.check()
        with pytest.raises(GateClosedError, match="order_id"):
            done.verdict.check()
    else:
        done.check()


def test_a_gate_is_closed_while_nothing_could_be_tested(quality: Quality) -> None:
    _nulls(quality, make_orders(quality, 1))
    quality.engine.execute(Statement("DROP TABLE main.shop.orders"))
    done = validate_load(quality, ORDERS)
    assert done.exit_code == 3
    with pytest.raises(GateClosedError):
        done.check()


def test_a_load_that_waits_for_nobody_is_queued_for_a_launcher(quality: Quality) -> None:
    make_orders(quality, 1)
    done = validate_load(quality, ORDERS, waits=False, task=PlatformTask("88"))
    assert (done.job.status, done.job.platform_run_id) == (JobStatus.QUEUED, None)
    assert (done.verdict, done.exit_code) == (None, 0)


def test_the_task_stops_its_pipeline_and_opens_once_the_data_was_repaired(
    tasks: Tasks, quality: Quality
) -> None:
    _nulls(quality, make_orders(quality, 1, None))
    closed = tasks.run("ingest_complete", table=ORDERS, gate="true", platform_run_id="88")
    assert (closed.code, "The gate is closed" in closed.err) == (1, True), closed.err
    assert closed.document["ingestion"]["verdict"]["counts"]["fail"] == 1
    quality.engine.execute(Statement("DELETE FROM main.shop.orders WHERE order_id IS NULL"))
    again = tasks.run("ingest_complete", table=ORDERS, gate="true", platform_run_id="88")
    assert again.code == 1
    opened = tasks.run(
        "ingest_complete", table=ORDERS, gate="true", platform_run_id="88", repair_count=1
    )
    assert (opened.code, len(quality.runs().items)) == (0, 2), opened.err
    job = quality.jobs.show(opened.document["ingestion"]["job_id"])
    assert (job.launcher, job.platform_run_id) == ("task", "88")


def test_the_entry_point_of_the_wheel_returns_when_all_is_well_and_raises_when_not(
    tasks: Tasks, quality: Quality, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A platform takes SystemExit, even with 0, for a failure."""
    make_orders(quality, 1, None)
    for name, value in tasks.environment_of_process().items():
        monkeypatch.setenv(name, value)
    words = ["dq-ingest-complete", f"--table={ORDERS}", "--gate=true", "--catalog=main"]
    monkeypatch.setattr(sys, "argv", [*words, "--schema=dq_metadata"])
    ingest_complete()
    _nulls(quality, ORDERS)
    with pytest.raises(TaskFailedError, match="The gate is closed") as failure:
        ingest_complete()
    assert failure.value.code == 1
