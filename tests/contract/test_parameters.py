"""What is bound arrives as the same value on every engine."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from dq_databricks.engine.protocol import Engine
from dq_databricks.errors import EngineError
from dq_databricks.sql.statement import Statement
from tests.support.contract import rows, run

HOSTILE = "it's; DROP TABLE x -- \"`\\ :s {0} %s 🐘\n\ttab"


def test_each_type_of_parameter_arrives_unchanged(engine: Engine) -> None:
    moment = datetime(2026, 3, 29, 1, 59, 59, 123456, tzinfo=UTC)
    values = {
        "s": HOSTILE,
        "empty": "",
        "i": 7,
        "big": 2**62,
        "negative": -(2**40),
        "f": 0.1,
        "yes": True,
        "no": False,
        "d": date(1, 1, 1),
        "last": date(9999, 12, 31),
        "ts": moment,
        "bin": b"\x00\xff'",
        "nothing": None,
        "l": ["a", HOSTILE, ""],
    }
    text = ", ".join(f":{name} AS {name}" for name in values)
    answer = engine.query(Statement(f"SELECT {text}", values)).to_pylist()
    assert answer == [values]


def test_decimal_parameter_keeps_every_digit(engine: Engine) -> None:
    value = Decimal("12345678901234567890.123456789012345678")
    assert rows(engine, "SELECT CAST(:v AS DECIMAL(38,18)) AS v", v=value) == [(value,)]


def test_zoned_datetime_is_the_same_instant(engine: Engine) -> None:
    berlin = datetime(2026, 1, 1, 1, 0, tzinfo=timezone(timedelta(hours=1)))
    answer = rows(engine, "SELECT :t AS t, :t = TIMESTAMP'2026-01-01 00:00:00Z' AS same", t=berlin)
    assert answer == [(datetime(2026, 1, 1, tzinfo=UTC), True)]


def test_parameters_stand_in_predicates_limits_and_lists(engine: Engine) -> None:
    text = """
        SELECT x, x = :k AS hit
        FROM (SELECT explode(:keys) AS x)
        WHERE array_contains(:wanted, x)
        ORDER BY x
        LIMIT :n
    """
    answer = rows(engine, text, keys=["c", "b", "a", "d"], wanted=["a", "c", "d"], k="c", n=2)
    assert answer == [("a", False), ("c", True)]


def test_one_parameter_may_stand_often_and_another_not_at_all(engine: Engine) -> None:
    assert rows(engine, "SELECT :a AS x, :a AS y", a=1, unused="z") == [(1, 1)]


def test_missing_parameter_is_an_error(engine: Engine) -> None:
    with pytest.raises(EngineError, match="nowhere"):
        rows(engine, "SELECT :nowhere AS x")


def test_parameters_in_writes(engine: Engine) -> None:
    run(engine, "CREATE TABLE main.s.p (id BIGINT, s STRING, ts TIMESTAMP, d DATE) USING DELTA")
    moment = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
    run(
        engine,
        "INSERT INTO main.s.p (id, s, ts, d)"
        " VALUES (:id, :s, :ts, :d), (:id + 1, NULL, NULL, NULL)",
        id=1,
        s=HOSTILE,
        ts=moment,
        d=date(2026, 1, 2),
    )
    assert run(engine, "UPDATE main.s.p SET s = :new WHERE s = :old", new="n'", old=HOSTILE) == 1
    assert run(engine, "DELETE FROM main.s.p WHERE s IS NULL AND id = :id", id=2) == 1
    assert rows(engine, "SELECT id, s, ts, d FROM main.s.p") == [
        (1, "n'", moment, date(2026, 1, 2))
    ]
