"""Batches: bounded, by key, resumable after a kill, complete whatever others add meanwhile."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest

from dq_databricks.engine.protocol import Engine
from dq_databricks.errors import MigrationError, OutcomeUnknownError, WriteConflictError
from dq_databricks.lifecycle.migrations.batches import Batch, BatchReport, run_batches
from dq_databricks.sql.relation import TableRelation
from dq_databricks.sql.split import ScriptStatement, split_statements
from tests.support.contract import arrow, create, named, rows, run
from tests.support.store import TappedEngine, once

SPARK_SAMPLE = {
    "test_m2_killed_between_batches_the_next_run_goes_on",
}
FILL = (
    "-- batch: key=id size=1000\nUPDATE main.s.big SET n = coalesce(length(id), 0) WHERE n IS NULL"
)


class Killed(BaseException):
    """What a process does not survive."""


def statement(text: str) -> ScriptStatement:
    return split_statements(text)[0]


def big(engine: Engine, ids: Sequence[str | None]) -> None:
    name = create(engine, "big", "id STRING, n BIGINT")
    add(engine, ids)
    assert name == named("big")


def add(engine: Engine, ids: Sequence[str | None]) -> None:
    engine.append(named("big"), arrow([("id", pa.string())], *[(one,) for one in ids]))


def ids(count: int, start: int = 0) -> list[str]:
    return [f"k{number:06d}" for number in range(start, start + count)]


def fill(engine: Engine, text: str = FILL, **more: object) -> tuple[BatchReport, list[Batch]]:
    seen: list[Batch] = []
    report = run_batches(engine, statement(text), on_batch=seen.append, **more)
    return report, seen


def left(engine: Engine) -> int:
    found = rows(engine, "SELECT count(*) FROM main.s.big WHERE n IS NULL")[0][0]
    assert isinstance(found, int)
    return found


def version(engine: Engine) -> int:
    found = engine.inspect(TableRelation(named("big"))).version
    assert found is not None
    return found


def test_a_large_table_is_worked_through_in_batches(engine: Engine) -> None:
    big(engine, ids(2500))
    before = version(engine)
    kept: list[int] = []
    told: list[tuple[str, int, int]] = []

    report, seen = fill(
        engine, keep=lambda: kept.append(1), progress=lambda *step: told.append(step)
    )

    assert [(b.number, json.loads(b.key), b.rows) for b in seen] == [
        (1, ["k000999"], 1000),
        (2, ["k001999"], 1000),
        (3, ["k002499"], 500),
    ]
    assert report == BatchReport(3, 2500, 2500, 2500, 2500)
    assert told[-1] == ("UPDATE big", 2500, 2500)
    assert (len(kept), left(engine), version(engine) - before) == (3, 0, 3)
    tapped = TappedEngine(engine)
    again, none = fill(tapped)
    assert (again, none) == (BatchReport(0, 0, 0, 2500, 2500), [])
    assert tapped.count("execute") == 0


def test_m2_killed_between_batches_the_next_run_goes_on(engine: Engine) -> None:
    big(engine, ids(2500))
    journal: list[Batch] = []

    def journaled(batch: Batch) -> None:
        journal.append(batch)
        if batch.number == 1:
            raise Killed

    with pytest.raises(Killed):
        run_batches(engine, statement(FILL), on_batch=journaled)
    assert left(engine) == 1500
    tapped = TappedEngine(engine)
    report, seen = fill(tapped, after=journal[-1].key, first=2)
    assert [(b.number, b.rows) for b in seen] == [(2, 1000), (3, 500)]
    assert (report.due, report.changed, left(engine)) == (1500, 1500, 0)
    assert tapped.count("execute") == 2


def test_m3_killed_after_a_batch_and_before_its_note(engine: Engine) -> None:
    big(engine, ids(25))
    text = FILL.replace("1000", "10")
    tapped = TappedEngine(engine, after=once("execute", "UPDATE", Killed()))
    with pytest.raises(Killed):
        fill(tapped, text)
    assert left(engine) == 15
    assert [batch.rows for batch in fill(engine, text)[1]] == [10, 5]


def test_rows_added_below_the_last_key_are_swept_up(engine: Engine) -> None:
    big(engine, ids(25, start=100))
    added = [ids(3), ids(2, start=50)]

    def others_add(kind: str, what: str) -> None:
        if kind == "execute" and ":dq_after_0" in what and added:
            add(engine, added.pop())

    report, seen = fill(TappedEngine(engine, after=others_add), FILL.replace("1000", "10"))
    assert [batch.rows for batch in seen] == [10, 10, 5, 5]
    assert report == BatchReport(4, 25, 30, 25, 30)
    assert left(engine) == 0


def test_a_journal_of_another_key_costs_time_and_loses_nothing(engine: Engine) -> None:
    big(engine, ids(25))
    for after in ('["k000019"]', "[null]", "["):
        run(engine, "UPDATE main.s.big SET n = NULL WHERE n IS NOT NULL")
        report, _ = fill(engine, FILL.replace("1000", "20"), after=after)
        assert (report.changed, left(engine)) == (25, 0)


def test_deletes_take_exactly_what_they_say(engine: Engine) -> None:
    big(engine, ids(25))
    run(engine, "UPDATE main.s.big SET n = 1 WHERE id < 'k000005'")
    text = (
        "-- batch: key=id size=8\nDELETE FROM main.s.big AS b WHERE b.n IS NULL OR b.n > 1 -- old"
    )
    report, seen = fill(engine, text)
    assert [batch.rows for batch in seen] == [8, 8, 4]
    assert report == BatchReport(3, 20, 20, 25, 5)
    assert rows(engine, "SELECT count(*), sum(n) FROM main.s.big") == [(5, 5)]


def test_keys_of_several_columns_and_types(engine: Engine) -> None:
    name = create(engine, "wide", "day DATE, at TIMESTAMP, `a-b` DECIMAL(9,2), done BOOLEAN")
    at = datetime(2024, 1, 1, 12, 30, 0, 123456, tzinfo=UTC)
    values = [
        (date(2024, 1, 1 + number % 3), at.replace(minute=number % 4), Decimal(number) / 4)
        for number in range(23)
    ]
    kinds = [("day", pa.date32()), ("at", pa.timestamp("us", "UTC")), ("a-b", pa.decimal128(9, 2))]
    engine.append(name, arrow(kinds, *values))
    text = (
        "-- batch: key=day, at, `a-b` size=5\n"
        f"UPDATE {name.sql} SET done = true WHERE done IS NULL OR (done = false)"
    )
    report, seen = fill(engine, text)
    assert [batch.rows for batch in seen] == [5, 5, 5, 5, 3]
    ordered = sorted(values)
    assert json.loads(seen[1].key) == [
        str(ordered[9][0]), ordered[9][1].isoformat(), f"{ordered[9][2]:.2f}"
    ]  # fmt: skip
    assert (report.changed, report.rows_after) == (23, 23)
    run(engine, f"UPDATE {name.sql} SET done = false WHERE done")
    report, resumed = fill(engine, text, after=seen[2].key)
    assert [batch.rows for batch in resumed] == [5, 3, 5, 5, 5]
    assert rows(engine, f"SELECT count(*) FROM {name.sql} WHERE done") == [(23,)]


def test_equal_keys_stay_in_one_batch(engine: Engine) -> None:
    big(engine, ["a"] * 7 + ["b"] * 2 + ["c"])
    _, seen = fill(engine, FILL.replace("1000", "5"))
    assert [(json.loads(batch.key), batch.rows) for batch in seen] == [(["a"], 7), (["c"], 3)]


def test_rows_without_a_key_are_the_last_batch(engine: Engine) -> None:
    big(engine, [*ids(5), None, None])
    report, seen = fill(engine, FILL.replace("1000", "3"))
    assert [(json.loads(batch.key), batch.rows) for batch in seen] == [
        (["k000002"], 3),
        (["k000004"], 2),
        ([None], 2),
    ]
    assert (report.changed, left(engine)) == (7, 0)
    add(engine, [None] * 4)
    tapped = TappedEngine(engine)
    with pytest.raises(MigrationError, match=r"4 rows .* no value in id.* may have 3 rows"):
        fill(tapped, FILL.replace("1000", "3"))
    assert tapped.count("execute") == 0


def test_a_condition_that_never_ends_is_found_at_the_first_batch(engine: Engine) -> None:
    big(engine, ids(25))
    for change in ("n = NULL WHERE n IS NULL", "n = length(id) WHERE n IS NULL OR n > 0"):
        tapped = TappedEngine(engine)
        with pytest.raises(MigrationError) as caught:
            fill(tapped, f"-- batch: key=id size=10\nUPDATE main.s.big SET {change}")
        assert "10 of 10 rows still meet the condition" in str(caught.value)
        assert "25 rows met it before, 25 meet it now" in str(caught.value)
        assert tapped.count("execute") == 1


def test_some_rows_that_never_end_are_found_and_counted(engine: Engine) -> None:
    big(engine, [*ids(9), "x"])
    text = (
        "-- batch: key=id size=20\nUPDATE main.s.big SET n = nullif(length(id), 1) WHERE n IS NULL"
    )
    with pytest.raises(MigrationError, match=r"1 of 1 rows .*10 rows met it before, 1 meet it now"):
        fill(engine, text)


def test_rows_that_vanish_are_reported_with_their_counts(engine: Engine) -> None:
    big(engine, ids(25))

    def others_remove(kind: str, what: str) -> None:
        if kind == "execute":
            run(engine, "DELETE FROM main.s.big WHERE n IS NOT NULL")

    with pytest.raises(MigrationError, match=r"had 25 rows before and has 0 now"):
        fill(TappedEngine(engine, after=others_remove), FILL.replace("1000", "10"))


def test_conflicts_and_lost_replies_are_repeated(engine: Engine) -> None:
    big(engine, ids(25))
    conflict = once("execute", "UPDATE", WriteConflictError("another writer"))
    lost = once("execute", ":dq_after_0", OutcomeUnknownError("connection broke"))
    report, seen = fill(
        TappedEngine(engine, before=conflict, after=lost), FILL.replace("1000", "10")
    )
    assert [batch.rows for batch in seen] == [10, 10, 5]
    assert (report.changed, left(engine)) == (25, 0)


REFUSED = [
    ("SET n = 1", "UPDATE or DELETE with a WHERE"),
    ("SET n = (SELECT 1 FROM main.s.big WHERE n > 1)", "UPDATE or DELETE with a WHERE"),
    ("SET N = 1 WHERE n IS NULL", "changes n, the key"),
    ("SET f = 1 WHERE f IS NULL", "a key column stands twice"),
    ("SET n = 1 WHERE n IS NULL", "no column no .* it has id, n, f"),
    ("SET n = 1 WHERE n IS NULL", "f is DOUBLE; batches need"),
]


def test_what_cannot_be_cut_is_refused_before_anything_runs(engine: Engine) -> None:
    create(engine, "big", "id STRING, n BIGINT, f DOUBLE")
    tapped = TappedEngine(engine)
    keys = ("id", "id", "n", "n, N", "no", "f")
    for key, (change, message) in zip(keys, REFUSED, strict=True):
        with pytest.raises(MigrationError, match=message):
            fill(tapped, f"-- batch: key={key} size=5\nUPDATE main.s.big {change}")
    with pytest.raises(MigrationError, match="UPDATE or DELETE with a WHERE"):
        fill(tapped, "-- batch: key=id size=5\nINSERT INTO main.s.big VALUES ('a', 1, 1)")
    with pytest.raises(MigrationError, match="no '-- batch:' mark"):
        fill(tapped, "DELETE FROM main.s.big WHERE n = 1")
    assert tapped.count("execute") == 0
