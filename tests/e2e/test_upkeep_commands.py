"""`dq maintain` and `dq grants` as people and scripts meet them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import Said

Dq = Callable[..., Said]


def test_maintain_says_what_it_did_and_what_it_would(dq: Dq) -> None:
    dq("migrate")
    planned = dq("maintain", "--dry-run", "--json")
    assert planned.code == 0
    assert planned.document["is_dry_run"] is True
    done = dq("maintain", "--json")
    assert done.code == 0
    assert done.document["daily_point"].endswith("-daily")
    assert (done.document["problems"], done.document["purge"]["retention_days"]) == ([], 0)
    assert done.document["tables"][0].keys() >= {"table", "files", "statements", "error"}
    said = dq("maintain")
    assert "DQ_RETENTION_DAYS is 0" in said.out
    assert said.err == ""


@pytest.mark.empty_lake
def test_a_schema_that_is_missing_is_said_in_one_line(dq: Dq) -> None:
    said = dq("maintain", "--json")
    assert (said.code, said.out, said.err.count("\n")) == (3, "", 1)
    assert "dq migrate" in said.err


def test_the_report_shows_sizes_and_what_runs(
    dq: Dq, orders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dq("profile", str(orders))
    found = dq("maintain", "report", "--json").document
    columns = next(table for table in found["tables"] if table["table"] == "dq_column_profiles")
    assert columns["rows"] == 7
    assert found["rows"] == sum(table["rows"] for table in found["tables"])
    assert (found["open_runs"], found["lock"]) == ([], None)
    said = dq("maintain", "report")
    assert said.code == 0
    assert "dq_column_profiles" in said.out
    assert "No run is open" in said.out
    monkeypatch.setenv("DQ_RETENTION_DAYS", "1")
    purge = dq("maintain", "--dry-run", "--json").document["purge"]
    assert purge["retention_days"] == 1
    assert {table["table"]: table["rows_before"] for table in purge["tables"]}["dq_profiles"] == 1
    assert {table["due"] for table in purge["tables"]} == {0}


def test_grants_without_grants_say_so(dq: Dq, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DQ_READERS", "analysts")
    monkeypatch.setenv("DQ_WRITER", "dq-job")
    plan = dq("grants", "--json")
    assert plan.code == 0
    assert len(plan.document["grants"]) == 5
    assert {grant["state"] for grant in plan.document["grants"]} == {"skipped: capability grants"}
    assert dq("grants", "plan", "--json").document == plan.document
    assert "GRANT SELECT ON SCHEMA" in dq("grants").out
    done = dq("grants", "apply")
    assert (done.code, done.err) == (0, "")
    assert "nothing was done" in done.out
    assert dq("grants", "apply", "--json").document["applied"] == []
