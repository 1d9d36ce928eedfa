from __future__ import annotations

import pytest

from dq_databricks.engine.protocol import ColumnStatistics
from dq_databricks.errors import WrongUseError
from dq_databricks.planning.measure import Measure, MeasureKind, Proof
from dq_databricks.planning.planner import ROW_COUNT_KEY, make_plan
from dq_databricks.sql.statement import Statement
from tests.support.planned import answered_keys, facts, group, over, query, scan, snapshot


def test_nothing_asked_needs_nothing() -> None:
    plan = make_plan(snapshot("a"), [], facts())
    assert (plan.proven, plan.statements) == ((), ())


def test_plain_measures_share_one_statement_with_the_row_count() -> None:
    plan = make_plan(
        snapshot("a", "b"), [scan("x", over("a"), "a"), scan("y", over("b"), "b")], facts()
    )
    (only,) = plan.statements
    assert only.kind == "scan"
    assert only.columns == {"a", "b"}
    assert only.statement.text == (
        "SELECT\n  max(`a`) AS m0,\n  max(`b`) AS m1,\n  count(*) AS m2\n"
        "FROM `main`.`s`.`t` VERSION AS OF 3"
    )
    assert only.answers == {"m0": ("x",), "m1": ("y",), "m2": (ROW_COUNT_KEY,)}


def test_identical_measures_are_taken_once() -> None:
    plan = make_plan(
        snapshot("a", row_count=1),
        [scan("x", over("a"), "a"), scan("y", over("a"), "a")],
        facts(),
    )
    assert plan.statements[0].answers == {"m0": ("x", "y")}


def test_equal_text_with_other_parameters_is_another_measure() -> None:
    text = "count_if(`a` > :low)"
    plan = make_plan(
        snapshot("a", row_count=1),
        [
            scan("x", text, "a", low=1),
            scan("y", text, "a", low=2),
            scan("z", text, "a", low=1.0),
            scan("same", text, "a", low=2),
        ],
        facts(),
    )
    (only,) = plan.statements
    assert only.answers == {"m0": ("x",), "m1": ("y", "same"), "m2": ("z",)}
    assert dict(only.statement.parameters) == {"low": 1, "low_2": 2, "low_3": 1.0}
    assert "count_if(`a` > :low_3) AS m2" in only.statement.text


def test_renaming_a_parameter_leaves_strings_names_and_casts_alone() -> None:
    text = "count_if(`a:low` = ':low' AND `a` > :low AND `a`::low > 1 /* :low */)"
    plan = make_plan(
        snapshot("a", row_count=1),
        [scan("x", "count_if(`a` = :low)", "a", low=1), scan("y", text, "a", low=2)],
        facts(),
    )
    assert (
        "count_if(`a:low` = ':low' AND `a` > :low_2 AND `a`::low > 1 /* :low */)"
        in plan.statements[0].statement.text
    )


def test_a_renamed_parameter_never_takes_a_name_in_use() -> None:
    plan = make_plan(
        snapshot("a", row_count=1),
        [
            scan("x", "max(`a` + :p_2)", "a", p_2=9),
            scan("y", "max(`a` + :p)", "a", p=1),
            scan("z", "max(`a` - :p)", "a", p=2),
        ],
        facts(),
    )
    assert dict(plan.statements[0].statement.parameters) == {"p_2": 9, "p": 1, "p_3": 2}


def test_statistics_answer_before_any_scan() -> None:
    known = snapshot(
        "a",
        row_count=100,
        statistics={"a": ColumnStatistics(null_count=7, bounds=(1, None), bytes=10)},
    )
    plan = make_plan(
        known,
        [
            scan("rows", "count(*)", proof=Proof("row_count")),
            scan("nulls", "count_if(`a` IS NULL)", "a", proof=Proof("null_count", "a")),
            scan("low", "min(`a`)", "a", proof=Proof("min", "a")),
            scan("high", "max(`a`)", "a", proof=Proof("max", "a")),
        ],
        facts(),
    )
    assert plan.statements == ()
    assert {key: p.value for p in plan.proven for key in p.keys} == {
        "rows": 100,
        ROW_COUNT_KEY: 100,
        "nulls": 7,
        "low": 1,
        "high": None,
    }
    assert plan.proven[0].reason == "row count of 12 files from the Delta log, version 3"
    assert plan.proven[1].reason.startswith("null count of column `a` of 12 files")


