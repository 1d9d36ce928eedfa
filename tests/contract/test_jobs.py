"""The queue on every engine: claimed by one, kept by it alone, put right when it died."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dq_databricks import Quality
from dq_databricks.engine.protocol import Engine
from dq_databricks.errors import RunEndedError
from dq_databricks.model.ids import Context
from dq_databricks.model.vocabulary import JobStatus, RunStatus
from dq_databricks.model.work import Job
from dq_databricks.quality.jobs import JobKeeper
from tests.support.jobs import a_job
from tests.support.provisioned import put_schema
from tests.support.store import a_result, a_run, settings_for

SPARK_SAMPLE: set[str] = set()
START = datetime(2026, 1, 1, tzinfo=UTC)
ELSEWHERE = "another:host:1/7/7"


class Clock:
    """A clock that goes on by a millisecond with each look, and by hand."""

    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> datetime:
        self.at += timedelta(milliseconds=1)
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def quality(engine: Engine, tmp_path: Path, clock: Clock) -> Quality:
    put_schema(tmp_path)
    return Quality(settings_for("s"), engine, Context(now=clock))


@pytest.fixture
def keeper(quality: Quality) -> JobKeeper:
    return quality.jobs.keeper


def _claimed(keeper: JobKeeper, job: Job, worker: str = ELSEWHERE) -> Job:
    claimed = keeper.queue.claim(keeper.queue.add(job), worker, "local")
    assert claimed is not None
    return claimed


def test_a_job_is_asked_for_once_whoever_repeats_it(keeper: JobKeeper) -> None:
    first = keeper.queue.add(a_job(title="first"))
    again = keeper.queue.add(a_job(title="again", run_id="another run"))
    assert again == first
    assert len(keeper.queue.select()) == 1


def test_jobs_are_carried_out_by_priority_then_age(keeper: JobKeeper) -> None:
    later = START + timedelta(seconds=1)
    keeper.queue.add(a_job("old"))
    keeper.queue.add(a_job("urgent", priority=1, created_at=later))
    keeper.queue.add(a_job("young", created_at=later))
    assert [job.job_id for job in keeper.queue.open()] == ["urgent", "old", "young"]


def test_of_two_that_claim_a_job_one_gets_it(keeper: JobKeeper) -> None:
    seen = keeper.queue.add(a_job())
    first = keeper.queue.claim(seen, "one", "local")
    assert first is not None
    assert keeper.queue.claim(seen, "two", "local") is None
    stored = keeper.queue.get("j1")
    assert (stored.worker, stored.attempt, stored.status) == ("one", 1, JobStatus.RUNNING)
    assert stored == first


def test_w13_whoever_lost_a_job_changes_nothing_more(keeper: JobKeeper) -> None:
    zombie = _claimed(keeper, a_job(max_attempts=2))
    keeper.lose(zombie, "it was silent")
    queued = keeper.queue.get("j1")
    assert (queued.status, queued.attempt) == (JobStatus.QUEUED, 1)
    assert not keeper.queue.beat(zombie, "still here", 1, 2)
    assert keeper.end(zombie, JobStatus.SUCCEEDED) is None
    assert keeper.queue.get("j1") == queued
    second = keeper.queue.claim(queued, ELSEWHERE, "local")
    assert second is not None
    assert not keeper.queue.beat(zombie, "same worker, other attempt", 1, 2)


def test_w13_a_run_that_was_taken_away_can_be_neither_started_nor_ended(
    quality: Quality, keeper: JobKeeper
) -> None:
    begun, not_begun = _claimed(keeper, a_job("a")), _claimed(keeper, a_job("b"))
    run = quality.store.runs.start(a_run(begun.run_id, job_id="a"))
    keeper.lose(begun, "it was silent")
    keeper.lose(not_begun, "it was silent")
    with pytest.raises(Exception, match="already ended"):
        quality.store.runs.finish(run.model_copy(update={"status": RunStatus.COMPLETED}))
    with pytest.raises(Exception, match="already has a row"):
        quality.store.runs.start(a_run(not_begun.run_id, job_id="b"))


def test_s6_results_of_a_lost_attempt_are_never_shown(quality: Quality, keeper: JobKeeper) -> None:
    job = _claimed(keeper, a_job(max_attempts=2))
    quality.store.runs.start(a_run(job.run_id, job_id=job.job_id))
    quality.store.runs.write([a_result(job.run_id, "t1")])
    keeper.lose(job, "it was silent")
    quality.store.runs.write([a_result(job.run_id, "t2")])
    assert quality.results().items == ()


def test_s7_each_attempt_has_a_run_of_its_own_and_the_last_one_counts(
    quality: Quality, keeper: JobKeeper
) -> None:
    first = _claimed(keeper, a_job(max_attempts=2))
    keeper.lose(first, "it was silent")
    again = keeper.queue.get("j1")
    assert again.run_id != first.run_id
    assert quality.jobs.run(first.run_id).current_run_id == again.run_id
    assert quality.jobs.run(again.run_id).status is RunStatus.PENDING


def test_a_job_that_may_not_be_attempted_again_fails_and_that_is_told(
    quality: Quality, keeper: JobKeeper
) -> None:
    first = _claimed(keeper, a_job(max_attempts=2))
    keeper.lose(first, "it was silent")
    assert quality.store.outbox.select().items == ()
    keeper.lose(_claimed(keeper, keeper.queue.get("j1")), "it was silent")
    ended = keeper.queue.get("j1")
    assert (ended.status, ended.error_message) == (JobStatus.FAILED, "lost: it was silent")
    assert [event.entity_id for event in quality.store.outbox.select()] == [ended.run_id]


def test_a_worker_that_died_after_its_run_was_complete_is_not_repeated(
    quality: Quality, keeper: JobKeeper
) -> None:
    job = _claimed(keeper, a_job(max_attempts=2))
    run = quality.store.runs.start(a_run(job.run_id, job_id=job.job_id))
    quality.store.runs.finish(run.model_copy(update={"status": RunStatus.COMPLETED}))
    keeper.lose(job, "it was silent")
    assert keeper.queue.get("j1").status is JobStatus.SUCCEEDED


def test_reconciling_that_was_killed_half_way_is_finished_by_the_next(
    quality: Quality, keeper: JobKeeper
) -> None:
    job = _claimed(keeper, a_job(max_attempts=2))
    keeper._fence(job, "it was silent")  # and then the one who reconciled was killed
    keeper.lose(job, "it was silent")
    assert keeper.queue.get("j1").status is JobStatus.QUEUED


@pytest.mark.parametrize(("minutes", "status"), [(5, JobStatus.RUNNING), (11, JobStatus.FAILED)])
def test_w12_s15_a_job_without_a_sign_of_life_is_lost_after_lease_and_skew(
    quality: Quality, keeper: JobKeeper, clock: Clock, minutes: int, status: JobStatus
) -> None:
    _claimed(keeper, a_job(max_attempts=1))
    clock.at += timedelta(minutes=minutes)
    quality.jobs.reconcile()
    assert keeper.queue.get("j1").status is status


def test_a_queued_job_survives_any_wait(quality: Quality, clock: Clock) -> None:
    quality.jobs.keeper.queue.add(a_job())
    clock.at += timedelta(days=400)
    quality.jobs.reconcile()
    assert quality.jobs.show("j1").status is JobStatus.QUEUED


def test_a_run_of_a_killed_command_line_is_closed_after_its_limit(
    quality: Quality, clock: Clock
) -> None:
    quality.store.runs.start(a_run("r1", started_at=START))
    assert quality.jobs.reconcile().closed_runs == []
    clock.at += timedelta(seconds=quality.settings.run_limit_s + 1)
    assert quality.jobs.reconcile().closed_runs == ["r1"]
    run = quality.jobs.run("r1")
    assert run.status is RunStatus.FAILED
    assert (run.error_message or "").startswith("lost: ")


def test_s16_a_clock_that_jumps_back_gives_no_end_before_the_start(
    keeper: JobKeeper, clock: Clock
) -> None:
    job = _claimed(keeper, a_job())
    clock.at -= timedelta(hours=1)
    ended = keeper.end(job, JobStatus.FAILED, "why")
    assert ended is not None
    assert ended.completed_at == job.started_at


def test_a_cancelled_job_ends_once_and_says_who_asked(quality: Quality) -> None:
    quality.jobs.keeper.queue.add(a_job())
    cancelled = quality.jobs.cancel("j1")
    assert (cancelled.status, cancelled.error_message) == (
        JobStatus.CANCELLED,
        "cancelled by tester",
    )
    with pytest.raises(RunEndedError, match="already ended as cancelled"):
        quality.jobs.cancel("j1")


def test_a_running_job_that_is_cancelled_cannot_be_queued_again(
    quality: Quality, keeper: JobKeeper
) -> None:
    _claimed(keeper, a_job(max_attempts=5))
    asked = quality.jobs.cancel("j1")
    assert not keeper.queue.beat(asked, "still here", 1, 2)
    keeper.lose(asked, "it was killed")
    ended = keeper.queue.get("j1")
    assert (ended.status, ended.error_message) == (JobStatus.CANCELLED, "cancelled by tester")
