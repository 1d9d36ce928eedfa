"""What a failure costs: its own measure, and no more statements than halving needs."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable

import pyarrow as pa
import pytest

from dq_databricks.engine.recording import RecordingEngine
from dq_databricks.errors import (
    CancelledError,
    DamagedTableError,
    EngineError,
    EngineUnavailableError,
    ExpressionError,
    PermissionDeniedError,
    StatementTimeoutError,
    TableNotFoundError,
)
from dq_databricks.planning.measure import Measure
from dq_databricks.planning.plan import PlannedStatement, ScanPlan
from dq_databricks.planning.planner import make_plan
from dq_databricks.running.execute import execute
from dq_databricks.sql.statement import Statement
from tests.support.planned import facts, group, query, scan, snapshot

COLUMNS = [f"c{i}" for i in range(10)]
BAD = "CAST(`c3` AS INT)"


def _fifty() -> list[Measure]:
    return [scan(f"{c}.{i}", f"max(`{c}` + {i})", c) for i in range(5) for c in COLUMNS]


def _plan(measures: list[Measure], **limits: int) -> ScanPlan:
    return make_plan(snapshot(*COLUMNS, row_count=1), measures, facts(**limits))


def _ones(statement: Statement) -> pa.Table:
    aliases = re.findall(r" AS (m\d+)", statement.text) or ["first"]
    return pa.table({alias: [1] for alias in aliases})


def _scripted(answer: Callable[[Statement], pa.Table], **limits: int) -> RecordingEngine:
    return RecordingEngine(answer, facts=facts(**limits))


def _failing_on(text: str, error: EngineError) -> RecordingEngine:
    def answer(statement: Statement) -> pa.Table:
        if text in statement.text:
            raise error
        return _ones(statement)

    return _scripted(answer)


def test_one_bad_expression_among_fifty_is_found_by_halving() -> None:
    engine = _failing_on(BAD, ExpressionError("CAST_INVALID_INPUT: 'x' is no INT"))
    bad = scan("bad", f"max({BAD})", "c3")
    answers = execute(_plan([*_fifty()[:25], bad, *_fifty()[25:]]), engine)
    assert [key for key, found in answers.items() if found.error] == ["bad"]
    assert answers["bad"].error == "CAST_INVALID_INPUT: 'x' is no INT"
    assert answers["bad"].statement is not None
    assert answers["bad"].statement.text.count(" AS m") == 1
    assert all(found.value == 1 for key, found in answers.items() if key != "bad")
    assert len(engine.calls.queries) <= 1 + 2 * 6


def test_a_bad_expression_hits_all_who_ask_for_it_and_nobody_else() -> None:
    engine = _failing_on(BAD, ExpressionError("no"))
    measures = [scan("x", f"max({BAD})", "c3"), *_fifty(), scan("y", f"max({BAD})", "c3")]
    answers = execute(_plan(measures), engine)
    assert {key for key, found in answers.items() if found.error} == {"x", "y"}


def test_two_bad_expressions_are_both_found() -> None:
    engine = _failing_on("bad", ExpressionError("no"))
    measures = [scan("x", "max(bad1)", "c1"), *_fifty(), scan("y", "max(bad2)", "c8")]
    answers = execute(_plan(measures), engine)
    assert {key for key, found in answers.items() if found.error} == {"x", "y"}
    assert len(engine.calls.queries) <= 1 + 4 * 6


def test_halving_reads_each_column_at_most_once_a_level() -> None:
    engine = _failing_on(BAD, ExpressionError("no"))
    execute(_plan([*_fifty(), scan("bad", f"max({BAD})", "c3")]), engine)
    halves = [set(re.findall(r"`(c\d)`", s.text)) for s in engine.calls.queries[1:3]]
    assert halves[0].isdisjoint(halves[1])


def test_a_bad_expression_over_groups_is_found_too() -> None:
    engine = _failing_on("bad", ExpressionError("no"))
    measures = [group(f"g{i}", f"max(group_rows + {i})", "c1") for i in range(4)]
    answers = execute(_plan([*measures, group("x", "max(bad)", "c1")]), engine)
    assert {key for key, found in answers.items() if found.error} == {"x"}
    assert answers["g0"].source == "group"


@pytest.mark.parametrize(
    "error",
    [
        TableNotFoundError("no table"),
        PermissionDeniedError("no right"),
        EngineUnavailableError("stopped"),
        CancelledError("cancelled"),
        StatementTimeoutError("after 5 s"),
        DamagedTableError("truncated"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_hits_the_whole_statement_is_not_halved(error: EngineError) -> None:
    engine = _failing_on("`c0`", error)
    measures = [*_fifty(), query("q", "SELECT 1")]
    answers = execute(_plan(measures, max_aggregates=25), engine)
    failed = {key for key, found in answers.items() if found.error}
    assert failed == {measure.key for measure in _fifty() if measure.key[1] in "01234"}
    assert len(engine.calls.queries) == 3


def test_a_timeout_is_named() -> None:
    engine = _failing_on("c0", StatementTimeoutError("cancelled after 5 s"))
    answers = execute(_plan([scan("x", "max(`c0`)", "c0")]), engine)
    assert answers["x"].error == "timeout: cancelled after 5 s"


def test_an_unclassified_failure_is_halved() -> None:
    engine = _failing_on("bad", EngineError("INTERNAL"))
    answers = execute(_plan([*_fifty(), scan("x", "max(bad)", "c1")]), engine)
    assert [key for key, found in answers.items() if found.error] == ["x"]


def test_when_everything_fails_every_key_says_so() -> None:
    engine = _failing_on("SELECT", ExpressionError("no"))
    answers = execute(_plan(_fifty()), engine)
    assert all(found.error == "no" for found in answers.values() if found.source == "scan")
    assert len(engine.calls.queries) == 2 * 50 - 1


def test_queries_give_their_first_cell_or_all_rows() -> None:
    table = pa.table({"n": [5, 6], "s": ["a", None]})
    engine = _scripted(lambda _: table)
    measures = [query("value", "SELECT n, s"), query("rows", "SELECT n, s", returns_rows=True)]
    answers = execute(_plan(measures), engine)
    assert answers["value"].value == 5
    assert answers["rows"].rows == ({"n": 5, "s": "a"}, {"n": 6, "s": None})
    assert len(engine.calls.queries) == 1


def test_a_query_without_rows_has_no_value() -> None:
    engine = _scripted(lambda _: pa.table({"n": pa.array([], pa.int64())}))
    assert execute(_plan([query("q", "SELECT 1")]), engine)["q"].value is None


def test_a_value_python_cannot_hold_is_an_error_of_its_measure_alone() -> None:
    far = pa.array([2**31 - 1], pa.int32()).cast(pa.date32())
    engine = _scripted(lambda _: pa.table({"m0": far, "m1": [1]}))
    measures = [scan("far", "max(`c0`)", "c0"), scan("near", "max(`c1`)", "c1")]
    answers = execute(_plan(measures), engine)
    assert "cannot be held" in (answers["far"].error or "")
    assert answers["near"].value == 1


def test_statements_carry_the_tags_of_the_run() -> None:
    engine = _scripted(_ones)
    execute(_plan(_fifty()), engine, tags={"dq_run_id": "r1"})
    assert engine.calls.queries[0].tags == {"dq_run_id": "r1"}


def test_independent_statements_run_side_by_side() -> None:
    both_are_running = threading.Barrier(2, timeout=20)

    def answer(statement: Statement) -> pa.Table:
        both_are_running.wait()
        return _ones(statement)

    engine = _scripted(answer, parallel_statements=2)
    measures = [scan("a", "max(`c0`)", "c0"), query("q", "SELECT 1")]
    answers = execute(_plan(measures), engine)
    assert not any(found.error for found in answers.values())


def test_progress_counts_planned_statements_once_each() -> None:
    engine = _failing_on(BAD, ExpressionError("no"))
    seen: list[PlannedStatement] = []
    plan = _plan([*_fifty(), scan("bad", f"max({BAD})", "c3"), query("q", "SELECT 1")])
    execute(plan, engine, on_statement=seen.append)
    assert sorted(planned.kind for planned in seen) == ["query", "scan"]


def test_an_interruption_cancels_what_runs() -> None:
    class Cancelled(RecordingEngine):
        cancelled = False

        def cancel(self) -> None:
            self.cancelled = True

    def interrupt(_: PlannedStatement) -> None:
        raise KeyboardInterrupt

    engine = Cancelled(_ones)
    with pytest.raises(KeyboardInterrupt):
        execute(_plan(_fifty()), engine, on_statement=interrupt)
    assert engine.cancelled
