"""Rounds of dispatch: claims the slots that have come, and queues one job for each.

Any number of dispatchers may be at work. The claim of a slot is one conditional write, and its job
and run have ids derived from schedule and slot; so one that dies between claim and job leaves
something that any other can finish, and two never start one slot twice.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from dq_databricks.errors import CronError
from dq_databricks.model.vocabulary import TriggerSource
from dq_databricks.model.work import Job, Schedule
from dq_databricks.scheduling.slots import MOST_CAUGHT_UP, Standing, decide, next_slot
from dq_databricks.store.schedules import Claim, Schedules, job_id_of, run_id_of

_LOG = logging.getLogger(__name__)

START_DEADLINE = timedelta(hours=1)
"""A slot that was claimed longer ago, and whose job was never queued, was missed."""

# Claims older than this were settled, or counted as missed, by the rounds since.
_UNSETTLED = timedelta(days=35)
# A schedule that makes up for slots gets one a pass; the last pass finds nothing more to do.
_MOST_PASSES = MOST_CAUGHT_UP + 1


@dataclass(frozen=True, slots=True)
class DispatchReport:
    """One round. `jobs` are those it queued, `finished` of them for a dispatcher that died.

    `missed` counts slots that start nothing, `waiting` schedules whose last job has not ended;
    `problems` name schedules that could not be read, or whose slot was missed for want of room.
    """

    at: datetime
    jobs: tuple[Job, ...] = ()
    finished: int = 0
    missed: int = 0
    waiting: int = 0
    problems: tuple[str, ...] = ()


@dataclass
class _Round:
    """What a round has done so far."""

    at: datetime
    jobs: list[Job] = field(default_factory=list)
    finished: int = 0
    missed: int = 0
    waiting: set[str] = field(default_factory=set)
    problems: dict[str, str] = field(default_factory=dict)

    def report(self) -> DispatchReport:
        return DispatchReport(
            self.at,
            tuple(self.jobs),
            self.finished,
            self.missed,
            len(self.waiting),
            tuple(self.problems.values()),
        )


@dataclass(frozen=True, slots=True)
class Dispatcher:
    """Queues jobs for the slots of all schedules its store sees; carries none out."""

    schedules: Schedules
    without_room: Callable[[], Mapping[str, str]] = dict
    """Projects that may start nothing, each with the reason; asked when a slot has come."""

    def round(self, at: datetime) -> DispatchReport:
        """Queue what is due at `at`. Repeating it, also at an earlier time, starts nothing twice.

        A schedule that cannot be read is a problem of the report and stops no other.
        """
        done = _Round(at)
        self._finish_claims(done)
        for _ in range(_MOST_PASSES):
            if not self._pass(done):
                break
        return done.report()

    def recompute(self, at: datetime) -> int:
        """Move slots to come to where the zone rules of now put them; how many moved.

        Call it when a process starts: rules change with the time zone data it loads.
        """
        moved = 0
        for schedule in self.schedules.enabled():
            try:
                slot = next_slot(schedule, at)
            except CronError as error:
                _LOG.warning("schedule %s: %s", schedule.schedule_id, error)
                continue
            is_to_come = schedule.next_run_at is None or schedule.next_run_at > at
            if is_to_come and slot != schedule.next_run_at:
                moved += self.schedules.move(schedule, slot)
        return moved

    # --- below -----------------------------------------------------------------------------

    def _finish_claims(self, done: _Round) -> None:
        """Queue the jobs of slots whose dispatcher died after its claim, or count them missed."""
        found = self.schedules.without_job(done.at - _UNSETTLED)
        lost = [schedule for schedule in found if _is_lost(schedule, done.at)]
        jobs = [_job(s, s.last_slot_at, done.at) for s in found if s not in lost and s.last_slot_at]
        done.missed += sum(self.schedules.give_up(schedule) for schedule in lost)
        if jobs:
            queued = self.schedules.insert_jobs(jobs)
            done.jobs += queued
            done.finished += len(queued)

    def _pass(self, done: _Round) -> bool:
        """Claim one slot of every schedule that is due; whether further ones are due already."""
        is_more = False
        for page in self.schedules.due(done.at):
            due = {schedule.schedule_id: schedule for schedule in page}
            claims = self._decided(tuple(due.values()), done)
            won = self._claim(claims, due, done) if claims else ()
            is_more = is_more or any(_is_due_again(claim, done.at) for claim in won)
        return is_more

    def _claim(
        self, claims: Sequence[Claim], due: dict[str, Schedule], done: _Round
    ) -> Sequence[Claim]:
        won = self.schedules.claim(claims, done.at)
        mine = [claim for claim in claims if claim.schedule_id in won]
        jobs = [_job(due[claim.schedule_id], claim.slot, done.at) for claim in mine if claim.job_id]
        done.missed += sum(claim.missed for claim in mine)
        if jobs:
            done.jobs += self.schedules.insert_jobs(jobs)
        return mine

    def _decided(self, due: Sequence[Schedule], done: _Round) -> list[Claim]:
        last_jobs = self.schedules.jobs({s.last_job_id for s in due if s.last_job_id})
        busy = self.schedules.busy({s.schedule_id for s in due})
        claims = []
        for schedule in due:
            last_job = last_jobs.get(schedule.last_job_id or "")
            if last_job is None and _may_be_queued_yet(schedule, done.at):
                continue
            standing = Standing(last_job, schedule.schedule_id in busy)
            claim = self._decide(schedule, standing, done)
            if claim is not None:
                claims.append(claim)
        return self._within_room(claims, {one.schedule_id: one for one in due}, done)

    def _within_room(
        self, claims: Sequence[Claim], due: Mapping[str, Schedule], done: _Round
    ) -> list[Claim]:
        """`claims`, of which those of projects without room start nothing: their slot is missed."""
        full = self.without_room() if any(claim.job_id for claim in claims) else {}
        return [_missed(claim, due[claim.schedule_id], full, done) for claim in claims]

    def _decide(self, schedule: Schedule, standing: Standing, done: _Round) -> Claim | None:
        try:
            claim = decide(schedule, done.at, standing)
        except CronError as error:
            done.problems[schedule.schedule_id] = f"schedule {schedule.name!r}: {error}"
            return None
        if claim is None and standing.is_busy:
            done.waiting.add(schedule.schedule_id)
        return claim


def _missed(claim: Claim, schedule: Schedule, full: Mapping[str, str], done: _Round) -> Claim:
    reason = full.get(schedule.project_key)
    if reason is None or claim.job_id is None:
        return claim
    problem = (
        f"schedule {schedule.name!r}: the slot of {claim.slot.isoformat()} is missed: {reason}"
    )
    done.problems[schedule.schedule_id] = problem
    _LOG.warning("%s", problem)
    return replace(claim, job_id=None, missed=claim.missed + 1)


def _is_lost(schedule: Schedule, at: datetime) -> bool:
    """Whether the claimed slot cannot be started any more: too long ago, or no longer known."""
    slot, claimed_at = schedule.last_slot_at, schedule.last_run_at
    if slot is None or claimed_at is None or at - claimed_at > START_DEADLINE:
        return True
    return job_id_of(schedule.schedule_id, slot) != schedule.last_job_id


def _may_be_queued_yet(schedule: Schedule, at: datetime) -> bool:
    """Whether the job of the last claim may still appear: whoever claimed it is at it."""
    if schedule.last_job_id is None or schedule.last_run_at is None:
        return False
    return at - schedule.last_run_at <= START_DEADLINE


def _is_due_again(claim: Claim, at: datetime) -> bool:
    return claim.next_run_at is not None and claim.next_run_at <= at


def _job(schedule: Schedule, slot: datetime, at: datetime) -> Job:
    return Job(
        job_id=job_id_of(schedule.schedule_id, slot),
        project_key=schedule.project_key,
        kind=schedule.kind,
        target_type=schedule.target_type,
        target_ref=schedule.target_ref,
        title=schedule.name,
        trigger_source=TriggerSource.SCHEDULE,
        max_attempts=schedule.max_attempts,
        timeout_s=schedule.timeout_s,
        run_id=run_id_of(schedule.schedule_id, slot),
        schedule_id=schedule.schedule_id,
        slot_at=slot,
        requested_by=schedule.name,
        created_at=at,
        updated_at=at,
    )
