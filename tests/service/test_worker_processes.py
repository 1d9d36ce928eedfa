"""Jobs in real processes: killed, stopped, cancelled, too long, and put right again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from dq_databricks import Quality
from dq_databricks.launching.pool import LocalWorkerPool
from dq_databricks.model.vocabulary import JobStatus, RunStatus
from dq_databricks.model.work import Job
from dq_databricks.running.process import is_gone
from dq_databricks.settings import environment_of
from tests.support.jobs import ENDED, hurry, in_status, lake, quick, slow, waited


@pytest.fixture
def quality(tmp_path: Path) -> Iterator[Quality]:
    with lake(tmp_path, lease_s=6) as opened:
        yield opened


@pytest.fixture
def pool(quality: Quality) -> Iterator[LocalWorkerPool]:
    started = LocalWorkerPool(quality.settings, poll_s=0.1)
    started.start()
    yield started
    started.stop()


@pytest.fixture
def launcher(quality: Quality) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Start ``dq worker`` as people do; what is left of it is killed at the end."""
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-c", "from dq_databricks.cli import main; main()", "worker"],
            env={**os.environ, **environment_of(quality.settings)},
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def _pid(job: Job) -> int:
    return int((job.worker or "").split("/")[1])


def _running(quality: Quality, job: Job) -> Job:
    return waited(in_status(quality, job.job_id, JobStatus.RUNNING))


def _ended(quality: Quality, job: Job) -> Job:
    return waited(in_status(quality, job.job_id, *ENDED))


def _begun(quality: Quality, job: Job) -> Job:
    """The job once its run has a row."""

    def look() -> Job | None:
        found = quality.jobs.show(job.job_id)
        return found if quality.store.runs.runs.get(found.run_id) else None

    return waited(look)


def test_w16_a_killed_launcher_loses_no_job_and_runs_none_twice(
    quality: Quality, tmp_path: Path, launcher: Callable[[], subprocess.Popen[bytes]]
) -> None:
    under_way = quality.jobs.request("test", slow(quality, tmp_path, 700))
    first = launcher()
    _running(quality, under_way)
    first.kill()
    first.wait()
    waiting = quality.jobs.request("test", quick(quality, tmp_path))
    pool = LocalWorkerPool(replace(quality.settings, workers=1), poll_s=0.1)
    pool.start()
    try:
        ended = [_ended(quality, job) for job in (under_way, waiting)]
    finally:
        pool.stop()
    assert [(job.status, job.attempt) for job in ended] == [(JobStatus.SUCCEEDED, 1)] * 2
    assert ended[1].started_at >= ended[0].completed_at, "the live worker takes the one place"
    runs = quality.runs("test").items
    assert sorted(run.test_run_id for run in runs) == sorted(job.run_id for job in ended)
    assert {run.status for run in runs} == {RunStatus.COMPLETED}


def test_w11_when_launcher_and_worker_are_killed_the_job_is_attempted_again(
    quality: Quality, tmp_path: Path, launcher: Callable[[], subprocess.Popen[bytes]]
) -> None:
    job = quality.jobs.request("test", slow(quality, tmp_path))
    first = launcher()
    lost = _begun(quality, job)
    first.kill()
    os.kill(_pid(lost), signal.SIGKILL)
    hurry(tmp_path)
    pool = LocalWorkerPool(quality.settings, poll_s=0.1)
    pool.start()
    try:
        ended = _ended(quality, job)
    finally:
        pool.stop()
    assert (ended.status, ended.attempt) == (JobStatus.SUCCEEDED, 2)
    old, new = quality.jobs.run(lost.run_id), quality.jobs.run(ended.run_id)
    assert (old.status, new.status) == (RunStatus.FAILED, RunStatus.COMPLETED)
    assert (old.error_message or "").startswith("lost: ")
    assert old.current_run_id == ended.run_id != lost.run_id
    assert {result.test_run_id for result in quality.results()} == {ended.run_id}


def test_w13_a_worker_that_wakes_after_its_job_was_taken_away_writes_nothing_that_counts(
    quality: Quality, tmp_path: Path, pool: LocalWorkerPool
) -> None:
    job = quality.jobs.request("test", slow(quality, tmp_path))
    asleep = _begun(quality, job)
    os.kill(_pid(asleep), signal.SIGSTOP)
    hurry(tmp_path)
    quality.jobs.keeper.lose(quality.jobs.show(job.job_id), "it stands still")
    os.kill(_pid(asleep), signal.SIGCONT)
    ended = _ended(quality, job)
    waited(lambda: is_gone(asleep.worker or "") or None)
    assert (ended.status, ended.attempt) == (JobStatus.SUCCEEDED, 2)
    assert quality.jobs.run(asleep.run_id).status is RunStatus.FAILED
    assert {result.test_run_id for result in quality.results()} == {ended.run_id}


def test_w11_a_worker_that_stands_still_for_longer_than_its_lease_is_killed_and_replaced(
    quality: Quality, tmp_path: Path
) -> None:
    hasty = replace(quality.settings, lease_s=2)
    pool = LocalWorkerPool(hasty, poll_s=0.1)
    pool.start()
    try:
        job = quality.jobs.request("test", slow(quality, tmp_path), max_attempts=1)
        asleep = _begun(quality, job)
        os.kill(_pid(asleep), signal.SIGSTOP)
        ended = _ended(quality, job)
    finally:
        pool.stop()
    assert is_gone(asleep.worker or "")
    assert ended.status is JobStatus.FAILED
    assert "was last heard of at" in (ended.error_message or "")
    assert quality.jobs.run(ended.run_id).status is RunStatus.FAILED


def test_a_job_is_cancelled_for_real_and_given_back_by_a_launcher_that_is_stopped(
    quality: Quality, tmp_path: Path, pool: LocalWorkerPool
) -> None:
    target = slow(quality, tmp_path)
    job, other = (quality.jobs.request("test", target, max_attempts=1) for _ in range(2))
    at_work, given_back = _begun(quality, job), _begun(quality, other)
    quality.jobs.cancel(job.run_id)
    began = time.monotonic()
    ended = _ended(quality, job)
    waited(lambda: is_gone(at_work.worker or "") or None)
    assert time.monotonic() - began < 20
    assert (ended.status, ended.error_message) == (JobStatus.CANCELLED, "cancelled by tester")
    run = quality.jobs.run(job.run_id)
    assert (run.status, run.error_message) == (RunStatus.CANCELLED, "cancelled by tester")
    pool.stop()
    back = quality.jobs.show(other.job_id)
    assert (back.status, back.attempt) == (JobStatus.QUEUED, 1)
    assert quality.jobs.run(given_back.run_id).status is RunStatus.FAILED


def test_a_worker_that_cannot_start_is_not_started_for_ever(
    quality: Quality, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = quality.jobs.request("test", quick(quality, tmp_path))
    monkeypatch.setattr(sys, "executable", "/bin/false")
    pool = LocalWorkerPool(quality.settings, poll_s=0.05)
    pool.start()
    try:
        ended = _ended(quality, job)
    finally:
        pool.stop()
    assert ended.status is JobStatus.FAILED
    assert "could not start (exit code 1, 3 times)" in (ended.error_message or "")
