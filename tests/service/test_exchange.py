"""Tests as documents over HTTP: all of a document or nothing; and results as CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dq_databricks.model.catalog import DEFAULT_WORKSPACE
from dq_databricks.quality import spreadsheets
from tests.support.service import ServiceUnderTest, make_workspace, service
from tests.support.stocked import TABLE, create_orders

API = "/api/v1"
YAML = {"Content-Type": "application/yaml"}
TWO = f"""version: 1
tests:
  - table: {TABLE}
    check_type: nulls_percent
    columns: [amount]
    parameters: {{max_percent: 5}}
    name: "{{{{ 7*7 }}}} ../../etc/passwd <script>"
    suite: nightly
    severity: warning
  - table: {TABLE}
    check_type: row_count_range
    parameters:
      min_count: 1
"""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[ServiceUnderTest]:
    with service(tmp_path, rate_limit_per_s=0) as served:
        create_orders(served.quality.engine)
        served.quality.catalog.add_table(TABLE)
        yield served


def stored(site: ServiceUnderTest) -> list[dict[str, Any]]:
    return [test.model_dump() for test in site.quality.tests(limit=500)]


def test_a13_a_document_is_imported_once(site: ServiceUnderTest) -> None:
    editor = site.as_("editor")
    tried = editor.post(f"{API}/tests/import?dry_run=true", content=TWO, headers=YAML)
    assert tried.json() == {"added": 2, "changed": 0, "unchanged": 0, "is_stored": False}
    assert stored(site) == []
    commits = _commits(site)
    done = editor.post(f"{API}/tests/import", content=TWO, headers=YAML)
    assert (done.status_code, done.json()["added"]) == (200, 2)
    assert _commits(site) == commits + 1
    before = stored(site)
    again = editor.post(f"{API}/tests/import", content=TWO, headers=YAML).json()
    assert again == {"added": 0, "changed": 0, "unchanged": 2, "is_stored": True}
    assert stored(site) == before
    named = next(test for test in before if test["test_suite_key"] == "nightly")
    assert named["name"] == "{{ 7*7 }} ../../etc/passwd <script>"
    shown = editor.get(f"/tests/{named['test_id']}", headers={"Accept": "text/html"}).text
    assert "{{ 7*7 }} ../../etc/passwd &lt;script&gt;" in shown
    assert "<script>" not in shown
    changes = editor.post(
        f"{API}/tests/import", content=TWO.replace("warning", "fatal"), headers=YAML
    ).json()
    assert (changes["changed"], changes["unchanged"]) == (1, 1)
    versions = editor.get(f"{API}/tests/{named['test_id']}/versions").json()["items"]
    assert [one["change"] for one in versions] == ["update", "create"]
    told = site.quality.store.audit.select()
    assert sum(event.entity_type == "test" for event in told) == 3


def test_a13_every_fault_is_named_and_nothing_is_stored(site: ServiceUnderTest) -> None:
    wrong = """  - {table: main.shop.orders, check_type: nulls_percentage, columns: [amount]}
  - {table: main.shop.orders, check_type: nulls_percent, columns: [amonut]}
  - {table: main.shop.nothing, check_type: row_count_range}
  - {table: ../../etc/passwd, check_type: row_count_range}
  - {table: main.shop.orders, check_type: row_count_range, parameters: {most: 1}}
  - {table: main.shop.orders, check_type: row_count_range, severity: loud, colour: red}
  - {check_type: row_count_range}
  - {table: main.shop.orders, check_type: row_count_range, id: 0195fa11-0000-7000-8000-000000000000}
