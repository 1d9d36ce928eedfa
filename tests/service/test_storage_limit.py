"""Where the storage of an organization is full, nobody starts work, by whatever way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dq_databricks.errors import LimitReachedError
from dq_databricks.model.ids import Context
from dq_databricks.model.vocabulary import JobStatus
from dq_databricks.model.work import Job
from tests.support.service import ServiceUnderTest, service
from tests.support.stocked import TABLE, create_orders

AT = datetime(2024, 6, 1, 12, 0, tzinfo=UTC)
API = "/api/v1"


@dataclass
class Clock:
    """The time that the service sees."""

    now: datetime = AT


@dataclass(frozen=True)
class Full:
    """A service whose organization has no room left, and what was there before."""

    served: ServiceUnderTest
    clock: Clock
    table_id: str
    ended: Job
    schedule_id: str

    def jobs(self) -> int:
        return len(self.served.quality.jobs.list())


@pytest.fixture
def full(tmp_path: Path) -> Iterator[Full]:
    clock = Clock()
    with service(tmp_path, context=Context(now=lambda: clock.now), rate_limit_per_s=0) as served:
        quality = served.quality
        create_orders(quality.engine)
        entry = quality.catalog.add_table(TABLE)
        job = quality.jobs.cancel(quality.jobs.request("profile", entry.table_id).job_id)
        schedule = quality.schedules.add(
            "hourly",
            cron="0 * * * *",
            kind="profile",
            target_type="table",
            target_ref=entry.table_id,
        )
        quality.access.organizations.edit("default", storage_limit_gb=0)
        yield Full(served, clock, entry.table_id, job, schedule.schedule_id)


def test_nobody_asks_for_work_where_storage_is_full(full: Full) -> None:
    before = full.jobs()
    editor = full.served.as_("editor")
    wanted = {"kind": "profile", "target": full.table_id}
    answers = {
        "api": editor.post(f"{API}/runs", json=wanted),
        "api, retry": editor.post(f"{API}/runs/{full.ended.run_id}/retry"),
        "api, schedule": editor.post(f"{API}/schedules/{full.schedule_id}/run"),
        "page": editor.post(f"/tables/{full.table_id}/profile"),
        "page, run": editor.post(
            "/runs", data={"kind": "profile", "target": f"table:{full.table_id}"}
        ),
        "page, retry": editor.post(f"/runs/{full.ended.run_id}/retry"),
        "page, schedule": editor.post(f"/schedules/{full.schedule_id}/run"),
    }
    assert {way: answer.status_code for way, answer in answers.items()} == dict.fromkeys(
        answers, 403
    )
    assert all("storage_limit_gb raised" in answer.text for answer in answers.values())
    with pytest.raises(LimitReachedError):
        full.served.quality.jobs.request("profile", full.table_id)
    assert full.jobs() == before
    assert full.ended.status is JobStatus.CANCELLED


def test_a_slot_is_missed_with_a_reason_where_storage_is_full(full: Full) -> None:
    before, quality = full.jobs(), full.served.quality
    full.clock.now = AT + timedelta(hours=1)
    report = quality.dispatch()
    assert (report.jobs, report.missed) == ((), 1)
    [problem] = report.problems
    assert "'hourly'" in problem
    assert "storage_limit_gb raised" in problem
    schedule = quality.schedules.show("hourly")
    assert (schedule.missed_count, schedule.last_job_id) == (1, None)
    assert full.jobs() == before
    quality.access.organizations.edit("default", storage_limit_gb=5)
    full.clock.now = AT + timedelta(hours=2)
    assert len(quality.dispatch().jobs) == 1