def test_an_unknown_fact_is_scanned_never_guessed() -> None:
    plan = make_plan(
        snapshot("a", statistics={"a": ColumnStatistics()}),
        [
            scan("nulls", "count_if(`a` IS NULL)", "a", proof=Proof("null_count", "a")),
            scan("low", "min(`a`)", "a", proof=Proof("min", "a")),
            scan("other", "min(`b`)", "b", proof=Proof("min", "b")),
        ],
        facts(),
    )
    assert plan.proven == ()
    assert len(plan.statements) == 1


def test_metadata_is_answered_with_its_value() -> None:
    measure = Measure("v", MeasureKind.METADATA, Statement("column_count()"), value=4)
    plan = make_plan(snapshot("a", row_count=1), [measure], facts())
    assert plan.statements == ()
    assert (plan.proven[0].value, plan.proven[0].source) == (4, "metadata")
    assert "column_count()" in plan.proven[0].reason


def test_statements_are_cut_between_columns() -> None:
    measures = [scan(f"{c}{i}", f"max(`{c}` + {i})", c) for i in range(3) for c in "abcd"]
    plan = make_plan(snapshot(*"abcd"), measures, facts(max_aggregates=7))
    assert [sorted(planned.columns) for planned in plan.statements] == [["a", "b"], ["c", "d"]]
    assert plan.columns_read == 4
    assert all(planned.note is None for planned in plan.statements)


def test_columns_bound_by_an_expression_stay_together() -> None:
    measures = [
        scan("a", over("a"), "a"),
        scan("b", over("b"), "b"),
        scan("c", over("c"), "c"),
        scan("ac", "count_if(`a` > `c`)", "a", "c"),
    ]
    plan = make_plan(snapshot(*"abc"), measures, facts(max_aggregates=3))
    assert [sorted(planned.columns) for planned in plan.statements] == [["a", "c"], ["b"]]


def test_what_one_statement_cannot_hold_is_split_and_says_so() -> None:
    measures = [scan(f"m{i}", f"max(`a` + {i})", "a") for i in range(7)]
    plan = make_plan(snapshot("a", row_count=1), measures, facts(max_aggregates=3))
    assert [len(planned.answers) for planned in plan.statements] == [3, 3, 1]
    assert all("read by more than one" in (planned.note or "") for planned in plan.statements)


def test_one_wide_expression_does_not_spread_columns_over_statements() -> None:
    names = [f"c{i}" for i in range(10)]
    narrow = [scan(f"{c}.{i}", f"max(`{c}` + {i})", c) for i in range(5) for c in names]
    wide = scan("wide", "count(" + ", ".join(names) + ")", *names)
    plan = make_plan(snapshot(*names, row_count=1), [wide, *narrow], facts(max_aggregates=10))
    assert plan.columns_read == 20


@pytest.mark.parametrize("limit", [{"max_parameters": 2}, {"max_statement_chars": 700}])
def test_other_limits_cut_too(limit: dict[str, int]) -> None:
    measures = [scan(c, f"count_if(`{c}` = :p)", c, p=c) for c in "abcdef"]
    plan = make_plan(snapshot(*"abcdef", row_count=1), measures, facts(**limit))
    assert len(plan.statements) > 1
    for planned in plan.statements:
        assert len(planned.statement.parameters) <= limit.get("max_parameters", 99)
        assert len(planned.statement.text) <= limit.get("max_statement_chars", 9999)


def test_sketches_stand_apart_on_large_tables_only() -> None:
    measures = [
        scan("p", over("a"), "a"),
        scan("o", over("a", "approx_count_distinct"), "a", is_object=True),
    ]
    limits = facts(min_bytes_to_split=1000)
    large = make_plan(snapshot("a", size_bytes=1000), measures, limits)
    small = make_plan(snapshot("a", size_bytes=999), measures, limits)
    fused = make_plan(snapshot("a", size_bytes=1000), measures, limits, fuse_objects=True)
    assert [planned.kind for planned in large.statements] == ["scan", "sketch"]
    assert [planned.kind for planned in small.statements] == ["scan"]
    assert [planned.kind for planned in fused.statements] == ["scan"]


