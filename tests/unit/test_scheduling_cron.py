"""Cron expressions: what is refused, and when the others fire, against a minute-by-minute scan."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from dq_databricks.errors import CronError
from dq_databricks.scheduling.cron import Cron
from tests.support.cron_scan import Scan, an_expression, clock


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def fires(expression: str, zone: str, start: str, count: int) -> list[str]:
    found = Cron.parse(expression, zone).upcoming(at(start), count)
    return [f"{slot:%Y-%m-%d %H:%M}" for slot in found]


@pytest.mark.parametrize(
    "expression",
    ["0 0 31 2 *", "0 0 30 2 *", "0 0 30-31 2 *", "0 0 31 4,6,9,11 *", "0 0 31 FEB,JUN *"],
)
def test_c1_a_date_that_never_comes_is_refused(expression: str) -> None:
    with pytest.raises(CronError, match=r"never fires.*correct the day of month"):
        Cron.parse(expression)


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ("60 * * * *", "minute '60'"),
        ("* 24 * * *", "hour '24'"),
        ("0 0 0 * *", "day of month '0'"),
        ("0 0 * 13 *", "month '13'"),
        ("0 0 * * 8", "day of week '8'"),
        ("*/0 * * * *", "step 0"),
        ("*/60 * * * *", "step 60"),
        ("5-1 * * * *", "backwards from 5 to 1"),
        ("0 0 * * FRI-MON", "backwards from 5 to 1"),
        ("* * * * * *", "6 fields"),
        ("* * * *", "4 fields"),
        ("", "0 fields"),
        ("@daily", "1 fields"),
        ("R * * * *", "'R'"),
        ("R(0-59) * * * *", "minute"),
        ("H * * * *", "'H'"),
        ("? * * * *", "minute"),
        ("٣ * * * *", "ASCII"),
        ("１ * * * *", "ASCII"),
        ("1,,2 * * * *", "minute ''"),
        ("-1 * * * *", "minute '-1'"),
        ("1.5 * * * *", "minute '1.5'"),
        ("0 0 L-3 * *", "'L'"),
        ("L * * * *", "'L'"),
        ("0 0 15W * *", "'15W'"),
        ("0 0 * * L5", "'L5'"),
        ("0 0 * * MON#6", "first"),
        ("0 0 * * MON#1,WED", "mix"),
        ("0 0 * MAI *", "'MAI'"),
        ("0," * 200 + "0 * * * *", "characters"),
    ],
)
def test_c2_what_has_no_single_meaning_is_refused(expression: str, names: str) -> None:
    with pytest.raises(CronError, match="cron") as refused:
        Cron.parse(expression)
    assert names in str(refused.value)
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize(
    ("zone", "hint"),
    [
        ("Europe/Berln", "did you mean 'Europe/Berlin'"),
        ("Berlin", "did you mean 'Europe/Berlin'"),
        ("New York", "did you mean 'America/New_York'"),
        ("../../etc/passwd", "IANA name such as"),
        ("", "IANA name such as"),
    ],
)
def test_an_unknown_zone_is_refused_with_near_names(zone: str, hint: str) -> None:
    with pytest.raises(CronError, match="is unknown") as refused:
        Cron.parse("0 0 * * *", zone)
    assert hint in str(refused.value)


@pytest.mark.parametrize(
    ("expression", "same"),
    [
        ("33 4-4 * * *", "33 4 * * *"),
        ("5-5/2 * * * *", "5 * * * *"),
        ("0 0 15-15/2 * *", "0 0 15 * *"),
        ("59/5 * * * *", "59 * * * *"),
        ("50/4 * * * *", "50,54,58 * * * *"),
        ("0 0 * * 7", "0 0 * * SUN"),
        ("0 0 * * 6-7", "0 0 * * SAT,SUN"),
        ("0 0 * * sat-sun", "0 0 * * 6,0"),
        ("0 0 * * 6/2", "0 0 * * SAT"),
        ("0 0 * jan-mar mon", "0 0 * 1,2,3 1"),
        ("0 0 1-31 * MON", "0 0 * * MON"),
        ("  0\t0  *  * * ", "0 0 * * *"),
    ],
)
def test_c2_two_ways_to_say_the_same(expression: str, same: str) -> None:
    start = at("2024-02-27")
    found = Cron.parse(expression).upcoming(start, 40)
    assert found == Cron.parse(same).upcoming(start, 40)


def test_c2_an_equal_ended_range_means_exactly_that_hour() -> None:
    assert fires("33 4-4 * * *", "UTC", "2024-01-01", 2) == ["2024-01-01 04:33", "2024-01-02 04:33"]


def test_the_last_day_and_counted_weekdays() -> None:
    assert fires("0 6 L * *", "UTC", "2024-01-15", 3) == [
        "2024-01-31 06:00",
        "2024-02-29 06:00",
        "2024-03-31 06:00",
    ]
    assert fires("0 6 * * MON#1,FRI#3", "UTC", "2024-01-01", 3) == [
        "2024-01-01 06:00",
        "2024-01-19 06:00",
        "2024-02-05 06:00",
    ]
    # A fifth Friday of February: once in 28 years, twelve around 2100.
    assert fires("0 0 * 2 FRI#5", "UTC", "2064-03-01", 2) == [
        "2092-02-29 00:00",
        "2104-02-29 00:00",
    ]


def test_days_of_both_kinds_either_will_do() -> None:
    assert fires("0 0 13 * FRI", "UTC", "2024-09-10", 3) == [
        "2024-09-13 00:00",
        "2024-09-20 00:00",
        "2024-09-27 00:00",
    ]


def test_c3_a_fixed_time_in_the_gap_fires_once_right_after_the_jump() -> None:
    # Clocks go from 02:00 to 03:00 on 2024-03-31, 01:00 UTC.
    assert fires("30 2 * * *", "Europe/Berlin", "2024-03-30 12:00", 2) == [
        "2024-03-31 01:00",
        "2024-04-01 00:30",
    ]
    assert fires("0,15,30 2,3 * * *", "Europe/Berlin", "2024-03-31", 4) == [
        "2024-03-31 01:00",
        "2024-03-31 01:15",
        "2024-03-31 01:30",
        "2024-04-01 00:00",
    ]
    assert fires("*/30 2 * * *", "Europe/Berlin", "2024-03-30 12:00", 1) == ["2024-04-01 00:00"]


def test_c4_a_fixed_time_in_the_overlap_fires_once_an_interval_at_every_real_instant() -> None:
    # Clocks go from 03:00 back to 02:00 on 2024-10-27, 01:00 UTC.
    assert fires("30 2 * * *", "Europe/Berlin", "2024-10-26 12:00", 2) == [
        "2024-10-27 00:30",
        "2024-10-28 01:30",
    ]
    assert fires("*/30 2 * * *", "Europe/Berlin", "2024-10-26 12:00", 4) == [
        "2024-10-27 00:00",
        "2024-10-27 00:30",
        "2024-10-27 01:00",
        "2024-10-27 01:30",
    ]
    assert fires("0 * * * *", "Europe/Berlin", "2024-10-26 23:30", 3) == [
        "2024-10-27 00:00",
        "2024-10-27 01:00",
        "2024-10-27 02:00",
    ]


def test_c5_half_hour_and_midnight_shifts() -> None:
    # Lord Howe: 02:00 to 02:30 on 2024-10-06, 15:30 UTC the day before.
    assert fires("15 2 * * *", "Australia/Lord_Howe", "2024-10-05", 2) == [
        "2024-10-05 15:30",
        "2024-10-06 15:15",
    ]
    # Beirut: midnight to 01:00 on 2024-03-31.
    assert fires("0 0 * * *", "Asia/Beirut", "2024-03-30 12:00", 2) == [
        "2024-03-30 22:00",
        "2024-03-31 21:00",
    ]
    # Apia left out the whole of 2011-12-30.
    assert fires("0 12 30 12 *", "Pacific/Apia", "2011-12-01", 2) == [
        "2011-12-30 10:00",
        "2012-12-29 22:00",
    ]


# One stretch around each shift: ordinary, half an hour, at midnight, around Ramadan, repealed.
SHIFTS = [
    ("Europe/Berlin", "2024-03-31"),
    ("Europe/Berlin", "2024-10-27"),
    ("America/New_York", "2025-03-09"),
    ("America/New_York", "2025-11-02"),
    ("Australia/Lord_Howe", "2024-04-06"),
    ("Australia/Lord_Howe", "2024-10-05"),
    ("Asia/Beirut", "2026-03-28"),
    ("Asia/Beirut", "2026-10-24"),
    ("Africa/Casablanca", "2025-02-23"),
    ("Africa/Casablanca", "2025-04-06"),
    ("America/Sao_Paulo", "2018-11-04"),
    ("America/Sao_Paulo", "2019-02-17"),
    ("Africa/Cairo", "2024-10-31"),
    ("America/St_Johns", "2010-03-14"),
    ("America/St_Johns", "2010-11-07"),
    ("Antarctica/Troll", "2024-03-31"),
    ("Pacific/Apia", "2011-12-30"),
    ("Asia/Kolkata", "2024-03-01"),
    ("UTC", "2024-02-29"),
]


@pytest.mark.parametrize(("zone", "day"), SHIFTS)
def test_c5_it_fires_as_a_look_at_every_minute_says(zone: str, day: str) -> None:
    rolls = random.Random(f"{zone} {day}")
    walls = clock(zone, at(day) - timedelta(days=2), 5)
    first, last = walls[0][0], walls[-1][0]
    for _ in range(15):
        expression = an_expression(rolls)
        expected = Scan(expression).fires(walls)
        cron = Cron.parse(expression, zone)
        # The scan has not seen what a shift right before its first minute left out.
        start = first + timedelta(days=1)
        found = list(cron.within(start, last, 10_000))
        assert found == [slot for slot in expected if slot > start], expression
        assert Cron.parse(cron.expression, cron.timezone) == cron
        assert cron.latest(start, last) == (found[-1] if found else None), expression


def test_it_never_fires_before_now_nor_twice() -> None:
    rolls = random.Random(7)
    for _ in range(200):
        zone, _day = rolls.choice(SHIFTS)
        cron = Cron.parse(an_expression(rolls, days=True), zone)
        now = at("2024-01-01") + timedelta(seconds=rolls.randrange(16 * 365 * 86_400))
        found = cron.upcoming(now, 5)
        assert all(now < found[0] for _ in found[:1])
        assert all(a < b for a, b in pairwise(found)), cron
        assert all(slot.second == slot.microsecond == 0 for slot in found)
        assert cron.after(found[0] - timedelta(microseconds=1)) == found[0]


def test_the_calendar_ends() -> None:
    assert Cron.parse("0 0 * * *").after(datetime(9999, 12, 31, 12, tzinfo=UTC)) is None
