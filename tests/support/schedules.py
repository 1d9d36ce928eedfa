"""Helpers of the tests of schedules: a store with a clock that stands where it is put."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from dq_databricks.engine.protocol import Engine
from dq_databricks.model.ids import Context
from dq_databricks.model.vocabulary import JobStatus
from dq_databricks.model.work import Job, Schedule
from dq_databricks.scheduling.cron import Cron
from dq_databricks.scheduling.dispatcher import Dispatcher, DispatchReport
from dq_databricks.store.store import Store
from tests.support.store import settings_for

START = datetime(2024, 1, 1, tzinfo=UTC)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


@dataclass
class Bench:
    """Schedules of one lake at a time that tests set: `now`."""

    engine: Engine
    now: datetime = START
    store: Store = field(init=False)

    def __post_init__(self) -> None:
        self.store = Store(self.engine, settings_for("s"), Context(now=lambda: self.now))

    @property
    def dispatcher(self) -> Dispatcher:
        return Dispatcher(self.store.schedules)

    def round(self, after: timedelta = timedelta(0)) -> DispatchReport:
        """One round, `after` from the start."""
        return self.dispatcher.round(START + after)

    def add(self, *names: str, **more: Any) -> None:
        """Schedules with these ids that fire each hour, first at the start."""
        rows = [a_schedule(name, **more) for name in names]
        self.store.table(Schedule).insert_missing(rows, is_audited=False)

    def schedule(self, name: str = "s") -> Schedule:
        return self.store.table(Schedule).require(name)

    def jobs(self) -> list[Job]:
        return sorted(self.store.table(Job).select(), key=lambda job: (job.slot_at, job.job_id))

    def slots(self) -> list[timedelta]:
        """The slots of all jobs, from the start."""
        return [job.slot_at - START for job in self.jobs() if job.slot_at is not None]

    def end_jobs(self, at: timedelta) -> None:
        """Let all jobs have succeeded at this time."""
        for job in self.jobs():
            if job.completed_at is None:
                values = {"status": JobStatus.SUCCEEDED, "completed_at": START + at}
                assert self.store.table(Job).change([job.job_id], values)


def a_schedule(schedule_id: str, **more: Any) -> Schedule:
    values = {
        "schedule_id": schedule_id,
        "project_key": "default",
        "name": f"schedule {schedule_id}",
        "kind": "test",
        "target_type": "table",
        "target_ref": "t1",
        "cron": "0 * * * *",
        "next_run_at": START,
        "created_at": START,
        "updated_at": START,
    }
    schedule = Schedule.model_validate({**values, **more})
    Cron.parse(schedule.cron, schedule.timezone)
    return schedule
