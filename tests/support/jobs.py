"""Helpers of the tests of jobs: a lake with quick and slow work, and waiting for something."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from dq_databricks import Quality, open_quality
from dq_databricks.model.vocabulary import JobKind, JobStatus, TargetType
from dq_databricks.model.work import Job
from dq_databricks.settings import Settings
from tests.support.provisioned import put_schema

T = TypeVar("T")
_ASKED_AT = datetime(2026, 1, 1, tzinfo=UTC)
ENDED = (JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.CANCELLED, JobStatus.TIMED_OUT)
_CROSS = "SELECT * FROM {table} a, {table} b, {table} c WHERE a.n + b.n + c.n = -1"


def lake(folder: Path, **more: object) -> Quality:
    """An open face on a lake below `folder` with a clean schema."""
    put_schema(folder / "home", "dq_metadata")
    settings = {"home": folder / "home", "durable": False, "user": "tester", "threads": 1, **more}
    return open_quality(Settings.load({}, **settings))


def numbers(folder: Path, name: str, rows: int) -> str:
    """A file with the column n."""
    path = folder / f"{name}.parquet"
    pq.write_table(pa.table({"n": list(range(rows))}), path)
    return str(path)


def a_job(job_id: str = "j1", **more: object) -> Job:
    """The tests of the default suite, asked for as the year began."""
    values = {
        "job_id": job_id,
        "project_key": "default",
        "kind": JobKind.TEST,
        "target_type": TargetType.SUITE,
        "target_ref": "default_suite",
        "title": "Test suite default_suite",
        "run_id": f"run of {job_id}",
        "created_at": _ASKED_AT,
        "updated_at": _ASKED_AT,
    }
    return Job.model_validate({**values, **more})


def quick(quality: Quality, folder: Path) -> str:
    """A target whose one test takes milliseconds."""
    target = numbers(folder, "quick", 3)
    quality.add_test(target, "row_count", parameters={"min_count": 1})
    return target


def slow(quality: Quality, folder: Path, rows: int = 20_000) -> str:
    """A target whose one test takes time with the cube of `rows`: 700 a second, 20,000 hours."""
    target = numbers(folder, "slow", rows)
    quality.add_test(target, "sql_query_rows", parameters={"sql": _CROSS, "max_count": 0})
    return target


def hurry(folder: Path) -> None:
    """Let what is slow be quick from its next attempt on."""
    numbers(folder, "slow", 3)


def waited(what: Callable[[], T | None], *, seconds: float = 60) -> T:
    """The first answer that is not None; other processes must have the time to give it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = what()
        if answer is not None:
            return answer
        time.sleep(0.05)
    raise AssertionError(f"nothing after {seconds} s")


def in_status(quality: Quality, job_id: str, *statuses: JobStatus) -> Callable[[], Job | None]:
    """The job once it has one of these statuses."""

    def look() -> Job | None:
        job = quality.jobs.show(job_id)
        return job if job.status in statuses else None

    return look