def test_the_row_count_rides_with_a_sketch() -> None:
    plan = make_plan(snapshot("a"), [scan("o", over("a", "median"), "a", is_object=True)], facts())
    (only,) = plan.statements
    assert only.kind == "sketch"
    assert ROW_COUNT_KEY in answered_keys(plan)


def test_the_row_count_is_summed_over_groups_rather_than_scanned_alone() -> None:
    plan = make_plan(snapshot("a"), [group("d", "count(*)", "a")], facts())
    (only,) = plan.statements
    assert only.kind == "group"
    assert only.statement.text == (
        "SELECT\n  count(*) AS m0,\n  coalesce(sum(group_rows), 0) AS m1\nFROM (\n"
        "  SELECT `a` AS group_key_1, count(*) AS group_rows\n"
        "  FROM `main`.`s`.`t` VERSION AS OF 3\n  GROUP BY `a`\n)"
    )


def test_a_row_count_nobody_asked_for_causes_no_scan() -> None:
    asked = query("q", "SELECT 1")
    known = make_plan(snapshot("a", row_count=5), [asked], facts())
    unknown = make_plan(snapshot("a"), [asked], facts())
    wanted = make_plan(snapshot("a"), [asked, scan("rows", "count(*)")], facts())
    assert [len(plan.statements) for plan in (known, unknown, wanted)] == [1, 1, 2]
    assert [ROW_COUNT_KEY in answered_keys(p) for p in (known, unknown, wanted)] == [
        True,
        False,
        True,
    ]


def test_measures_of_one_key_share_one_group_by() -> None:
    measures = [
        group("d", "count(*)", "a"),
        group("r", "count_if(group_rows > :n)", "a", n=1),
        group("s", "count_if(group_rows > :n)", "a", n=2),
        group("other", "count(*)", "a", "b"),
    ]
    plan = make_plan(snapshot("a", "b", row_count=1), measures, facts())
    assert [sorted(planned.columns) for planned in plan.statements] == [["a"], ["a", "b"]]
    assert dict(plan.statements[0].statement.parameters) == {"n": 1, "n_2": 2}


def test_a_query_runs_once_whoever_asks_and_however() -> None:
    measures = [
        query("value", "SELECT 1", "a"),
        query("again", "SELECT 1", "a"),
        query("rows", "SELECT 1", "a", returns_rows=True),
        query("other", "SELECT 2"),
    ]
    plan = make_plan(snapshot("a", row_count=1), measures, facts())
    assert [planned.answers for planned in plan.statements] == [
        {"*": ("rows",), "m0": ("value", "again")},
        {"m0": ("other",)},
    ]


def test_a_key_asking_for_two_things_is_refused() -> None:
    with pytest.raises(WrongUseError, match="'k' asks for two"):
        make_plan(snapshot("a"), [scan("k", "max(`a`)", "a"), scan("k", "min(`a`)", "a")], facts())


def test_bytes_come_from_the_files_or_from_a_share_of_the_table() -> None:
    sizes = {"a": ColumnStatistics(bytes=10), "b": ColumnStatistics(bytes=20)}
    measures = [scan("x", over("a"), "a"), scan("y", over("b"), "b")]
    exact = make_plan(snapshot("a", "b", "c", statistics=sizes), measures, facts())
    share = make_plan(snapshot("a", "b", "c", "d", size_bytes=100), measures, facts())
    unknown = make_plan(snapshot("a", "b"), measures, facts())
    assert [p.statements[0].estimated_bytes for p in (exact, share, unknown)] == [30, 50, None]


def test_equal_input_gives_an_equal_plan() -> None:
    measures = [scan(f"{c}{i}", f"max(`{c}` + {i})", c) for i in range(9) for c in "dacb"]
    first = make_plan(snapshot(*"abcd"), measures, facts(max_aggregates=10))
    assert first == make_plan(snapshot(*"abcd"), measures, facts(max_aggregates=10))
