"""Every version of every test is kept once, whoever made it."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tests.support.service import service


def test_every_version_of_a_test_is_kept_once(tmp_path: Path) -> None:
    path = tmp_path / "orders.parquet"
    with service(tmp_path / "lake") as site:
        quality = site.quality
        write_orders(path, 40)
        quality.propose(str(path), apply=True)
        write_orders(path, 90)
        quality.profile(str(path))
        report = quality.propose(str(path), apply=True)
        refreshed = [test.test_id for part in report.tables for test in part.refreshed]
        assert refreshed
        edited = quality.edit_test(refreshed[0], severity="warning")
        quality.remove_test(edited.test_id)
        kept = site.quality.store.history.select(edited.test_id).items
        assert [(row.version, row.change) for row in kept] == [
            (4, "delete"),
            (3, "update"),
            (2, "update"),
            (1, "create"),
        ]
        assert {row.changed_by for row in kept} == {"tester"}
        for test in quality.tests(limit=1000):
            versions = [row.version for row in site.quality.store.history.select(test.test_id)]
            assert versions == list(range(test.version, 0, -1))
        entries = quality.audit.list(limit=1000)
        of_test = [row.action for row in entries if row.entity_id == edited.test_id]
        assert of_test == ["delete", "update", "update", "create"]
        assert quality.audit.verify().is_whole


def write_orders(path: Path, count: int) -> None:
    pq.write_table(pa.table({"id": range(count), "amount": [n * 1.5 for n in range(count)]}), path)
