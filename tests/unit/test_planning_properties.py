from __future__ import annotations

from collections import Counter
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from dq_databricks.engine.protocol import EngineFacts
from dq_databricks.planning.assemble import halved
from dq_databricks.planning.measure import Measure, MeasureKind
from dq_databricks.planning.plan import PlannedStatement
from dq_databricks.planning.planner import ROW_COUNT_KEY, make_plan
from tests.support.planned import answered_keys, facts, group, query, scan, snapshot

COLUMNS = "abcdefgh"
_SMALL = settings(max_examples=60, derandomize=True, deadline=None)


@st.composite
def measures(draw: st.DrawFn) -> list[Measure]:
    return [draw(_measure(f"k{i}")) for i in range(draw(st.integers(1, 30)))]


@st.composite
def _measure(draw: st.DrawFn, key: str) -> Measure:
    kind = draw(st.sampled_from(["scan"] * 6 + ["object", "rider", "group", "query"]))
    columns = draw(st.lists(st.sampled_from(COLUMNS), min_size=1, max_size=2, unique=True))
    number = draw(st.integers(0, 3))
    named = "+".join(f"`{column}`" for column in columns)
    if kind == "group":
        return group(key, "count_if(group_rows > :n)", *columns, n=number)
    if kind == "query":
        return query(key, f"SELECT {number}", *columns, returns_rows=draw(st.booleans()))
    if kind == "rider":
        return scan(key, "count(*) + :n", n=number)
    return scan(key, f"max({named} + :n)", *columns, is_object=kind == "object", n=number)


limits = st.builds(
    lambda aggregates, parameters: facts(max_aggregates=aggregates, max_parameters=parameters),
    st.one_of(st.none(), st.integers(1, 12)),
    st.integers(1, 12),
)


@_SMALL
@given(measures(), limits, st.booleans())
def test_every_key_is_answered_exactly_once(
    wanted: list[Measure], limit: EngineFacts, fuse: bool
) -> None:
    plan = make_plan(snapshot(*COLUMNS), wanted, limit, fuse_objects=fuse)
    expected = [measure.key for measure in wanted]
    if any(measure.kind is not MeasureKind.QUERY for measure in wanted):
        expected.append(ROW_COUNT_KEY)
    assert Counter(answered_keys(plan)) == Counter(expected)


@_SMALL
@given(measures(), limits)
def test_limits_are_kept(wanted: list[Measure], limit: EngineFacts) -> None:
    for planned in make_plan(snapshot(*COLUMNS), wanted, limit).statements:
        if planned.pieces:
            assert len(planned.pieces) <= (limit.max_aggregates or len(planned.pieces))
            assert len(planned.statement.parameters) <= max(1, limit.max_parameters)
            assert all(
                piece.parameters.items() <= planned.statement.parameters.items()
                for piece in planned.pieces
            )


@_SMALL
@given(measures(), limits)
def test_statements_of_a_kind_are_column_disjoint_unless_they_say_otherwise(
    wanted: list[Measure], limit: EngineFacts
) -> None:
    plan = make_plan(snapshot(*COLUMNS), wanted, limit)
    for kind in ("scan", "sketch"):
        read = Counter(
            column
            for planned in plan.statements
            if planned.kind == kind and planned.note is None
            for column in planned.columns
        )
        assert max(read.values(), default=0) <= 1


@_SMALL
@given(measures())
def test_without_limits_each_column_is_read_once_a_kind(wanted: list[Measure]) -> None:
    plan = make_plan(snapshot(*COLUMNS), wanted, facts())
    kinds = Counter(planned.kind for planned in plan.statements)
    assert kinds["scan"] <= 1
    assert kinds["sketch"] <= 1


@_SMALL
@given(measures())
def test_asking_twice_changes_only_who_is_answered(wanted: list[Measure]) -> None:
    again = [replace(measure, key=measure.key + "'") for measure in wanted]
    once = make_plan(snapshot(*COLUMNS), wanted, facts())
    twice = make_plan(snapshot(*COLUMNS), [*wanted, *again], facts())
    assert [p.statement for p in once.statements] == [p.statement for p in twice.statements]


@_SMALL
@given(measures())
def test_halving_ends_and_keeps_every_answer(wanted: list[Measure]) -> None:
    plan = make_plan(snapshot(*COLUMNS), wanted, facts())
    for planned in plan.statements:
        if planned.pieces:
            alone, depth = _all_halves(planned, plan.snapshot)
            keys = [key for half in alone for key in half.pieces[0].keys]
            assert sorted(keys) == sorted(key for piece in planned.pieces for key in piece.keys)
            assert depth <= 2 * len(planned.pieces).bit_length()


def _all_halves(planned: PlannedStatement, of: object) -> tuple[list[PlannedStatement], int]:
    if len(planned.pieces) == 1:
        return [planned], 0
    first, second = (_all_halves(half, of) for half in halved(planned, of))
    return first[0] + second[0], 1 + max(first[1], second[1])


def test_halves_are_column_disjoint_where_they_can_be() -> None:
    wanted = [scan(f"{c}{i}", f"max(`{c}` + {i})", c) for i in range(3) for c in COLUMNS]
    plan = make_plan(snapshot(*COLUMNS, row_count=1), wanted, facts())
    first, second = halved(plan.statements[0], plan.snapshot)
    assert not first.columns & second.columns
    assert len(first.pieces) == len(second.pieces) == 12
