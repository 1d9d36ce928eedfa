"""The seal of the migration files: what was merged stays as it was merged."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from dq_databricks.errors import MigrationError, SealError, WrongUseError
from dq_databricks.lifecycle.migrations.scripts import checksum_of, read_scripts, shipped_folder
from dq_databricks.lifecycle.migrations.seal import (
    SUM,
    SealReport,
    check_seal,
    check_sealed,
    seal,
)

A, B = "0000_create_a", "0001_create_b"


@pytest.fixture
def ddl(tmp_path: Path) -> Path:
    folder = tmp_path / "ddl"
    for name in (f"{A}.sql", f"{B}.sql", f"rollback/{B}.sql"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"-- {name}\nSELECT 1;\n")
    return folder


def lines(folder: Path) -> list[str]:
    return (folder / SUM).read_text().splitlines()


def test_every_file_has_a_line_below_a_hash_of_all(ddl: Path) -> None:
    report = seal(ddl)
    assert report == SealReport(added=(f"{A}.sql", f"{B}.sql", f"rollback/{B}.sql"), sealed=3)
    head, *rest = lines(ddl)
    assert head.startswith("h1:")
    assert rest[2] == f"{checksum_of((ddl / 'rollback' / f'{B}.sql').read_text())} rollback/{B}.sql"
    before = (ddl / SUM).read_bytes()
    assert seal(ddl) == SealReport(sealed=3)
    assert (ddl / SUM).read_bytes() == before
    check_seal(ddl)


def test_m5_line_ends_and_trailing_blanks_do_not_count(ddl: Path) -> None:
    seal(ddl)
    for path in ddl.rglob("*.sql"):
        path.write_bytes(path.read_bytes().replace(b"\n", b" \t\r\n") + b"\r\n")
    check_seal(ddl)
    check_sealed(read_scripts(ddl), ddl)


@pytest.mark.parametrize("name", [f"{B}.sql", f"rollback/{B}.sql"])
def test_m5_an_edited_file_is_named_with_both_checksums(ddl: Path, name: str) -> None:
    seal(ddl)
    was = checksum_of((ddl / name).read_text())
    (ddl / name).write_text("SELECT 2;\n")
    now = checksum_of("SELECT 2;")
    before = (ddl / SUM).read_bytes()
    scripts = read_scripts(ddl)
    for refused in (
        lambda: seal(ddl),
        lambda: check_seal(ddl),
        lambda: check_seal(ddl, [A, B]),
        lambda: check_sealed(scripts, ddl),
    ):
        with pytest.raises(SealError) as caught:
            refused()
        for part in (f"ddl/{name} changed", was, now, "restore it", "dq ddl seal --force"):
            assert part in str(caught.value)
    assert (ddl / SUM).read_bytes() == before
    check_seal(ddl, [A])
    check_sealed(scripts[:1], ddl)
    assert seal(ddl, force=True).changed == (name,)
    check_seal(ddl)


def test_a_text_changed_in_memory_is_not_what_was_sealed(ddl: Path) -> None:
    scripts = read_scripts(ddl)
    seal(ddl)
    check_sealed(scripts, ddl)
    (ddl / f"{B}.sql").write_text("SELECT 2;\n")
    seal(ddl, force=True)
    with pytest.raises(SealError, match=f"ddl/{B}.sql changed"):
        check_sealed(scripts, ddl)
    check_sealed([], ddl / "nowhere")


def test_m6_a_vanished_file_is_refused(ddl: Path) -> None:
    seal(ddl)
    (ddl / "rollback" / f"{B}.sql").unlink()
    for names in (None, [B]):
        with pytest.raises(SealError, match=rf"ddl/rollback/{B}.sql is missing: it was sealed"):
            check_seal(ddl, names)
    with pytest.raises(SealError, match="is missing"):
        seal(ddl)
    assert seal(ddl, force=True).removed == (f"rollback/{B}.sql",)
    assert len(lines(ddl)) == 3


def test_a_new_file_is_added_and_until_then_refused(ddl: Path) -> None:
    with pytest.raises(SealError, match=f"ddl/{A}.sql is not sealed"):
        check_seal(ddl, [A])
    seal(ddl)
    (ddl / "0002_create_c.sql").write_text("SELECT 3;\n")
    with pytest.raises(SealError, match=r"ddl/0002_create_c.sql is not sealed: its checksum is "):
        check_seal(ddl, ["0002_create_c"])
    with pytest.raises(SealError, match="not sealed"):
        check_sealed(read_scripts(ddl)[2:], ddl)
    assert seal(ddl) == SealReport(added=("0002_create_c.sql",), sealed=4)


def test_a_merge_conflict_is_named(ddl: Path) -> None:
    seal(ddl)
    ours = lines(ddl)
    text = "\n".join(["<<<<<<< HEAD", ours[0], "=======", "h1:0", ">>>>>>> other", *ours[1:]])
    (ddl / SUM).write_text(text + "\n")
    for refused in (lambda: seal(ddl), lambda: check_seal(ddl, [A])):
        with pytest.raises(SealError, match=r"ddl/ddl.sum:1: merge conflict: .*dq ddl seal"):
            refused()
    # Taking the other branch's file as a whole, and sealing again, adds what is ours.
    (ddl / SUM).write_text(f"{ours[0]}\n" + "\n".join(ours[1:]) + "\n")
    (ddl / "0002_create_c.sql").write_text("SELECT 3;\n")
    assert seal(ddl).added == ("0002_create_c.sql",)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda found: found[:2] + found[3:], r"ddl.sum:1: the first line is not the hash"),
        (lambda found: [found[0], found[2], found[1], found[3]], r"ddl.sum:1: the first line"),
        (lambda found: [found[0].upper(), *found[1:]], r"ddl.sum:1: 'H1:"),
        (lambda found: [*found, "what is this"], r"ddl.sum:5: 'what is this' is no line"),
        (lambda found: found[:0], r"ddl.sum:1: the first line"),
    ],
)
def test_an_edited_seal_is_no_seal(ddl: Path, edit: object, message: str) -> None:
    seal(ddl)
    (ddl / SUM).write_text("\n".join(edit(lines(ddl))))
    for refused in (lambda: check_seal(ddl, [A]), lambda: seal(ddl)):
        with pytest.raises(SealError, match=message):
            refused()
    assert seal(ddl, force=True).sealed == 3
    check_seal(ddl)


def test_wrong_numbers_and_folders_are_not_sealed(ddl: Path) -> None:
    (ddl / "0001_create_d.sql").write_text("SELECT 3;\n")
    with pytest.raises(MigrationError, match="number 0001 stands twice"):
        seal(ddl)
    with pytest.raises(WrongUseError, match="no such folder"):
        seal(ddl / "nowhere")
    assert not (ddl / SUM).exists()


def test_the_seal_is_read_from_an_archive(ddl: Path, tmp_path: Path) -> None:
    seal(ddl)
    wheel = tmp_path / "a.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path in ddl.rglob("*.*"):
            archive.write(path, f"dq_databricks/ddl/{path.relative_to(ddl)}")
    inside = zipfile.Path(wheel, "dq_databricks/ddl/")
    check_seal(inside)
    check_sealed(read_scripts(ddl), inside)


def test_the_shipped_files_are_sealed() -> None:
    check_seal(shipped_folder())
