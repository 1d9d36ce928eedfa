"""The `dq` command as people and scripts meet it: words, one JSON document, exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from dq_databricks.settings import Settings
from tests.e2e.conftest import Said, orders_table

Dq = Callable[..., Said]

PROFILE_KEYS = {"profile_run_id", "table", "table_version", "row_count", "columns", "anomalies"}
COLUMN_KEYS = {
    "column_name", "data_type", "null_count", "distinct_count", "min_value", "max_value",
    "mean", "stddev",
}  # fmt: skip
RESULT_KEYS = {
    "test_id", "check_type", "column_name", "result_status", "expected_value", "actual_value",
    "message",
}  # fmt: skip


def test_the_main_job_on_a_file_needs_no_set_up(dq_process: Dq, orders: Path) -> None:
    profile = dq_process("profile", str(orders), "--json")
    assert profile.code == 0
    assert profile.document.keys() >= PROFILE_KEYS
    assert profile.document["columns"][0].keys() >= COLUMN_KEYS
    assert dq_process("test", str(orders)).code == 2
    assert dq_process("propose", str(orders), "--apply", "--json").document["applied"] is True
    test = dq_process("test", str(orders), "--json")
    assert (test.code, test.err) == (0, "")
    assert test.document.keys() >= {"test_run_id", "table", "table_version", "counts", "results"}
    assert test.document["results"][0].keys() >= RESULT_KEYS
    pq.write_table(orders_table(amount=-9.0), orders)
    failed = dq_process("test", str(orders), "--json")
    assert failed.code == 1
    assert failed.document["counts"]["fail"] >= 1
    assert any(result["previous_status"] == "pass" for result in failed.document["results"])


def test_words_for_people_name_the_next_step(dq: Dq, orders: Path) -> None:
    assert "dq propose" in dq("profile", str(orders)).out
    assert "--apply" in dq("propose", str(orders)).out
    said = dq("test", str(orders))
    assert "dq propose" in said.err
    assert said.err.count("\n") == 1


def test_every_listing_answers_with_items_and_a_cursor(dq: Dq, orders: Path) -> None:
    dq("propose", str(orders), "--apply")
    dq("test", str(orders))
    for noun in ("connections", "groups", "tables", "tests", "runs", "results", "alerts",
                 "anomalies", "settings", "checks"):  # fmt: skip
        said = dq(noun, "--json")
        assert said.code == 0, (noun, said.err)
        assert said.document.keys() == {"items", "next_cursor"}, noun
        assert dq(noun).code == 0, noun
    first = dq("tests", "--limit", "2", "--json").document
    second = dq("tests", "--limit", "2", "--cursor", first["next_cursor"], "--json").document
    ids = [test["test_id"] for test in (*first["items"], *second["items"])]
    assert len(ids) == len(set(ids)) == 4


def test_a_changed_cursor_is_refused(dq: Dq, orders: Path) -> None:
    dq("propose", str(orders), "--apply")
    cursor = dq("tests", "--limit", "1", "--json").document["next_cursor"]
    said = dq("tests", "--limit", "1", "--cursor", cursor[:-4] + "AAAA")
    assert (said.code, said.err.count("\n")) == (2, 1)


def test_edits_say_which_version_they_mean(dq: Dq, orders: Path) -> None:
    added = dq("tests", "add", str(orders), "nulls_percent", "-c", "amount",
               "-p", "max_percent=10", "--json").document  # fmt: skip
    test_id = added["test_id"]
    assert dq("tests", "edit", test_id, "--name", "n").code == 2
    edited = dq("tests", "edit", test_id, "--expect-version", "1", "-p", "max_percent=5", "--json")
    assert json.loads(edited.document["definition"])["parameters"] == {"max_percent": 5}
    stale = dq("tests", "edit", test_id, "--expect-version", "1", "--name", "late")
    assert stale.code == 2
    assert "version 2 is stored" in stale.err
    assert dq("tests", "remove", test_id, "--latest").code == 0
    assert dq("tests", "show", test_id).code == 2


def test_the_catalog_can_be_kept_from_the_command_line(dq: Dq) -> None:
    assert dq("connections", "add", "shop", "--catalog", "main", "--schema", "shop").code == 0
    assert dq("connections", "add", "shop").code == 2
    assert dq("groups", "add", "facts", "--connection", "shop", "--include", "f%").code == 0
    edited = dq("groups", "edit", "facts", "--latest", "--exclude", "f_tmp%", "--json")
    assert edited.document["profiling_exclude_mask"] == "f_tmp%"
    refused = dq("connections", "remove", "shop", "--latest")
    assert (refused.code, "facts" in refused.err) == (2, True)
    assert dq("groups", "remove", "facts", "--latest").code == 0
    assert dq("connections", "remove", "shop", "--expect-version", "1").code == 0


def test_an_alert_is_raised_and_taken_once(dq: Dq, orders: Path) -> None:
    dq("tests", "add", str(orders), "row_count_range", "-p", "min_count=1000")
    assert dq("test", str(orders)).code == 1
    (alert,) = dq("alerts", "--open", "--json").document["items"]
    taken = dq("alerts", "acknowledge", alert["alert_id"], "--by", "ann", "--json").document
    assert (taken["acknowledged"], taken["acknowledged_by"]) == (True, "ann")
    second = dq("alerts", "acknowledge", alert["alert_id"], "--by", "bob")
    assert (second.code, "ann" in second.err) == (2, True)
    assert dq("alerts", "--open", "--json").document["items"] == []


def test_a_plan_says_what_needs_no_scan(dq: Dq, orders: Path) -> None:
    dq("tests", "add", str(orders), "nulls_count", "-c", "order_id")
    document = dq("plan", str(orders), "--json").document
    assert document["statements"] == []
    assert document["proven"][0]["reason"]
    assert "without a scan" in dq("plan", str(orders)).out


def test_help_names_every_setting_with_its_variable(dq: Dq) -> None:
    said = dq("--help")
    assert said.code == 0
    for entry in fields(Settings):
        assert entry.metadata["env"] in said.out


@pytest.mark.empty_lake
def test_migrate_and_version(dq: Dq) -> None:
    assert dq("version", "--json").document["schema_version"] is None
    first = dq("migrate", "--json").document
    assert first["applied"]
    assert dq("migrate", "--json").document["applied"] == []
    assert dq("version", "--json").document["schema_version"] == first["version"]


def test_hudi_is_refused_by_name(dq: Dq) -> None:
    said = dq("settings", "edit", "data_quality_storage_format", "hudi", "--latest")
    assert said.code == 3
    assert "not available on this engine" in said.err


def test_settings_are_checked_and_edited_at_a_version(dq: Dq) -> None:
    name = "data_quality_auto_manage_tables"
    assert dq("settings", "edit", name, "false").code == 2, "which version?"
    assert dq("settings", "edit", name, "maybe", "--latest").code == 2
    assert dq("settings", "edit", "data_quality_schema", "x" * 121, "--latest").code == 2
    saved = dq("settings", "edit", name, "false", "--expect-version", "0", "--json").document
    assert (saved["value"], saved["version"]) == ("False", 1)
    stale = dq("settings", "edit", name, "true", "--expect-version", "0")
    assert (stale.code, "version 1 is stored" in stale.err) == (2, True)


def _corrupt(path: Path) -> bytes:
    content = bytearray(path.read_bytes())
    content[40:400] = b"\0" * 360
    return bytes(content)


WRONG = {
    "missing.parquet": None,
    "empty.parquet": b"",
    "text.parquet": b"no parquet at all, whatever its name says",
    "empty.csv": b"",
    "ragged.csv": b"a,b\n1,2\n3,4,5\n",
    "latin.csv": "a,b\n1,caf\xe9\n".encode("latin-1"),
    "notes.txt": b"hello",
}


@pytest.mark.parametrize("name", [*WRONG, "truncated.parquet", "corrupt.parquet"])
def test_bad_files_give_one_clear_line(dq: Dq, orders: Path, name: str) -> None:
    path = orders.with_name(name)
    content = WRONG.get(name)
    if name == "truncated.parquet":
        content = orders.read_bytes()[:-100]
    if name == "corrupt.parquet":
        content = _corrupt(orders)
    if content is not None:
        path.write_bytes(content)
    said = dq("profile", str(path))
    assert said.code in (2, 3)
    assert said.err.count("\n") == 1, said.err
    assert name in said.err
    assert said.out == ""


def test_d3_a_file_without_rows_is_profiled_and_tested(dq: Dq, orders: Path) -> None:
    pq.write_table(orders_table().slice(0, 0), orders)
    document = dq("profile", str(orders), "--json").document
    assert document["row_count"] == 0
    assert {column["mean"] for column in document["columns"]} == {None}
    dq("tests", "add", str(orders), "mean_in_range", "-c", "amount", "-p", "min_value=1")
    assert dq("test", str(orders), "--json").document["counts"]["no_data"] == 1


@pytest.mark.parametrize("column", ["select", "a.b", "back`tick", "sp ace", "😀"])
def test_odd_column_names_work(dq: Dq, orders: Path, column: str) -> None:
    assert dq("tests", "add", str(orders), "nulls_count", "-c", column).code == 0
    (result,) = dq("test", str(orders), "--json").document["results"]
    assert (result["column_name"], result["result_status"]) == (column, "pass")


def test_near_names_are_suggested(dq: Dq, orders: Path) -> None:
    for arguments in (
        ("profil", str(orders)),
        ("profile", str(orders.with_name("order.parquet"))),
        ("checks", "nul_percent"),
        ("tests", "add", str(orders), "nulls_percent", "-c", "amuont"),
        ("tests", "add", str(orders), "nulls_percent", "-c", "amount", "-p", "max_percnt=1"),
        ("groups", "show", "files-defaut"),
    ):
        said = dq(*arguments)
        assert (said.code, said.err.count("\n")) == (2, 1), said
        assert "did you mean" in said.err


def test_a9_control_characters_do_not_reach_the_terminal(dq: Dq) -> None:
    said = dq("profile", "evil\x1b[31m.parquet")
    assert "\x1b" not in said.err
    assert said.code == 2


def test_a_closed_pipe_is_no_verdict(dq_process: Dq, orders: Path, tmp_path: Path) -> None:
    assert dq_process("profile", str(orders)).code == 0
    command = f"{sys.executable} -c 'from dq_databricks.cli import main; main()' checks --json"
    done = subprocess.run(
        ["bash", "-c", f"{command} | true; exit ${{PIPESTATUS[0]}}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (141, "")


def test_a_home_that_is_no_folder_is_one_line(dq_process: Dq, tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file where the folder should be")
    said = dq_process("migrate")
    assert (said.code, said.err.count("\n")) == (3, 1)
    assert "Traceback" not in said.err


def test_our_own_mistakes_are_one_line_and_a_report(tmp_path: Path) -> None:
    code = "import dq_databricks.cli.app as app\napp.run = lambda *_: 1 / 0\napp.main()\n"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    assert (done.returncode, done.stderr.count("\n")) == (3, 1)
    assert "ZeroDivisionError" in done.stderr
    (report,) = tmp_path.glob("dq-error-*.txt")
    assert "Traceback" in report.read_text()