"""
    answer = site.as_("editor").post(f"{API}/tests/import", content=TWO + wrong, headers=YAML)
    assert answer.status_code == 422
    document = answer.json()
    assert document["type"] == "/problems/document"
    lines = [fault["line"] for fault in document["errors"]]
    assert lines == sorted(lines)
    assert set(lines) == set(range(14, 22))
    by_line = {fault["line"]: fault["detail"] for fault in document["errors"]}
    assert "nulls_percent" in by_line[14]
    assert "amount" in by_line[15]
    assert "main.shop.nothing" in by_line[16]
    assert "catalog.schema.table" in by_line[17]
    assert "root:" not in answer.text
    assert stored(site) == []
    # What is right in itself, but not beside its neighbours, is found as well.
    twice = TWO + TWO.split("tests:\n")[1]
    beside = site.as_("editor").post(f"{API}/tests/import", content=twice, headers=YAML)
    assert [fault["line"] for fault in beside.json()["errors"]] == [14, 21]
    assert stored(site) == []


def test_what_was_exported_is_imported_elsewhere(site: ServiceUnderTest) -> None:
    quality = site.quality
    quality.propose(TABLE, apply=True)
    quality.add_test(TABLE, "row_count_range", parameters={"min_count": 1}, name="twin")
    quality.add_test(TABLE, "row_count_range", parameters={"min_count": 2}, name="twin")
    admin, before = site.as_("admin"), stored(site)
    for form in ("yaml", "json"):
        exported = admin.get(f"{API}/tests/export", params={"format": form})
        assert exported.headers["content-type"].startswith(f"application/{form}")
        kind = {"Content-Type": f"application/{form}"}
        back = admin.post(f"{API}/tests/import", content=exported.content, headers=kind)
        assert back.json()["unchanged"] == len(before), back.text
        assert stored(site) == before
    document = admin.get(f"{API}/tests/export").json()
    assert [("id" in test) for test in document["tests"]] == [
        test["name"] == "twin" for test in document["tests"]
    ]
    assert admin.get(f"{API}/tests/export?suite=none").json()["tests"] == []
    elsewhere = make_workspace(quality)
    other = site.as_("admin", workspace=elsewhere)
    assert other.get(f"{API}/tests/export").json()["tests"] == []
    foreign = other.post(f"{API}/tests/import", json=document)
    never = {**document, "tests": [{**document["tests"][0], "table": "main.shop.never"}]}
    missing = other.post(f"{API}/tests/import", json=never)
    assert (foreign.status_code, missing.status_code) == (422, 422)
    told = [answer.json()["errors"][0]["detail"] for answer in (foreign, missing)]
    assert told[0].replace("orders", "never") == told[1]
    assert site.as_("viewer").post(f"{API}/tests/import", json=document).status_code == 403


def test_a_removed_test_comes_back_and_a_renamed_one_stays(site: ServiceUnderTest) -> None:
    editor = site.as_("editor")
    editor.post(f"{API}/tests/import", content=TWO, headers=YAML)
    first, second = stored(site)
    site.quality.remove_test(first["test_id"])
    site.quality.edit_test(second["test_id"], name="renamed")
    done = editor.post(f"{API}/tests/import", content=TWO, headers=YAML).json()
    assert (done["added"], done["changed"]) == (2, 0)
    assert len(stored(site)) == 3
    assert site.quality.show_test(second["test_id"]).name == "renamed"
    assert site.quality.show_test(first["test_id"]).version == 3


def test_yaml_is_taken_at_one_address_only(site: ServiceUnderTest) -> None:
    editor = site.as_("editor")
    assert editor.post(f"{API}/tests", content=TWO, headers=YAML).status_code == 415
    text = {"Content-Type": "text/plain"}
    assert editor.post(f"{API}/tests/import", content=TWO, headers=text).status_code == 415
    assert editor.post(f"{API}/tests/import").status_code == 422
    many = {"tests": [{"table": "a.b.c", "check_type": "x"}] * 2001}
    assert "2,000" in editor.post(f"{API}/tests/import", json=many).json()["detail"]


def _commits(site: ServiceUnderTest) -> int:
    return len(list(site.home.glob("lake/**/dq_tests/_delta_log/*.json")))


# --- CSV -----------------------------------------------------------------------------------------


def test_a10_a_spreadsheet_carries_nothing_out(
    site: ServiceUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["=HYPERLINK(1)", "+1", "-1", "@SUM(A1)", "\tx", 'quote " , and\nline']
    for name in names:
        site.quality.add_test(TABLE, "row_count_range", parameters={"min_count": 1}, name=name)
    run = site.quality.test(TABLE).run
    viewer = site.as_("viewer")
    answer = viewer.get(f"{API}/results.csv", params={"test_run_id": run.test_run_id})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    expected = [*(f"'{name}" for name in names[:5]), names[5]]
    assert sorted(row["test_name"] for row in rows) == sorted(expected)
    assert {row["result_status"] for row in rows} == {"pass"}
    assert answer.text.count("\r\n") == len(rows) + 1
    noted = [event for event in site.quality.store.audit.select() if event.action == "export"]
    assert [(one.entity_type, one.entity_id) for one in noted] == [("result", run.test_run_id)]
    assert json.loads(noted[0].changes or "")["test_run_id"]["new"] == run.test_run_id
    monkeypatch.setattr(spreadsheets, "MOST_ROWS", 4)
    monkeypatch.setattr(spreadsheets, "ROWS_AT_ONCE", 3)
    capped = list(csv.reader(io.StringIO(viewer.get(f"{API}/results.csv").text, newline="")))
    assert len(capped) == 1 + 4 + 1
    assert "newest 4 rows" in capped[-1][0]
    assert len({len(row) for row in capped}) == 1
    page = viewer.get(f"/runs/{run.test_run_id}", headers={"Accept": "text/html"}).text
    assert f"/api/v1/results.csv?test_run_id={run.test_run_id}" in page
    other = site.as_("viewer", workspace=make_workspace(site.quality))
    assert len(other.get(f"{API}/results.csv").text.splitlines()) == 1


def test_a10_anomalies_are_exported_too(site: ServiceUnderTest) -> None:
    found = site.quality.profile(TABLE).tables[0].anomalies
    viewer = site.as_("viewer", workspace=DEFAULT_WORKSPACE)
    rows = list(csv.DictReader(io.StringIO(viewer.get(f"{API}/anomalies.csv").text, newline="")))
    assert {row["anomaly_id"] for row in rows} == {one.anomaly_id for one in found}
    none = viewer.get(f"{API}/anomalies.csv?anomaly_type=none_such")
    assert len(none.text.splitlines()) == 1
