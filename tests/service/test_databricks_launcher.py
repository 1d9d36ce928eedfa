"""Jobs as runs of Databricks jobs: the real SDK against a Jobs API on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

pytest.importorskip("databricks.sdk")

from dq_databricks import Quality
from dq_databricks.launching.databricks import DatabricksLauncher
from dq_databricks.launching.settling import UNKNOWN_LIMIT
from dq_databricks.model.ids import Context
from dq_databricks.model.vocabulary import JobStatus, RunStatus
from dq_databricks.model.work import Job
from tests.emulator.faults import Fault
from tests.emulator.jobs_api import FakeRun, JobsApiFake
from tests.support.jobs import lake, quick
from tests.support.platform import Clock, jobs_api


@dataclass
class Site:
    """A lake, a workspace, and the launcher between them."""

    quality: Quality
    fake: JobsApiFake
    clock: Clock
    target: str

    def launcher(self) -> DatabricksLauncher:
        """A launcher that has just started; the one before is gone without a word."""
        return DatabricksLauncher(
            self.quality.settings,
            engine=self.quality.engine,
            context=self.quality.context,
            platform=jobs_api(self.fake.host),
        )

    def request(self, **more: object) -> Job:
        return self.quality.jobs.request("test", self.target, **more)

    def shown(self, job: Job) -> Job:
        return self.quality.jobs.show(job.job_id)

    def only_run(self) -> FakeRun:
        (run,) = self.fake.runs.values()
        return run

    def claimed(self, job: Job) -> Job:
        """What the task on the platform does first."""
        claimed = self.quality.jobs.keeper.queue.claim(
            self.shown(job), "elsewhere/1/1", "databricks"
        )
        assert claimed is not None
        return claimed


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    clock = Clock()
    settings = {"launcher": "databricks", "test_job_id": "77", "profile_job_id": "78", "workers": 2}
    with lake(tmp_path, **settings) as opened, JobsApiFake() as fake:
        quality = Quality(opened.settings, opened.engine, Context(now=clock))
        yield Site(quality, fake, clock, quick(quality, tmp_path))


def test_a_queued_job_becomes_one_run_with_its_parameters(site: Site) -> None:
    job = site.request()
    launcher = site.launcher()
    launcher.step()
    launcher.step()
    run, shown = site.only_run(), site.shown(job)
    assert (run.job_id, run.token) == (77, job.run_id)
    assert run.parameters == {"job_id": job.job_id, "run_id": job.run_id}
    assert (shown.status, shown.platform_run_id) == (JobStatus.QUEUED, str(run.run_id))
    assert site.quality.jobs.run(job.run_id).progress.phase == "Waiting for the platform"


@pytest.mark.parametrize(
    "fault",
    [
        Fault("delay", call="run-now", seconds=0.8),
        Fault("drop_after", call="run-now"),
        Fault("status_after", call="run-now", status=503),
    ],
    ids=["timed out", "dropped", "503"],
)
def test_w10_a_start_whose_answer_is_lost_is_repeated_and_starts_one_run(
    site: Site, fault: Fault
) -> None:
    job = site.request()
    site.fake.script.set(fault)
    launcher = site.launcher()
    launcher.step()
    launcher.step()
    assert site.shown(job).platform_run_id == str(site.only_run().run_id)


def test_w10_a_launcher_that_died_before_it_stored_the_run_finds_it_again(site: Site) -> None:
    job = site.request()
    jobs_api(site.fake.host).start("77", job.run_id, {"job_id": job.job_id})
    site.claimed(job)
    site.launcher().step()
    assert site.shown(job).platform_run_id == str(site.only_run().run_id)


def test_w11_a_run_that_died_is_lost_and_attempted_again_with_another_token(site: Site) -> None:
    job = site.request()
    launcher = site.launcher()
    launcher.step()
    site.claimed(job)
    site.only_run().end("FAILED", "driver lost")
    launcher.step()
    again = site.shown(job)
    assert (again.status, again.attempt) == (JobStatus.QUEUED, 1)
    assert again.run_id != job.run_id
    closed = site.quality.jobs.run(job.run_id)
    assert closed.status is RunStatus.FAILED
    assert "driver lost" in (closed.error_message or "")
    assert {run.token for run in site.fake.runs.values()} == {job.run_id, again.run_id}


def test_w11_while_the_api_is_out_the_heartbeat_rule_decides(site: Site) -> None:
    job = site.request(max_attempts=1)
    launcher = site.launcher()
    launcher.step()
    site.claimed(job)
    site.fake.script.set(Fault("status", call="get", times=100))
    site.clock.pass_by(timedelta(minutes=20))
    site.quality.jobs.reconcile()
    assert site.shown(job).status is JobStatus.FAILED
    assert (site.shown(job).error_message or "").startswith("lost: ")


@pytest.mark.parametrize(
    ("result", "status"),
    [
        ("CANCELED", JobStatus.CANCELLED),
        ("TIMEDOUT", JobStatus.TIMED_OUT),
        ("FAILED", JobStatus.FAILED),
    ],
)
def test_a_run_that_ends_before_its_worker_began_ends_the_job(
    site: Site, result: str, status: JobStatus
) -> None:
    job = site.request()
    launcher = site.launcher()
    launcher.step()
    site.only_run().end(result, "why it ended")
    launcher.step()
    ended = site.shown(job)
    assert ended.status is status
    assert "why it ended" in (ended.error_message or "")


def test_w14_a_run_whose_history_expired_fails_after_a_limit(site: Site) -> None:
    job = site.request()
    launcher = site.launcher()
    launcher.step()
    site.fake.forget(site.only_run().run_id)
    launcher.step()
    assert site.shown(job).status is JobStatus.QUEUED
    site.clock.pass_by(UNKNOWN_LIMIT + timedelta(seconds=1))
    launcher.step()
    assert site.shown(job).status is JobStatus.FAILED
    assert "no longer knows run" in (site.shown(job).error_message or "")


def test_w15_when_the_platform_is_full_jobs_wait_in_order_and_say_why(site: Site) -> None:
    site.fake.most_open = 1
    late = site.request(priority=9)
    first, second = site.request(), site.request()
    launcher = site.launcher()
    launcher.step()
    assert site.only_run().token == first.run_id
    assert "too many active runs" in (site.shown(second).progress_phase or "")
    assert site.shown(late).progress_phase is None
    site.only_run().end("CANCELED")
    launcher.step()
    assert [run.token for run in site.fake.runs.values()] == [first.run_id, second.run_id]


def test_w15_a_run_that_the_platform_refused_is_started_anew_a_minute_later(site: Site) -> None:
    job = site.request()
    launcher = site.launcher()
    launcher.step()
    site.only_run().end("MAXIMUM_CONCURRENT_RUNS_REACHED", "another one runs")
    launcher.step()
    assert site.shown(job).progress_phase == "Waiting: another one runs"
    site.clock.pass_by(timedelta(minutes=2))
    launcher.step()
    refused, begun = site.fake.runs.values()
    assert site.shown(job).platform_run_id == str(begun.run_id)
    assert refused.token != begun.token
    assert begun.parameters["run_id"] == job.run_id


def test_w16_a_launcher_that_starts_anew_goes_on_with_the_stored_run(site: Site) -> None:
    job = site.request()
    site.launcher().step()
    site.only_run().end("CANCELED")
    site.launcher().step()
    assert site.shown(job).status is JobStatus.CANCELLED
    assert site.fake.calls.count("run-now") == 1


def test_a_job_that_waits_for_the_platform_is_cancelled_there_too(site: Site) -> None:
    job = site.request()
    launcher = site.launcher()
    launcher.step()
    site.quality.jobs.cancel(job.job_id)
    launcher.step()
    site.only_run().end("CANCELED")
    launcher.step()
    ended = site.shown(job)
    assert site.only_run().cancels >= 1
    assert (ended.status, ended.error_message) == (JobStatus.CANCELLED, "cancelled by tester")


def test_a_job_without_a_databricks_job_fails_and_says_what_to_set(
    site: Site, tmp_path: Path
) -> None:
    profile = site.quality.jobs.request("profile", site.target)
    object.__setattr__(site.quality.settings, "profile_job_id", "")
    site.launcher().step()
    assert "DQ_PROFILE_JOB_ID" in (site.shown(profile).error_message or "")
