"""What to do about a schedule whose slot has come: start it, count it as missed, or wait."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from dq_databricks.model.vocabulary import CatchUp, Overlap
from dq_databricks.model.work import Job, Schedule
from dq_databricks.scheduling.cron import Cron
from dq_databricks.store.schedules import Claim, job_id_of

LATE = timedelta(minutes=15)
"""A slot that is found later than this was missed; dispatch more often."""

MOST_CAUGHT_UP = 24
"""The newest missed slots that are made up for with `catch_up` all; older ones are missed."""

MOST_COUNTED = 1000
"""Missed slots are counted up to this many; of more, only the newest is made up for."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of the jobs of a schedule: its last one, and whether one is active."""

    last_job: Job | None = None
    is_busy: bool = False


def jitter_of(schedule: Schedule, slot: datetime) -> timedelta:
    """By how much the start of a slot is put off: up to `jitter_s`, the same each time."""
    digest = hashlib.sha256(f"{schedule.schedule_id} {slot.isoformat()}".encode()).digest()
    return timedelta(seconds=int.from_bytes(digest[:8]) % (schedule.jitter_s + 1))


def next_slot(schedule: Schedule, at: datetime) -> datetime | None:
    """The slot an enabled `schedule` waits for from `at` on; None while it is disabled.

    A slot that was claimed does not come again when the clock is set back (by up to a day: a
    clock that was a day ahead was wrong, and its slots do not hold back the schedule).
    """
    if not schedule.is_enabled:
        return None
    last = schedule.last_slot_at
    after = last if last is not None and at < last <= at + timedelta(days=1) else at
    return Cron.parse(schedule.cron, schedule.timezone).after(after)


def decide(schedule: Schedule, at: datetime, standing: Standing) -> Claim | None:
    """What to write for a due schedule at `at`; None: wait. Raises CronError."""
    pending = _pending(schedule, at)
    if not pending:
        return None
    is_late = at - _ready_at(schedule, pending[-1], standing) > LATE
    if standing.is_busy and schedule.overlap is not Overlap.ALLOW:
        if schedule.overlap is Overlap.QUEUE or (schedule.catch_up is CatchUp.ALL and is_late):
            return None
        return _claim(schedule, pending, None)
    if schedule.catch_up is CatchUp.SKIP and is_late:
        return _claim(schedule, pending, None)
    if schedule.catch_up is CatchUp.ALL and len(pending) <= MOST_COUNTED:
        kept = pending[-MOST_CAUGHT_UP:]
        settled = pending[: len(pending) - len(kept) + 1]
        return _claim(schedule, settled, kept[0])
    return _claim(schedule, pending, pending[-1])


def _pending(schedule: Schedule, at: datetime) -> tuple[datetime, ...]:
    """The slots up to `at` whose jitter is over, oldest first.

    Of more than can be counted, the newest comes last all the same.
    """
    first = schedule.next_run_at
    if first is None or first > at:
        return ()
    cron = Cron.parse(schedule.cron, schedule.timezone)
    found = [first, *cron.within(first, at, MOST_COUNTED)]
    if len(found) > MOST_COUNTED and (newest := cron.latest(found[-1], at)) is not None:
        found[-1] = newest
    while found and found[-1] + jitter_of(schedule, found[-1]) > at:
        found.pop()
    return tuple(found)


def _ready_at(schedule: Schedule, slot: datetime, standing: Standing) -> datetime:
    """From when on `slot` could have started: a queued one waits for the job before it."""
    ready = slot + jitter_of(schedule, slot)
    ended = standing.last_job.completed_at if standing.last_job else None
    return max(ready, ended) if ended and schedule.overlap is Overlap.QUEUE else ready


def _claim(
    schedule: Schedule, settled: tuple[datetime, ...], started: datetime | None
) -> Claim | None:
    if schedule.next_run_at is None:
        return None
    slot = settled[-1]
    return Claim(
        schedule_id=schedule.schedule_id,
        version=schedule.version,
        expected=schedule.next_run_at,
        slot=slot,
        next_run_at=Cron.parse(schedule.cron, schedule.timezone).after(slot),
        job_id=None if started is None else job_id_of(schedule.schedule_id, started),
        missed=len(settled) - (started is not None),
    )
