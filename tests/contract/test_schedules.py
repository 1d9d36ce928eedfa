"""Dispatch: a slot starts one job, whoever claims it, whenever it dies, whatever the clock does."""

from __future__ import annotations

import multiprocessing
import os
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Barrier

import pytest

from dq_databricks.engine.protocol import Engine
from dq_databricks.errors import OutcomeUnknownError, WriteConflictError
from dq_databricks.model.ids import Context
from dq_databricks.model.vocabulary import JobStatus, TriggerSource
from dq_databricks.model.work import Schedule
from dq_databricks.scheduling import slots, zones
from dq_databricks.scheduling.cron import Cron
from dq_databricks.scheduling.dispatcher import Dispatcher
from dq_databricks.store.schedules import Claim, job_id_of, run_id_of
from dq_databricks.store.store import Store
from tests.support import local_engine
from tests.support.engines import engine_parameters, open_engine_for_tests
from tests.support.provisioned import put_schema
from tests.support.schedules import HOUR, MINUTE, SECOND, START, Bench
from tests.support.store import TappedEngine, once, settings_for

SPARK_SAMPLE = {"test_c7_a_claim_holds_for_the_slot_it_was_made_for"}


@pytest.fixture(params=engine_parameters())
def any_engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """Every engine over a clean schema `main.s`."""
    put_schema(tmp_path)
    with open_engine_for_tests(request.param, tmp_path) as opened:
        yield opened


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Engine]:
    put_schema(tmp_path)
    with local_engine.open_for_tests(tmp_path) as opened:
        yield opened


@pytest.fixture
def bench(local: Engine) -> Bench:
    return Bench(local)


def test_c7_a_claim_holds_for_the_slot_it_was_made_for(any_engine: Engine) -> None:
    bench = Bench(any_engine)
    bench.add("s", "t")
    first = Claim("s", 1, START, START, START + HOUR, job_id="j1")
    stale = Claim("s", 1, START, START + MINUTE, None, job_id="j2", missed=7)
    schedules = bench.store.schedules
    assert schedules.claim([first], START) == {"s"}
    assert schedules.claim([stale], START) == set()
    (claimed,) = schedules.without_job(START)
    assert (claimed.next_run_at, claimed.last_slot_at) == (START + HOUR, START)
    assert (claimed.last_job_id, claimed.missed_count) == ("j1", 0)


def test_c7_a_slot_starts_one_job_however_often_it_is_dispatched(any_engine: Engine) -> None:
    bench = Bench(any_engine)
    bench.add("s", max_attempts=3, timeout_s=60)
    bench.add("later", next_run_at=START + HOUR)
    bench.add("off", is_enabled=False)
    queued = bench.round(MINUTE).jobs
    assert bench.round(MINUTE).jobs == bench.round(2 * MINUTE).jobs == ()
    assert [job.job_id for job in queued] == [job.job_id for job in bench.jobs()]
    (job,) = bench.jobs()
    assert (job.schedule_id, job.slot_at, job.title) == ("s", START, "schedule s")
    assert (job.status, job.trigger_source) == (JobStatus.QUEUED, TriggerSource.SCHEDULE)
    assert (job.job_id, job.run_id) == (job_id_of("s", START), run_id_of("s", START))
    assert (job.max_attempts, job.timeout_s) == (3, 60)
    claimed = bench.schedule()
    assert (claimed.next_run_at, claimed.last_slot_at) == (START + HOUR, START)
    assert (claimed.last_run_at, claimed.last_job_id) == (START + MINUTE, job.job_id)
    # An ETag of the schedule outlives its slots.
    assert (claimed.version, claimed.missed_count) == (1, 0)


# --- C6: after downtime -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("catch_up", "started", "missed"),
    [("skip", [], 4), ("once", [3], 3), ("all", [0, 1, 2, 3], 0)],
)
def test_c6_after_three_hours_down(
    bench: Bench, catch_up: str, started: list[int], missed: int
) -> None:
    bench.add("s", catch_up=catch_up, overlap="allow")
    report = bench.round(3 * HOUR + 30 * MINUTE)
    assert bench.slots() == [n * HOUR for n in started]
    assert (len(report.jobs), report.missed) == (len(started), missed)
    schedule = bench.schedule()
    assert (schedule.next_run_at, schedule.missed_count) == (START + 4 * HOUR, missed)
    assert schedule.last_slot_at == START + 3 * HOUR


