"""The tasks that profile and test, as processes on a local lake."""

from __future__ import annotations

import json

from dq_databricks import Quality
from dq_databricks.model.vocabulary import JobStatus, RunStatus, TriggerSource
from tests.support.tasks import ORDERS, Tasks, make_orders

RUN = "4711"


def _nulls(quality: Quality, target: str, severity: str = "error") -> None:
    parameters = {"max_percent": 0}
    quality.add_test(
        target, "nulls_percent", columns=["order_id"], parameters=parameters, severity=severity
    )


def test_a_profile_is_a_job_and_a_run_of_the_platform(tasks: Tasks, quality: Quality) -> None:
    make_orders(quality, 1, 2, None)
    done = tasks.run("profile", targets=ORDERS, platform_run_id=RUN, trigger="schedule", job_id="")
    assert done.code == 0, done.err
    (told,) = done.jobs
    job = quality.jobs.show(told["job_id"])
    assert (job.status, job.platform_run_id, job.launcher) == (JobStatus.SUCCEEDED, RUN, "task")
    assert (job.trigger_source, job.requested_by) == (TriggerSource.SCHEDULE, "task profile")
    run = quality.jobs.run(job.run_id)
    assert (run.status, run.row_count) == (RunStatus.COMPLETED, 3)


def test_a_task_that_is_started_again_makes_no_second_run(tasks: Tasks, quality: Quality) -> None:
    _nulls(quality, make_orders(quality, 1, None))
    first = tasks.run("test", targets=ORDERS, platform_run_id=RUN)
    again = tasks.run("test", targets=json.dumps([ORDERS]), platform_run_id=RUN)
    assert (first.code, again.code) == (1, 1)
    assert first.jobs == again.jobs
    assert [run.test_run_id for run in quality.runs()] == [first.jobs[0]["run_id"]]
    assert len(quality.jobs.list()) == 1
    repaired = tasks.run("test", targets=ORDERS, platform_run_id=RUN, repair_count=1)
    assert repaired.jobs[0]["run_id"] != first.jobs[0]["run_id"]


def test_tests_that_fail_fail_the_task_by_their_severity(tasks: Tasks, quality: Quality) -> None:
    bad = make_orders(quality, 1, None)
    _nulls(quality, bad)
    _nulls(quality, make_orders(quality, 1, None, table="tolerated"), "warning")
    red = tasks.run("test", targets=bad)
    assert red.code == 1
    assert "order_id" in red.err
    assert red.jobs[0]["counts"]["fail"] == 1
    assert tasks.run("test", targets=bad, fail_on_failure="false").code == 0
    assert tasks.run("test", targets="main.shop.tolerated").code == 0


def test_all_takes_the_groups_that_have_tests_and_a_list_goes_on_after_a_failure(
    tasks: Tasks, quality: Quality
) -> None:
    _nulls(quality, make_orders(quality, 1))
    every = tasks.run("test", targets="all")
    assert (every.code, len(every.jobs)) == (0, 1), every.err
    group = quality.catalog.groups().items[0].name
    listed = json.dumps(["main.shop.gone", f"group:{group}", "suite:default_suite"])
    some = tasks.run("test", targets=listed)
    assert some.code == 3
    assert [job["job_status"] for job in some.jobs] == ["failed", "succeeded", "succeeded"]


def test_a_table_that_is_gone_is_a_failure_that_is_written_down(
    tasks: Tasks, quality: Quality
) -> None:
    done = tasks.run("profile", targets="main.shop.nope", platform_run_id=RUN)
    assert done.code == 3
    assert "main.shop.nope" in done.err
    (told,) = done.jobs
    run = quality.store.profiles.runs.require(told["run_id"])
    assert run.status is RunStatus.FAILED
    assert "TableNotFoundError" in (run.error_message or "")
    (event,) = quality.notices.pending()
    assert (event.event_type, event.entity_id) == ("run.failed", told["run_id"])


def test_a_failed_attempt_is_followed_by_another_one(tasks: Tasks, quality: Quality) -> None:
    first = tasks.run("profile", targets=ORDERS, platform_run_id=RUN)
    make_orders(quality, 1)
    again = tasks.run("profile", targets=ORDERS, platform_run_id=RUN)
    assert (first.code, again.code) == (3, 0)
    failed, followed = first.jobs[0]["job_id"], quality.jobs.show(again.jobs[0]["job_id"])
    assert (followed.retry_of, followed.platform_run_id) == (failed, RUN)
    assert quality.jobs.show(failed).status is JobStatus.FAILED
    third = tasks.run("profile", targets=ORDERS, platform_run_id=RUN)
    assert third.jobs[0]["job_id"] == followed.job_id


def test_the_job_of_a_launcher_is_carried_out_and_an_older_start_of_it_does_nothing(
    tasks: Tasks, quality: Quality
) -> None:
    _nulls(quality, make_orders(quality, 1))
    job = quality.jobs.request("test", ORDERS)
    stale = tasks.run("test", targets="all", job_id=job.job_id, run_id="an earlier attempt")
    assert (stale.code, stale.jobs) == (0, [])
    done = tasks.run(
        "test", targets="all", job_id=job.job_id, run_id=job.run_id, platform_run_id=RUN
    )
    assert done.code == 0, done.err
    ended = quality.jobs.show(job.job_id)
    assert (ended.status, ended.launcher) == (JobStatus.SUCCEEDED, "databricks")
    assert (ended.platform_run_id, ended.attempt) == (RUN, 1)
