"""`dq ddl`: the path of an author from the first word to the sealed files."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from dq_databricks.lifecycle.migrations.scripts import shipped_folder
from tests.e2e.conftest import Said

Dq = Callable[..., Said]
STATEMENT = "ALTER TABLE `{schema}`.dq_tests ADD COLUMNS (owner STRING COMMENT 'Who keeps it.');\n"


@pytest.fixture
def ddl(tmp_path: Path) -> Path:
    return Path(shutil.copytree(str(shipped_folder()), tmp_path / "ddl"))


def test_a_migration_is_started_written_checked_and_sealed(dq: Dq, ddl: Path) -> None:
    assert dq("ddl", "lint").code == 0
    made = dq("ddl", "new", "add owner to tests", "--json")
    assert (made.code, made.err) == (0, "")
    name = made.document["name"]
    up, down = ddl / f"{name}.sql", ddl / "rollback" / f"{name}.sql"
    assert [Path(made.document[key]) for key in ("up", "rollback")] == [
        up.relative_to(ddl.parent),
        down.relative_to(ddl.parent),
    ]
    early = dq("ddl", "seal")
    assert early.code == 3
    assert f"ddl/{name}.sql:1: empty: it has no statement" in early.err
    up.write_text(f"-- Tests have an owner.\n\n{STATEMENT}DROP TABLE `{{schema}}`.dq_alerts;\n")
    down.write_text("-- irreversible: no column mapping\n")
    wrong = dq("ddl", "lint", "--json")
    assert wrong.code == 1
    assert [(f["file"], f["line"], f["rule"]) for f in wrong.document["findings"]] == [
        (f"{name}.sql", 1, "seal"),
        (f"{name}.sql", 4, "destructive"),
        (f"{name}.sql", 4, "not-repeatable"),
        (f"rollback/{name}.sql", 1, "seal"),
    ]
    told = dq("ddl", "lint")
    assert told.code == 1
    assert f"ddl/{name}.sql:4: destructive: DROP TABLE removes rows;" in told.out
    assert len(told.out.splitlines()) == 4
    up.write_text(f"-- Tests have an owner.\n\n{STATEMENT}")
    assert dq("ddl", "seal", "--json").document["added"] == [f"{name}.sql", f"rollback/{name}.sql"]
    assert "in order" in dq("ddl", "lint").out
    assert dq("ddl", "lint", "--json").document == {"findings": []}


def test_m5_an_edited_merged_file_is_refused_until_forced(dq: Dq, ddl: Path) -> None:
    name = "0002_add_row_versions.sql"
    (ddl / name).write_text((ddl / name).read_text().replace("version = 1", "version = 2"))
    said = dq("ddl", "seal")
    assert said.code == 3
    assert said.err.count("\n") == 1
    assert f"ddl/{name} changed after it was sealed" in said.err
    assert dq("ddl", "lint").code == 1
    forced = dq("ddl", "seal", "--force")
    assert f"~ {name}" in forced.out
    assert dq("ddl", "lint").code == 0


def test_wrong_words_and_folders_are_told_in_one_line(dq: Dq, ddl: Path) -> None:
    for arguments in (
        ("ddl", "new", "owner"),
        ("ddl", "new", "../../escape it"),
        ("ddl", "new"),
        ("ddl", "lint", "--folder", "nowhere"),
        ("ddl", "seal", "--folder", "nowhere"),
        ("ddl", "new", "add it", "--folder", "nowhere"),
        ("ddl", "sael"),
    ):
        said = dq(*arguments)
        assert (said.code, said.out, said.err.count("\n")) == (2, "", 1), arguments
    other = ddl.rename(ddl.parent / "elsewhere")
    assert dq("ddl", "lint", "--folder", str(other)).code == 0
    assert dq("ddl", "new", "add", "owner", "to", "tests", "--folder", str(other)).code == 0
    assert not (ddl.parent / "escape_it.sql").exists()