def test_c6_what_is_on_time_starts_with_every_policy(bench: Bench) -> None:
    for catch_up in ("skip", "once", "all"):
        bench.add(catch_up, catch_up=catch_up)
    assert len(bench.round(14 * MINUTE).jobs) == 3


def test_c6_making_up_for_all_is_bounded(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slots, "MOST_CAUGHT_UP", 4)
    bench.add("s", catch_up="all", overlap="allow", cron="* * * * *")
    report = bench.round(49 * MINUTE)
    assert bench.slots() == [n * MINUTE for n in range(46, 50)]
    assert (report.missed, bench.schedule().missed_count) == (46, 46)


def test_c6_after_a_year_down_the_newest_slot_starts_once(bench: Bench) -> None:
    year = timedelta(days=365)
    for catch_up in ("skip", "once", "all"):
        bench.add(catch_up, catch_up=catch_up, cron="* * * * *", overlap="allow")
    report = bench.round(year + 30 * SECOND)
    # It runs every minute, so that slot is on time for all of them.
    assert bench.slots() == [year] * 3
    assert report.missed == 3 * 1000
    assert bench.schedule("all").next_run_at == START + year + MINUTE


# --- C8: killed in between ----------------------------------------------------------------------


def _claimed_without_job(local: Engine, bench: Bench) -> None:
    killed = KeyboardInterrupt("killed")
    tapped = TappedEngine(local, before=once("merge", "dq_jobs", killed))
    with pytest.raises(KeyboardInterrupt):
        Bench(tapped).round()
    assert bench.jobs() == []
    assert bench.schedule().last_job_id == job_id_of("s", START)


def test_c8_another_dispatcher_finishes_what_a_killed_one_claimed(
    local: Engine, bench: Bench
) -> None:
    bench.add("s")
    _claimed_without_job(local, bench)
    report = bench.round(MINUTE)
    assert (len(report.jobs), report.finished) == (1, 1)
    assert bench.slots() == [timedelta(0)]
    assert bench.jobs()[0].run_id == run_id_of("s", START)
    assert bench.round(2 * MINUTE).jobs == ()


def test_c8_past_the_deadline_the_slot_was_missed(local: Engine, bench: Bench) -> None:
    bench.add("s")
    _claimed_without_job(local, bench)
    report = bench.round(61 * MINUTE)
    assert (report.finished, report.missed) == (0, 1)
    assert bench.slots() == [HOUR]
    assert bench.schedule().missed_count == 1
    assert bench.round(62 * MINUTE).missed == 0


def test_c8_the_next_slot_waits_until_the_claimed_one_is_settled(
    local: Engine, bench: Bench
) -> None:
    bench.add("s", cron="* * * * *", overlap="queue")
    _claimed_without_job(local, bench)
    bench.round(2 * MINUTE)
    assert bench.slots() == [timedelta(0)]
    bench.end_jobs(3 * MINUTE)
    bench.round(3 * MINUTE)
    assert bench.slots() == [timedelta(0), 3 * MINUTE]


def test_c8_a_slot_claimed_by_one_that_dies_meanwhile_is_not_lost(
    local: Engine, bench: Bench
) -> None:
    bench.add("s", cron="* * * * *")
    armed = [True]

    def claim_and_die(kind: str, what: str) -> None:
        if armed and "NOT IN" in what:
            armed.clear()
            _claimed_without_job(local, bench)

    assert Bench(TappedEngine(local, after=claim_and_die)).round(2 * MINUTE).jobs == ()
    assert bench.round(2 * MINUTE).finished == 1
    assert bench.slots() == [timedelta(0)]


