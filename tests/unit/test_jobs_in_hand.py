"""A job in the hands of its worker, and the names of processes."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from dq_databricks.errors import LeaseLostError
from dq_databricks.launching.held import HeldJob
from dq_databricks.model.ids import Context
from dq_databricks.model.vocabulary import JobStatus
from dq_databricks.model.work import Job
from dq_databricks.quality.jobs import JobKeeper
from dq_databricks.running.origin import RunStoppedError
from dq_databricks.running.process import is_gone, is_here, name_of, stop, this_process
from tests.support.jobs import a_job, waited


@dataclass
class FakeKeeper:
    """A queue with one job, in the place of the stored one."""

    stored: Job
    beats: list[tuple[str, int, int]] = field(default_factory=list)
    ended: list[tuple[JobStatus, str | None]] = field(default_factory=list)

    @property
    def queue(self) -> FakeKeeper:
        return self

    def beat(self, job: Job, phase: str, done: int, total: int) -> bool:
        if self.stored != job:
            return False
        self.beats.append((phase, done, total))
        return True

    def get(self, job_id: str) -> Job:
        return self.stored

    def end(self, job: Job, status: JobStatus, error: str | None) -> None:
        self.ended.append((status, error))


class Hand:
    """A held job whose clock is set by hand."""

    def __init__(self) -> None:
        self.passed_s = 0.0
        self.job = a_job(status="running", worker="me", attempt=1, timeout_s=60)
        self.keeper = FakeKeeper(self.job)
        self.interrupted = threading.Event()
        context = Context(
            now=lambda: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.passed_s),
            monotonic=lambda: self.passed_s,
        )

        def interrupt(_taken: threading.Event) -> None:
            self.interrupted.set()

        keeper = cast("JobKeeper", self.keeper)
        self.held = HeldJob(keeper, self.job, context, interrupt, lease_s=30, grace_s=5)


@pytest.fixture
def hand() -> Hand:
    return Hand()


def test_w13_whoever_slept_asks_whether_the_job_is_still_theirs_before_writing(hand: Hand) -> None:
    hand.held.keep()
    assert hand.keeper.beats == []
    hand.keeper.stored = hand.job.model_copy(update={"attempt": 2})
    hand.passed_s = 31
    with pytest.raises(LeaseLostError, match="went to another worker"):
        hand.held.keep()


def test_s15_a_clock_that_stood_still_while_the_other_went_on_is_noticed(hand: Hand) -> None:
    held, clock = hand.held, hand.held._context
    clock.now = lambda: datetime(2026, 1, 1, tzinfo=UTC)
    hand.passed_s = 31
    held.keep()
    assert len(hand.keeper.beats) == 1


def test_a_cancelled_job_is_stopped_once_with_who_asked(hand: Hand) -> None:
    hand.keeper.stored = hand.job.model_copy(update={"error_message": "cancelled by ada"})
    hand.passed_s = 31
    with pytest.raises(RunStoppedError, match="cancelled by ada"):
        hand.held.keep()
    assert hand.held.take_stop() is None
    assert str(hand.held.cause(RuntimeError("interrupted"))) == "cancelled by ada"


def test_progress_is_written_every_two_seconds_at_most(hand: Hand) -> None:
    hand.held.start()
    hand.held.tell("Test orders", 1, 9)
    hand.passed_s = 1
    hand.held.tell("Test orders", 5, 9)
    hand.passed_s = 3
    waited(lambda: hand.keeper.beats or None)
    hand.held.release()
    assert hand.keeper.beats == [("Test orders", 5, 9)]


def test_a_job_that_outran_its_time_is_interrupted(hand: Hand) -> None:
    hand.held.start()
    hand.passed_s = 61
    waited(lambda: hand.interrupted.is_set() or None)
    stopped = hand.held.take_stop()
    assert stopped is not None
    hand.held.release()
    hand.held.end_stopped(stopped)
    assert hand.keeper.ended == [(JobStatus.TIMED_OUT, "timed out after 60 s")]


def test_a_process_is_told_from_one_that_got_its_number_later() -> None:
    me = this_process()
    assert is_here(me)
    assert not is_gone(me)
    before, _, started = me.rpartition("/")
    assert is_gone(f"{before}/{int(started) - 1}")
    assert not is_gone(f"another:host:1/{os.getpid()}/1")
    assert not is_here("")


def test_a_process_is_gone_once_it_has_ended_even_before_anybody_looked_after_it() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    name = name_of(child.pid)
    assert not is_gone(name)
    stop(name, kill=True)
    waited(lambda: is_gone(name) or None)
    child.communicate()
