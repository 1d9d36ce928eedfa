"""Profile, propose, test and alert through the public face, on files and on Delta tables."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest
from deltalake import write_deltalake

from dq_databricks import Quality, open_quality
from dq_databricks.errors import (
    ColumnNotFoundError,
    NoTestsError,
    ParameterError,
    SchemaBehindError,
    TableNotFoundError,
    UnknownNameError,
    VersionConflictError,
)
from dq_databricks.model.vocabulary import ResultStatus, RunStatus
from dq_databricks.sql.statement import Statement
from tests.e2e.conftest import orders_table


def test_the_profile_of_a_file_is_stored_and_typed(quality: Quality, orders: Path) -> None:
    with quality:
        report = quality.profile(str(orders))
        frame = report.to_arrow()
        assert report.run.status is RunStatus.COMPLETED
        assert frame.num_rows == 7
        amount = next(c for c in report.tables[0].columns if c.column_name == "amount")
        assert (amount.row_count, amount.null_count, amount.distinct_count) == (200, 20, 180)
        assert [run.profile_run_id for run in quality.runs("profile")] == [
            report.run.profile_run_id
        ]


def test_proposals_are_stored_once_and_edits_are_kept(quality: Quality, orders: Path) -> None:
    with quality:
        shown = quality.propose(str(orders))
        assert not quality.tests(str(orders)).items, "showing stores nothing"
        applied = quality.propose(str(orders), apply=True)
        assert len(quality.tests(str(orders), limit=500)) == len(applied.tables[0].new)
        assert len(shown.tables[0].new) == len(applied.tables[0].new)
        amount = next(t for t in quality.tests(str(orders), limit=500) if t.column_name == "amount")
        edited = quality.edit_test(amount.test_id, severity="warning")
        assert edited.is_locked
        again = quality.propose(str(orders), apply=True)
        assert not again.tables[0].new
        assert quality.show_test(amount.test_id) == edited


def test_a_removed_proposal_stays_removed(quality: Quality, orders: Path) -> None:
    with quality:
        quality.propose(str(orders), apply=True)
        test = quality.tests(str(orders)).items[0]
        quality.remove_test(test.test_id, expected_version=test.version)
        quality.propose(str(orders), apply=True)
        ids = {stored.test_id for stored in quality.tests(str(orders), limit=500)}
        assert test.test_id not in ids


def test_the_second_run_compares_with_the_first(quality: Quality, orders: Path) -> None:
    with quality:
        quality.add_test(
            str(orders), "values_in_range", columns=["a.b"], parameters={"max_value": 4}
        )
        first = quality.test(str(orders))
        assert (first.counts["pass"], first.exit_code) == (1, 0)
        worse = orders_table().set_column(3, "a.b", [list(range(200))])
        pq.write_table(worse, orders)
        second = quality.test(str(orders))
        (result,) = second.results
        assert result.result_status is ResultStatus.FAIL
        assert result.previous_status is ResultStatus.PASS
        assert second.exit_code == 1
        assert second.alert_count == 1
        assert [alert.source_id for alert in quality.alerts()] == [result.result_id]
        assert [r.result_status for r in quality.results(str(orders))] == ["fail", "pass"]


def test_results_carry_the_delta_version_they_saw(quality: Quality, tmp_path: Path) -> None:
    folder = str(tmp_path / "delta")
    write_deltalake(folder, orders_table())
    with quality:
        quality.propose(folder, apply=True)
        assert {r.table_version for r in quality.test(folder).results} == {0}
        write_deltalake(folder, orders_table(first=100), mode="append")
        second = quality.test(folder)
        assert {r.table_version for r in second.results} == {1}
        failed = {
            (r.check_type, r.column_name) for r in second.results if r.result_status == "fail"
        }
        assert ("unique", "order_id") in failed


def test_a_verdict_is_explained_with_sql_that_repeats_it(quality: Quality, orders: Path) -> None:
    with quality:
        test = quality.add_test(str(orders), "accepted_values", columns=["select"],
                                parameters={"values": ["new"]})  # fmt: skip
        quality.test(str(orders))
        explained = quality.explain(test.test_id)
        assert explained.test == test
        assert explained.result.measured_value == pytest.approx(50.0)
        assert "-- :p_" in (explained.result.statement_text or "")
        assert quality.explain(explained.result.result_id) == explained


def test_one_broken_test_leaves_the_others_alone(quality: Quality, orders: Path) -> None:
    with quality:
        for column in ("order_id", "amount"):
            quality.add_test(str(orders), "nulls_count", columns=[column])
        pq.write_table(orders_table().drop_columns(["amount"]), orders)
        report = quality.test(str(orders))
        by_column = {r.column_name: r.result_status for r in report.results}
        assert by_column == {"order_id": ResultStatus.PASS, "amount": ResultStatus.ERROR}
        assert report.exit_code == 3


def test_a_table_that_went_away_gives_errors_and_the_group_goes_on(
    quality: Quality, tmp_path: Path
) -> None:
    folders = [tmp_path / "one.parquet", tmp_path / "two.parquet"]
    with quality:
        for path in folders:
            pq.write_table(orders_table(), path)
            quality.add_test(str(path), "row_count_range", parameters={"min_count": 1})
        folders[0].unlink()
        report = quality.test(suite="default_suite")
        assert sorted(r.result_status for r in report.results) == ["error", "pass"]
        assert report.run.status is RunStatus.COMPLETED


def test_a_group_profiles_the_tables_its_masks_let_through(
    quality: Quality, tmp_path: Path
) -> None:
    lake = tmp_path / "home" / "lake" / "main" / "shop"
    for name in ("fact_orders", "fact_items", "tmp_orders"):
        write_deltalake(str(lake / name), orders_table())
    with quality:
        quality.catalog.add_connection("shop", catalog="main", schema_name="shop")
        quality.catalog.add_group("facts", connection="shop", profiling_include_mask="fact_%")
        report = quality.profile(group="facts")
        names = [table.table.table_name for table in report.tables]
        assert names == ["main.shop.fact_items", "main.shop.fact_orders"]
        assert report.run.row_count == 400


def test_wrong_use_says_what_was_meant(quality: Quality, orders: Path) -> None:
    with quality:
        with pytest.raises(NoTestsError, match=r"dq propose .* --apply"):
            quality.test(str(orders))
        with pytest.raises(UnknownNameError, match="did you mean 'nulls_percent'"):
            quality.add_test(str(orders), "null_percent", columns=["amount"])
        with pytest.raises(ColumnNotFoundError, match="did you mean 'amount'"):
            quality.add_test(str(orders), "nulls_percent", columns=["amuont"])
        with pytest.raises(ParameterError, match="max_percent"):
            quality.add_test(
                str(orders), "nulls_percent", columns=["amount"], parameters={"max_percent": "x"}
            )
        with pytest.raises(TableNotFoundError, match="nowhere"):
            quality.profile("main.nowhere.orders")
        assert not quality.catalog.tables(group="files-default", limit=5).items[1:]


def test_s2_two_people_edit_one_test_and_the_second_is_told(quality: Quality, orders: Path) -> None:
    with quality:
        test = quality.add_test(str(orders), "nulls_count", columns=["amount"])
        quality.edit_test(test.test_id, expected_version=test.version, name="first")
        with pytest.raises(VersionConflictError, match="version 2"):
            quality.edit_test(test.test_id, expected_version=test.version, name="second")
        assert quality.show_test(test.test_id).name == "first"


def test_a_saved_no_keeps_the_schema_from_being_upgraded_unasked(
    tmp_path: Path, quality: Quality
) -> None:
    with quality:
        quality.migrate()
        quality.options.save("data_quality_auto_manage_tables", "false")
        engine = quality.engine
        engine.execute(
            Statement(
                "UPDATE `main`.`dq_metadata`.`dq_settings` SET `value` = '1' "
                "WHERE `key` = 'schema_version'"
            )
        )
    again = open_quality(home=tmp_path / "home", durable=False)
    with again:
        assert again.runs().items == ()
        with pytest.raises(SchemaBehindError, match="dq migrate"):
            again.catalog.add_connection("late")