def test_c8_a_claim_whose_reply_was_lost_is_looked_up(local: Engine, bench: Bench) -> None:
    bench.add("s")
    lost = OutcomeUnknownError("cut off")
    tapped = TappedEngine(local, after=once("execute", "dq_schedules", lost))
    assert len(Bench(tapped).round().jobs) == 1
    assert bench.slots() == [timedelta(0)]


def test_a_claim_that_meets_another_writer_is_repeated(local: Engine, bench: Bench) -> None:
    bench.add("s")
    conflict = WriteConflictError("others were first")
    tapped = TappedEngine(local, before=once("execute", "dq_schedules", conflict))
    assert len(Bench(tapped).round().jobs) == 1


# --- C9: overlap --------------------------------------------------------------------------------


def test_c9_skip_counts_the_slot_while_the_last_job_is_active(bench: Bench) -> None:
    bench.add("s", overlap="skip")
    bench.round()
    assert bench.round(HOUR).missed == 1
    assert (bench.slots(), bench.schedule().missed_count) == ([timedelta(0)], 1)
    assert bench.schedule().last_job_id == job_id_of("s", START)
    bench.end_jobs(90 * MINUTE)
    bench.round(2 * HOUR)
    assert bench.slots() == [timedelta(0), 2 * HOUR]


def test_c9_queue_waits_for_the_last_job_and_then_starts(bench: Bench) -> None:
    bench.add("s", overlap="queue", catch_up="skip")
    bench.round()
    assert (bench.round(HOUR).waiting, bench.round(100 * MINUTE).waiting) == (1, 1)
    assert bench.slots() == [timedelta(0)]
    bench.end_jobs(101 * MINUTE)
    # It waited, so it is not late, although it is due for 42 minutes.
    bench.round(102 * MINUTE)
    assert bench.slots() == [timedelta(0), HOUR]
    assert bench.schedule().missed_count == 0


def test_c9_allow_starts_beside_the_last_job(bench: Bench) -> None:
    bench.add("s", overlap="allow")
    bench.round()
    bench.round(HOUR)
    assert bench.slots() == [timedelta(0), HOUR]


def test_c9_missed_slots_that_are_made_up_for_follow_each_other(bench: Bench) -> None:
    bench.add("s", overlap="skip", catch_up="all")
    for hours in (3, 4, 5):
        report = bench.round(hours * HOUR - 20 * MINUTE)
        assert len(report.jobs) == 1
        bench.end_jobs(hours * HOUR - 10 * MINUTE)
    assert bench.slots() == [timedelta(0), HOUR, 2 * HOUR]
    assert bench.schedule().missed_count == 0


# --- C10: changed while it fires ----------------------------------------------------------------


@pytest.mark.parametrize(
    "values",
    [
        {"version": 2, "target_ref": "another"},
        {"version": 2, "is_enabled": False, "next_run_at": None},
        {"is_enabled": False},
        {"deleted_at": START},
        {"next_run_at": START + 2 * HOUR, "last_slot_at": START + HOUR},
    ],
)
def test_c10_a_schedule_that_changed_since_it_was_read_is_not_claimed(
    local: Engine, bench: Bench, values: dict[str, object]
) -> None:
    bench.add("s")
    table = bench.store.table(Schedule)
    armed = [True]

    def edit(kind: str, what: str) -> None:
        if armed and kind == "execute" and "MERGE INTO" in what:
            armed.clear()
            assert table.change(["s"], values)

    queued = Bench(TappedEngine(local, before=edit)).round().jobs
    stays_due = bench.store.table(Schedule).get("s") is not None and "target_ref" in values
    # An edit that leaves it due is read anew, in the next pass or round.
    assert [job.target_ref for job in queued] == []
    later = bench.round().jobs
    assert [job.target_ref for job in later] == (["another"] if stays_due else [])


# --- C11: many at once --------------------------------------------------------------------------


def test_c11_a_thousand_schedules_on_one_minute_are_claimed_in_a_few_commits(
    local: Engine, bench: Bench
) -> None:
    bench.add(*[f"s{n}" for n in range(1000)])
    tapped = TappedEngine(local)
    assert len(Bench(tapped).round().jobs) == 1000
    assert tapped.count("execute", "merge") == 2
    assert len({job.job_id for job in bench.jobs()}) == 1000


