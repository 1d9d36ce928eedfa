"""The tasks that come again and again, and those that keep the schema."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("databricks.sdk")

from dq_databricks import Quality, open_quality
from dq_databricks.launching.task import TaskFailedError
from dq_databricks.model.vocabulary import JobStatus
from dq_databricks.model.work import Schedule
from dq_databricks.settings import Settings
from tests.emulator.jobs_api import JobsApiFake
from tests.support.jobs import a_job, quick
from tests.support.tasks import Tasks

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def here(tasks: Tasks, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run a script in this process; the lines it printed, each read as JSON where it is."""

    def run(script: str, *words: str) -> list[dict[str, Any]]:
        capsys.readouterr()
        tasks.run_here(script, *words, patch=monkeypatch)
        lines = capsys.readouterr().out.strip().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    return run


def _due(quality: Quality, target: str) -> None:
    quality.schedules.add(
        "hourly", cron="0 * * * *", kind="test", target_type="table", target_ref=target
    )
    schedule = quality.schedules.show("hourly")
    quality.store.table(Schedule).change([schedule.schedule_id], {"next_run_at": LONG_AGO})


def test_dispatch_carries_out_what_is_due_in_its_own_process(
    tasks: Tasks, quality: Quality, tmp_path: Path
) -> None:
    _due(quality, quick(quality, tmp_path))
    done = tasks.run("dispatch", platform_run_id="31")
    assert done.code == 0, done.err
    (job,) = quality.jobs.list().items
    assert (job.status, job.platform_run_id) == (JobStatus.SUCCEEDED, "31")
    assert job.schedule_id == quality.schedules.show("hourly").schedule_id


def test_dispatch_starts_a_run_of_the_platform_for_each_job_that_waits(
    quality: Quality, tmp_path: Path, here: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    _due(quality, quick(quality, tmp_path))
    with JobsApiFake() as fake:
        monkeypatch.setenv("DATABRICKS_HOST", fake.host)
        monkeypatch.setenv("DATABRICKS_TOKEN", "t")
        for _ in range(2):
            here("dispatch", "--profile-job-id=78", "--test-job-id=77")
        (run,) = fake.runs.values()
    (job,) = quality.jobs.list().items
    assert (run.job_id, run.parameters["job_id"]) == (77, job.job_id)
    assert (job.status, job.platform_run_id) == (JobStatus.QUEUED, str(run.run_id))


def test_a_job_that_fails_in_a_dispatch_fails_it_and_the_others_are_carried_out(
    quality: Quality, tmp_path: Path, here: Any
) -> None:
    target = quick(quality, tmp_path)
    queue = quality.jobs.keeper.queue
    queue.add(a_job("gone", target_type="table", target_ref="main.s.gone", priority=1))
    good = quality.jobs.request("test", target)
    with pytest.raises(TaskFailedError, match="TableNotFoundError") as failure:
        here("dispatch")
    assert failure.value.code == 3
    assert queue.get("gone").status is JobStatus.FAILED
    assert quality.jobs.show(good.job_id).status is JobStatus.SUCCEEDED


def test_notify_prints_each_event_once(quality: Quality, here: Any) -> None:
    queue = quality.jobs.keeper.queue
    queue.add(a_job("gone", target_type="table", target_ref="main.s.gone"))
    with pytest.raises(TaskFailedError):
        here("dispatch")
    event, summary = here("notify")
    assert (event["event_type"], event["entity_id"]) == ("run.failed", "run of gone")
    assert summary == {"task": "notify", "exit_code": 0, "events": 1}
    assert here("notify") == [{"task": "notify", "exit_code": 0, "events": 0}]


def test_reconcile_without_a_sign_in_goes_by_the_sign_of_life_and_says_so(
    here: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DATABRICKS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.delenv("DATABRICKS_HOST", raising=False)
    monkeypatch.delenv("DATABRICKS_TOKEN", raising=False)
    with pytest.raises(TaskFailedError, match="cannot sign in") as failure:
        here("reconcile")
    assert failure.value.code == 3


def test_migrate_makes_the_schema_and_does_nothing_the_second_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings.load({}, home=tmp_path / "fresh", durable=False)
    with open_quality(settings) as fresh:
        tasks = Tasks(fresh, tmp_path)
        done = tasks.run("migrate", readers="analysts,stewards", writer="dq-writer")
        assert done.code == 0, done.err
        assert done.document["migration"]["version"] == fresh.schema_version()
        grants = done.document["grants"]["plan"]["grants"]
        assert {grant["principal"] for grant in grants} == {"analysts", "stewards", "dq-writer"}
        tasks.run_here("migrate", patch=monkeypatch)
        again = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
        assert (again["migration"]["statements_executed"], again["grants"]) == (0, None)


def test_maintain_looks_after_every_table(here: Any) -> None:
    (done,) = here("maintain", "--platform-run-id=5")
    assert done["maintenance"]["daily_point"] is not None
    assert len(done["maintenance"]["tables"]) > 10


def test_rename_schema_renames_and_drops_the_old_one_when_it_is_told_to(
    quality: Quality, here: Any, tmp_path: Path
) -> None:
    (kept,) = here("rename_schema", "--to=dq_new")
    assert (kept["renaming"]["target"], kept["dropped"]) == ("dq_new", None)
    assert quality.engine.tables("main", "dq_metadata")
    (dropped,) = here("rename_schema", "--to=dq_new", "--drop-old=true")
    assert dropped["renaming"]["was_done"]
    assert not quality.engine.tables("main", "dq_metadata")
