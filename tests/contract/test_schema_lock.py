"""The lock of a schema: one holder at a time, given back, taken over when its holder died."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dq_databricks.engine.protocol import Engine
from dq_databricks.errors import LeaseLostError, SchemaLockedError
from dq_databricks.lifecycle.lease import LockOptions, SchemaLock
from dq_databricks.lifecycle.migrations.look_first import Live
from dq_databricks.lifecycle.migrations.runner import make_life_tables
from dq_databricks.lifecycle.migrations.scripts import shipped_scripts
from dq_databricks.lifecycle.site import Site
from dq_databricks.model.ids import Context
from tests.support.store import START, TappedEngine, once

SPARK_SAMPLE = {"test_m4_a_holder_that_was_stopped_finds_out_and_stops"}


class Time:
    """A clock that moves only when somebody sleeps, or is told to."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def context(self) -> Context:
        return Context(
            now=lambda: START + timedelta(seconds=self.seconds),
            monotonic=lambda: self.seconds,
            sleep=self.pass_by,
        )

    def pass_by(self, seconds: float) -> None:
        self.seconds += seconds


def lock_of(engine: Engine, time: Time, *, user: str = "alice", wait_s: float = 60) -> SchemaLock:
    site = Site(engine, "main", "s", time.context(), user, LockOptions(30, wait_s))
    make_life_tables(site, shipped_scripts(), Live(frozenset(engine.tables("main", "s"))))
    return site.lock


def test_one_holds_it_and_the_next_finds_it_free(engine: Engine) -> None:
    time = Time()
    lock = lock_of(engine, time)
    with lock.hold("migration") as first:
        assert first.fence == 1
        stored = lock.holder()
        assert stored is not None
        assert (stored.owner, stored.purpose) == (first.owner, "migration")
        with (
            pytest.raises(SchemaLockedError, match=r"main\.s is locked by alice on .*migration"),
            lock_of(engine, time, user="bob", wait_s=5).hold("rename"),
        ):
            pytest.fail("two hold the lock")
    with lock_of(engine, time, user="bob").hold("rename") as second:
        assert second.fence == 2


def test_who_waits_gets_it_when_it_is_given_back(engine: Engine) -> None:
    time = Time()
    lock = lock_of(engine, time)
    holding = lock.hold("migration")
    held = holding.__enter__()
    waiting = Time()

    def give_back(seconds: float) -> None:
        waiting.pass_by(seconds)
        if waiting.seconds > 3 and lock.holder() is not None:
            held.release()

    context = Context(
        now=lambda: START + timedelta(seconds=waiting.seconds),
        monotonic=lambda: waiting.seconds,
        sleep=give_back,
    )
    options = LockOptions(30, 20)
    with SchemaLock(engine, "main", "s", context, "bob", options).hold("rename") as second:
        assert second.fence == 2
        assert 3 < waiting.seconds < 10


def test_m2_the_lock_of_a_holder_that_died_runs_out(engine: Engine) -> None:
    time = Time()
    lock = lock_of(engine, time)
    dying = lock.hold("migration")
    dead = dying.__enter__()
    dead._ended.set()
    with lock_of(engine, time, user="bob").hold("migration") as second:
        assert second.fence == 2
    assert 30 <= time.seconds < 35


def test_m4_a_holder_that_was_stopped_finds_out_and_stops(engine: Engine) -> None:
    time = Time()
    stopping = lock_of(engine, time).hold("migration")
    stopped = stopping.__enter__()
    stopped._ended.set()
    stopped.keep()
    time.pass_by(31)
    with lock_of(engine, time, user="bob").hold("migration"):
        with pytest.raises(LeaseLostError, match="went to another runner"):
            stopped.keep()
        with pytest.raises(LeaseLostError):
            stopped.keep()


def test_m4_a_holder_that_slept_but_was_not_missed_goes_on(engine: Engine) -> None:
    time = Time()
    lock = lock_of(engine, time)
    sleeping = lock.hold("migration")
    slept = sleeping.__enter__()
    time.pass_by(300)
    slept.keep()
    stored = lock.holder()
    assert stored is not None
    assert stored.expires_at > time.context().now()
    slept.release()
    after = lock.holder()
    assert after is not None
    assert after.owner is None


def test_s15_a_clock_that_runs_ahead_on_another_machine_takes_nothing(engine: Engine) -> None:
    time = Time()
    lock = lock_of(engine, time)
    holding = lock.hold("migration")
    held = holding.__enter__()
    elsewhere = lock._table
    elsewhere.change(["schema"], {"holder": "alice on another machine, process 1"})
    ahead = Time()
    ahead.seconds = 300
    context = Context(
        now=lambda: START + timedelta(seconds=ahead.seconds),
        monotonic=lambda: ahead.seconds,
        sleep=ahead.pass_by,
    )
    quick = SchemaLock(engine, "main", "s", context, "bob", LockOptions(30, 10))
    with pytest.raises(SchemaLockedError), quick.hold("rename"):
        pytest.fail("a lease that runs was taken")
    held.release()


def test_s5_a_lost_reply_while_taking_it_is_no_second_holder(engine: Engine) -> None:
    time = Time()
    lock_of(engine, time)
    lost = once("merge", "dq_leases", ConnectionAbortedError())
    tapped = TappedEngine(engine, after=lost)
    with pytest.raises(ConnectionAbortedError), lock_of(tapped, time).hold("migration"):
        pytest.fail("no reply, no lock")
    with lock_of(engine, time, user="bob").hold("migration") as held:
        assert held.fence == 2