def test_c11_jitter_spreads_starts_the_same_way_each_time(bench: Bench) -> None:
    names = [f"s{n}" for n in range(60)]
    bench.add(*names, jitter_s=600)
    started = [len(bench.round(n * 150 * SECOND).jobs) for n in range(5)]
    assert sum(started) == 60
    assert max(started) < 30
    assert bench.slots() == [timedelta(0)] * 60
    assert {bench.schedule(name).missed_count for name in names} == {0}


# --- what else may happen -----------------------------------------------------------------------


def test_s16_a_clock_that_jumps_back_starts_nothing_twice(bench: Bench) -> None:
    bench.add("s", cron="* * * * *", overlap="allow")
    for minutes in (0, 1, 2, -120, 1, 2, 3):
        bench.round(minutes * MINUTE)
    assert bench.slots() == [n * MINUTE for n in range(4)]
    assert bench.schedule().missed_count == 0


def test_c5_slots_to_come_follow_the_zone_rules_of_now(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    cron = Cron.parse("0 12 * * *", "Europe/Berlin")
    bench.add("s", cron=cron.expression, timezone=cron.timezone, next_run_at=cron.after(START))
    bench.add("due", next_run_at=START - HOUR)
    assert bench.dispatcher.recompute(START) == 0
    moved = zones.zone_named("Asia/Tokyo")
    monkeypatch.setattr("dq_databricks.scheduling.cron.zone_named", lambda _: moved)
    assert bench.dispatcher.recompute(START) == 1
    assert bench.schedule().next_run_at == START + 3 * HOUR
    assert bench.schedule("due").next_run_at == START - HOUR
    assert bench.dispatcher.recompute(START) == 0


def test_a_schedule_that_cannot_be_read_stops_no_other(bench: Bench) -> None:
    bench.add("s", "t")
    assert bench.store.table(Schedule).change(["t"], {"timezone": "Mars/Olympus"})
    report = bench.round()
    assert [job.schedule_id for job in report.jobs] == ["s"]
    assert len(report.problems) == 1
    assert "schedule t" in report.problems[0]
    assert "Mars/Olympus" in report.problems[0]


# --- races --------------------------------------------------------------------------------------

TICKS, SCHEDULES, DISPATCHERS = 3, 6, 4


def test_c7_four_dispatchers_in_processes_start_each_slot_once(
    local: Engine, tmp_path: Path
) -> None:
    bench = Bench(local)
    bench.add(*[f"s{n}" for n in range(SCHEDULES)], cron="* * * * *", overlap="allow")
    context = multiprocessing.get_context("spawn")
    gate = context.Manager().Barrier(DISPATCHERS)
    opener = partial(local_engine.LocalEngine, tmp_path, durable=False)
    with ProcessPoolExecutor(DISPATCHERS, mp_context=context) as pool:
        work = [pool.submit(_dispatch_ticks, opener, gate) for _ in range(DISPATCHERS)]
        queued = Counter(job_id for done in work for job_id in done.result())
    jobs = bench.jobs()
    assert Counter(bench.slots()) == {n * MINUTE: SCHEDULES for n in range(TICKS)}
    assert len({(job.schedule_id, job.slot_at) for job in jobs}) == len(jobs)
    assert set(queued) == {job.job_id for job in jobs}
    assert set(queued.values()) == {1}
    assert {bench.schedule(f"s{n}").missed_count for n in range(SCHEDULES)} == {0}


def _dispatch_ticks(opener: Callable[[], Engine], gate: Barrier) -> list[str]:
    """Dispatch all ticks at the same time as the others; the jobs that were ours."""
    queued: list[str] = []
    with opener() as engine:
        for tick in range(TICKS):
            # Each has a clock of its own, a little off.
            at = START + tick * MINUTE + timedelta(microseconds=os.getpid())
            store = Store(engine, settings_for("s"), Context(now=partial(_same, at)))
            gate.wait()
            queued += [job.job_id for job in Dispatcher(store.schedules).round(at).jobs]
    return queued


def _same(at: datetime) -> datetime:
    return at
