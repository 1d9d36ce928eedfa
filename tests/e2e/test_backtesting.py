"""A test over the past versions of its table: what it would have said, and nothing stored."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from deltalake import DeltaTable, write_deltalake

from dq_databricks import Quality
from dq_databricks.errors import UnsupportedError
from tests.e2e.conftest import orders_table


def test_a_backtest_measures_every_version_and_stores_nothing(
    quality: Quality, tmp_path: Path
) -> None:
    folder = str(tmp_path / "delta")
    for first in (0, 200, 300):  # the third brings 100 keys again
        write_deltalake(folder, orders_table(first=first), mode="append")
    with quality:
        test = quality.add_test(folder, "unique", columns=["order_id"])
        results = quality.trying.backtest(test.test_id)
        assert [(r.table_version, r.result_status, r.row_count) for r in results] == [
            (0, "pass", 200),
            (1, "pass", 400),
            (2, "fail", 600),
        ]
        assert [r.detected_at for r in results] == sorted(r.detected_at for r in results)
        assert not quality.results(folder).items
        looser = quality.trying.backtest(test.test_id, parameters={"max_count": 200}, versions=2)
        assert [(r.table_version, r.result_status) for r in looser] == [(1, "pass"), (2, "pass")]
        assert quality.show_test(test.test_id) == test


def test_a_change_is_judged_beside_the_version_before(quality: Quality, tmp_path: Path) -> None:
    folder = str(tmp_path / "delta")
    for first in (0, 200, 400):
        write_deltalake(folder, orders_table(first=first), mode="append")
    with quality:
        test = quality.add_test(folder, "row_count_change", parameters={"max_percent": 60})
        found = [(r.result_status, r.previous_value) for r in quality.trying.backtest(test.test_id)]
        assert found == [("no_data", None), ("warn", "200"), ("pass", "400")]


def test_a_version_that_is_gone_is_an_error_and_the_others_go_on(
    quality: Quality, tmp_path: Path
) -> None:
    folder = tmp_path / "delta"
    write_deltalake(folder, orders_table())
    gone = DeltaTable(folder).file_uris()[0]
    write_deltalake(folder, orders_table(first=200), mode="overwrite")
    Path(gone.removeprefix("file://")).unlink()
    with quality:
        test = quality.add_test(str(folder), "values_in_range", columns=["a.b"],
                                parameters={"min_value": 2})  # fmt: skip
        results = quality.trying.backtest(test.test_id)
        assert [(r.table_version, r.result_status) for r in results] == [(0, "error"), (1, "fail")]
    shutil.rmtree(folder)


def test_files_without_versions_are_refused(quality: Quality, orders: Path) -> None:
    with quality:
        test = quality.add_test(str(orders), "nulls_count", columns=["amount"])
        with pytest.raises(UnsupportedError, match="no versions"):
            quality.trying.backtest(test.test_id)
