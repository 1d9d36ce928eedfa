"""Tasks that end before their work is done: cancelled, killed, and closed by the Jobs API."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

pytest.importorskip("databricks.sdk")

from dq_databricks import Quality
from dq_databricks.launching.attempts import Attempts, PlatformTask
from dq_databricks.launching.reconciling import reconcile
from dq_databricks.model.ids import Context
from dq_databricks.model.vocabulary import JobKind, JobStatus, RunStatus
from dq_databricks.model.work import Job
from tests.emulator.faults import Fault
from tests.emulator.jobs_api import FakeRun, JobsApiFake
from tests.support.jobs import hurry, in_status, quick, slow, waited
from tests.support.platform import Clock, jobs_api
from tests.support.tasks import Tasks, finish

RUN = 900


@pytest.fixture
def fake() -> Iterator[JobsApiFake]:
    with JobsApiFake() as opened:
        opened.runs[RUN] = FakeRun(RUN, 1, "token", {})
        yield opened


def _running(quality: Quality) -> Job:
    def look() -> Job | None:
        jobs = quality.jobs.list(status="running").items
        return jobs[0] if jobs and jobs[0].progress_phase != "Starting" else None

    return waited(look)


def test_a_task_that_is_told_to_end_writes_down_that_it_was_cancelled(
    tasks: Tasks, quality: Quality, tmp_path: Path
) -> None:
    process = tasks.start("test", targets=slow(quality, tmp_path), platform_run_id=RUN)
    job = _running(quality)
    process.send_signal(signal.SIGTERM)
    ended = finish(process)
    assert (ended.code, "told to end" in ended.err) == (3, True), ended.err
    assert quality.jobs.show(job.job_id).status is JobStatus.CANCELLED
    run = quality.store.runs.get(job.run_id)
    assert (run.status, "told to end" in (run.error_message or "")) == (RunStatus.CANCELLED, True)


def test_a_killed_task_is_closed_by_the_word_of_the_platform_and_its_retry_is_a_new_attempt(
    tasks: Tasks, quality: Quality, tmp_path: Path, fake: JobsApiFake
) -> None:
    target = slow(quality, tmp_path)
    process = tasks.start("test", targets=target, platform_run_id=RUN)
    job = _running(quality)
    process.kill()
    finish(process)
    fake.runs[RUN].end("FAILED", "driver lost")
    there = replace(tasks, environment={"DATABRICKS_HOST": fake.host, "DATABRICKS_TOKEN": "t"})
    report = there.run("reconcile", platform_run_id=901)
    assert (report.code, report.document["reconciled"]["ended"]) == (0, [job.job_id]), report.err
    closed = quality.jobs.show(job.job_id)
    assert (closed.status, "driver lost" in (closed.error_message or "")) == (
        JobStatus.FAILED,
        True,
    )
    assert quality.store.runs.get(job.run_id).status is RunStatus.FAILED
    hurry(tmp_path)
    again = tasks.run("test", targets=target, platform_run_id=RUN)
    followed = quality.jobs.show(again.jobs[0]["job_id"])
    assert (again.code, followed.retry_of) == (0, job.job_id), again.err


def test_the_next_attempt_takes_a_job_from_one_that_shows_no_sign_of_life(
    quality: Quality, tmp_path: Path
) -> None:
    target = quick(quality, tmp_path)
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)

    context = Context(monotonic=lambda: float(len(slept)), sleep=sleep)
    here = Quality(quality.settings, quality.engine, context)
    task = PlatformTask(str(RUN))
    job = _asked(here, target, task)
    assert here.jobs.keeper.queue.claim(job, "elsewhere/1/1", "task") is not None
    done = Attempts(here, task).finish(here.jobs.show(job.job_id))
    assert sum(slept) >= quality.settings.lease_s - 1
    assert (done.status, done.retry_of) == (JobStatus.SUCCEEDED, job.job_id)
    assert "no sign of life" in (here.jobs.show(job.job_id).error_message or "")


def test_an_attempt_waits_for_one_that_is_alive_and_answers_what_that_found(
    quality: Quality, tmp_path: Path
) -> None:
    target = quick(quality, tmp_path)
    beats: list[float] = []

    def sleep(seconds: float) -> None:
        beats.append(seconds)
        if len(beats) > 8:
            keeper.end(held, JobStatus.SUCCEEDED)
        else:
            keeper.queue.beat(held, "Testing", len(beats), 9)

    context = Context(monotonic=lambda: 1.5 * len(beats), sleep=sleep)
    here = Quality(quality.settings, quality.engine, context)
    keeper, task = here.jobs.keeper, PlatformTask(str(RUN))
    job = _asked(here, target, task)
    claimed = keeper.queue.claim(job, "elsewhere/1/1", "task")
    assert claimed is not None
    held = claimed
    done = Attempts(here, task).finish(here.jobs.show(job.job_id))
    assert (done.job_id, done.status) == (job.job_id, JobStatus.SUCCEEDED)
    assert len(beats) == 9


def test_a_job_that_a_person_cancelled_is_not_attempted_again(
    quality: Quality, tmp_path: Path
) -> None:
    task = PlatformTask(str(RUN))
    job = _asked(quality, quick(quality, tmp_path), task)
    quality.jobs.cancel(job.job_id)
    done = Attempts(quality, task).finish(quality.jobs.show(job.job_id))
    again = Attempts(quality, task).finish(quality.jobs.show(job.job_id))
    assert (done.status, again) == (JobStatus.CANCELLED, done)
    assert done.error_message == "cancelled by tester"


@pytest.mark.parametrize("is_begun", [True, False])
@pytest.mark.parametrize(
    ("result", "status"),
    [
        ("CANCELED", JobStatus.CANCELLED),
        ("TIMEDOUT", JobStatus.TIMED_OUT),
        ("FAILED", JobStatus.FAILED),
    ],
)
def test_an_orphan_ends_as_its_run_of_the_platform_did(
    quality: Quality,
    tmp_path: Path,
    fake: JobsApiFake,
    result: str,
    status: JobStatus,
    is_begun: bool,
) -> None:
    job = _asked(quality, quick(quality, tmp_path), PlatformTask(str(RUN)))
    if is_begun:
        assert quality.jobs.keeper.queue.claim(job, "elsewhere/1/1", "task") is not None
    assert reconcile(quality, jobs_api(fake.host)).ended == []
    fake.runs[RUN].end(result, "why it ended")
    assert reconcile(quality, jobs_api(fake.host)).ended == [job.job_id]
    ended = quality.jobs.show(job.job_id)
    assert (ended.status, "why it ended" in (ended.error_message or "")) == (status, True)
    assert fake.runs[RUN].cancels == 0


def test_what_the_platform_does_not_tell_is_a_problem_and_left_to_the_sign_of_life(
    quality: Quality, tmp_path: Path, fake: JobsApiFake
) -> None:
    clock = Clock()
    here = Quality(quality.settings, quality.engine, Context(now=clock))
    job = _asked(here, quick(here, tmp_path), PlatformTask(str(RUN)))
    assert here.jobs.keeper.queue.claim(job, "elsewhere/1/1", "task") is not None
    fake.script.set(Fault("status", call="get", times=100))
    report = reconcile(here, jobs_api(fake.host))
    assert (report.ended, len(report.problems)) == ([], 1)
    clock.pass_by(timedelta(minutes=20))
    assert reconcile(here, jobs_api(fake.host)).ended == [job.job_id]


def test_a_cancelled_job_of_a_task_does_not_take_the_run_of_others_with_it(
    quality: Quality, tmp_path: Path, fake: JobsApiFake
) -> None:
    from dq_databricks.launching.databricks import DatabricksLauncher

    job = _asked(quality, quick(quality, tmp_path), PlatformTask(str(RUN)))
    assert quality.jobs.keeper.queue.claim(job, "elsewhere/1/1", "task") is not None
    quality.jobs.cancel(job.job_id)
    platform = jobs_api(fake.host)
    launcher = DatabricksLauncher(quality.settings, engine=quality.engine, platform=platform)
    launcher.step()
    assert fake.runs[RUN].cancels == 0
    assert in_status(quality, job.job_id, JobStatus.RUNNING)() is not None


def _asked(quality: Quality, target: str, task: PlatformTask) -> Job:
    return quality.jobs.request(
        "test",
        target,
        job_id=task.job_id(JobKind.TEST, target),
        platform_run_id=task.platform_run_id,
        max_attempts=1,
    )
