"""Migration files: numbers without gaps, checksums that ignore line ends, marks in place."""

from __future__ import annotations

from pathlib import Path

import pytest

from dq_databricks.errors import MigrationError
from dq_databricks.lifecycle.migrations.scripts import Script, read_scripts, shipped_scripts

DDL = Path(__file__).parents[2] / "ddl"


def write(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("SELECT 1;\n")
    return folder


def test_the_shipped_files_are_in_order_and_each_says_why() -> None:
    scripts = shipped_scripts()
    assert [script.version for script in scripts] == list(range(len(scripts)))
    assert all(script.text.startswith("-- ") for script in scripts)
    assert all((DDL / "rollback" / f"{script.name}.sql").is_file() for script in scripts[1:])


def test_names_stand_quoted_in_every_statement() -> None:
    for script in shipped_scripts():
        for statement in script.statements("c`d", "s"):
            assert "{schema}" not in statement.text
            assert "`c``d`.`s`." in statement.text


def test_an_irreversible_step_has_no_rollback() -> None:
    by_name = {script.name: script for script in shipped_scripts()}
    assert by_name["0002_add_row_versions"].rollback is None
    assert "DROP TABLE" in (by_name["0004_create_profile_tables"].rollback or "")


def test_line_ends_and_trailing_blanks_do_not_count() -> None:
    text = "-- why\nSELECT 1;\n"
    same = Script(1, "0001_a", text.replace("\n", " \t\r\n") + "\r\n")
    assert Script(1, "0001_a", text).checksum == same.checksum
    assert Script(1, "0001_a", text.replace("1", "2")).checksum != same.checksum
    assert Script(1, "0001_a", " " + text).checksum != same.checksum


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["0000_a.sql", "0001_b.sql", "0001_c.sql"], "number 0001 stands twice"),
        (["0000_a.sql", "1_b.sql"], "name it NNNN_verb_subject.sql"),
    ],
)
def test_wrong_numbers_are_refused(tmp_path: Path, names: list[str], message: str) -> None:
    with pytest.raises(MigrationError, match=message):
        read_scripts(write(tmp_path, *names))


def test_rollbacks_stand_beside(tmp_path: Path) -> None:
    scripts = read_scripts(write(tmp_path, "0000_a.sql", "0001_b.sql", "rollback/0001_b.sql"))
    assert [script.rollback for script in scripts] == [None, "SELECT 1;\n"]
