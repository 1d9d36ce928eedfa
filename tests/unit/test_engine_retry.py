"""Retries: conflicts only, read again each time, full jitter, under a deadline."""

from __future__ import annotations

import pytest

from dq_databricks.engine.retry import longest_pause_s, retrying
from dq_databricks.errors import SchemaMismatchError, WriteConflictError


class Clock:
    """A clock that sleeping moves."""

    def __init__(self) -> None:
        self.now = 0.0
        self.pauses: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


def losing(times: int) -> list[Exception]:
    return [WriteConflictError("lost")] * times


def action(outcomes: list[Exception]) -> object:
    if outcomes:
        raise outcomes.pop()
    return "done"


def test_an_action_is_repeated_until_it_wins() -> None:
    clock, outcomes = Clock(), losing(8)
    done = retrying(
        lambda: action(outcomes), deadline_s=60, clock=clock, sleep=clock.sleep, draw=lambda: 1.0
    )
    assert done == "done"
    assert clock.pauses == [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.5, 0.5]


def test_pauses_are_drawn_from_nothing_to_the_longest() -> None:
    clock, outcomes = Clock(), losing(2)
    draws = iter([0.0, 0.5])
    retrying(
        lambda: action(outcomes),
        deadline_s=60,
        clock=clock,
        sleep=clock.sleep,
        draw=lambda: next(draws),
    )
    assert clock.pauses == [0.0, 0.01]
    assert longest_pause_s(10_000) == 0.5


def test_the_deadline_ends_it_with_the_last_conflict() -> None:
    clock, outcomes = Clock(), losing(1000)
    with pytest.raises(WriteConflictError):
        retrying(
            lambda: action(outcomes), deadline_s=5, clock=clock, sleep=clock.sleep, draw=lambda: 1.0
        )
    assert clock.now < 5
    assert len(outcomes) > 900


def test_nothing_else_is_repeated() -> None:
    clock, outcomes = Clock(), [*losing(1), SchemaMismatchError("never fits")]
    with pytest.raises(SchemaMismatchError):
        retrying(lambda: action(outcomes), deadline_s=60, clock=clock, sleep=clock.sleep)
    assert (len(outcomes), clock.pauses) == (1, [])
