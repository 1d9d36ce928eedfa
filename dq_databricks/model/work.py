"""Requested work: schedules that ask for it, and jobs that record it."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from dq_databricks.model.base import MutableRecord, Record, SmallCount
from dq_databricks.model.vocabulary import (
    CatchUp,
    JobKind,
    JobStatus,
    Overlap,
    TargetType,
    TriggerSource,
)


class Schedule(MutableRecord):
    """Asks for a job whenever `cron` fires in `timezone`. `next_run_at` is the slot to come."""

    TABLE: ClassVar[str] = "dq_schedules"
    KEY: ClassVar[tuple[str, ...]] = ("schedule_id",)
    ENTITY: ClassVar[str] = "schedule"

    schedule_id: str
    project_key: str
    name: str
    kind: JobKind
    target_type: TargetType
    target_ref: str
    cron: str
    timezone: str = "UTC"
    is_enabled: bool = True
    catch_up: CatchUp = CatchUp.ONCE
    overlap: Overlap = Overlap.SKIP
    jitter_s: SmallCount = 0
    timeout_s: SmallCount = 3600
    max_attempts: SmallCount = 1
    next_run_at: datetime | None = None
    last_slot_at: datetime | None = None
    last_run_at: datetime | None = None
    last_job_id: str | None = None
    missed_count: int = 0
    created_at: datetime
    updated_at: datetime
    version: int = 1
    deleted_at: datetime | None = None


class Job(Record):
    """One requested execution. `run_id` is the run it makes, known before it starts."""

    TABLE: ClassVar[str] = "dq_jobs"
    KEY: ClassVar[tuple[str, ...]] = ("job_id",)

    job_id: str
    project_key: str
    kind: JobKind
    target_type: TargetType
    target_ref: str
    title: str
    status: JobStatus = JobStatus.QUEUED
    trigger_source: TriggerSource = TriggerSource.MANUAL
    priority: SmallCount = 5
    attempt: SmallCount = 0
    max_attempts: SmallCount = 1
    timeout_s: SmallCount = 3600
    run_id: str
    retry_of: str | None = None
    schedule_id: str | None = None
    slot_at: datetime | None = None
    requested_by: str | None = None
    launcher: str | None = None
    worker: str | None = None
    platform_run_id: str | None = None
    progress_phase: str | None = None
    progress_done: SmallCount = 0
    progress_total: SmallCount = 0
    error_message: str | None = None
    cancel_requested_at: datetime | None = None
    created_at: datetime
    started_at: datetime | None = None
    heartbeat_at: datetime | None = None
    completed_at: datetime | None = None
    updated_at: datetime
    version: int = 1
