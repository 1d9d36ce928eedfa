"""The seal of the migration files: `ddl.sum` holds a checksum of each file that was merged.

Line ends and trailing blanks do not count. The first line is a hash over all others, so two
branches that both add a file meet in a merge conflict instead of silently side by side.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path

from dq_databricks.errors import SealError, WrongUseError
from dq_databricks.lifecycle.migrations.scripts import (
    Script,
    checksum_of,
    read_scripts,
    shipped_folder,
)

SUM = "ddl.sum"
ROLLBACK = "rollback"
Folder = Traversable | Path
_CONFLICT = re.compile(r"^(<{7}|={7}|>{7}|\|{7})( |$)")
_LINE = re.compile(r"^(?P<checksum>[0-9a-f]{64}) (?P<name>\S+)$")
_HEAD = re.compile(r"^h1:[0-9a-f]{64}$")


@dataclass(frozen=True, slots=True)
class SealReport:
    """What sealing did: the relative names of files by what became of their lines."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    sealed: int = 0


def seal(folder: Path, *, force: bool = False) -> SealReport:
    """Write `ddl.sum` for the files of `folder`; new files are added to it.

    Raises WrongUseError when there is no such folder; MigrationError for files that are wrongly
    named or numbered; SealError for a sealed file that changed or vanished, and for a seal that is
    damaged or in conflict, unless `force`.
    """
    require_folder(folder)
    read_scripts(folder)
    found = checksums(folder)
    sealed = _lenient(folder) if force else read_seal(folder)
    if not force:
        _refuse_differences(sealed, found, sealed)
    _write(folder, found)
    return SealReport(
        added=tuple(name for name in found if name not in sealed),
        changed=tuple(n for n in found if n in sealed and sealed[n] != found[n]),
        removed=tuple(name for name in sealed if name not in found),
        sealed=len(found),
    )


def check_seal(folder: Folder, names: Iterable[str] | None = None) -> None:
    """Compare files with their seal: all of `folder`, or those of the migrations `names`.

    Raises SealError for a file that is not sealed, changed since, or is missing.
    """
    sealed = read_seal(folder)
    if names is None:
        found = checksums(folder)
        _refuse_differences(sealed, found, {**found, **sealed})
        return
    wanted = [path for name in names for path in (f"{name}.sql", f"{ROLLBACK}/{name}.sql")]
    found = {path: checksum for path in wanted if (checksum := _checksum(folder, path))}
    _refuse_differences(sealed, found, [path for path in wanted if path in {**found, **sealed}])


def check_sealed(scripts: Sequence[Script], folder: Folder | None = None) -> None:
    """Refuse scripts of the shipped files whose text, as it was read, is not what was sealed.

    Reads one small file, and the rollback files of these scripts. Raises SealError.
    """
    if not scripts:
        return
    place = shipped_folder() if folder is None else folder
    check_seal(place, [script.name for script in scripts])
    sealed = read_seal(place)
    read = {f"{script.name}.sql": script.checksum for script in scripts}
    _refuse_differences(sealed, read, read)


def differences(sealed: Mapping[str, str], found: Mapping[str, str]) -> dict[str, str]:
    """What is wrong with each file whose checksum is not the sealed one, by relative name."""
    wrong = {}
    for name in sorted({*sealed, *found}, key=file_order):
        if name not in found:
            wrong[name] = (
                f"ddl/{name} is missing: it was sealed with checksum {sealed[name]}; "
                "restore the file"
            )
        elif name not in sealed:
            wrong[name] = (
                f"ddl/{name} is not sealed: its checksum is {found[name]}; run `dq ddl seal` "
                "when it is ready and commit ddl/ddl.sum with it"
            )
        elif sealed[name] != found[name]:
            wrong[name] = (
                f"ddl/{name} changed after it was sealed: sealed with checksum {sealed[name]}, "
                f"the file now has {found[name]}; restore it and put the change into a new "
                "migration (dq ddl new), or run `dq ddl seal --force` when nobody has applied it"
            )
    return wrong


def checksums(folder: Folder) -> dict[str, str]:
    """The checksum of each file by relative name: each migration, then its rollback."""
    names = [entry.name for entry in folder.iterdir() if entry.name.endswith(".sql")]
    rollbacks = folder / ROLLBACK
    if rollbacks.is_dir():
        names += [f"{ROLLBACK}/{e.name}" for e in rollbacks.iterdir() if e.name.endswith(".sql")]
    return {name: _text_checksum(folder, name) for name in sorted(names, key=file_order)}


def read_seal(folder: Folder) -> dict[str, str]:
    """The sealed checksums by relative name; empty when nothing was ever sealed.

    Raises SealError for a merge conflict, a line that cannot be read, or a first line that is not
    the hash of the others; the message says which line.
    """
    place = folder / SUM
    if not place.is_file():
        return {}
    lines = place.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, 1):
        if _CONFLICT.match(line):
            raise SealError(
                f"ddl/{SUM}:{number}: merge conflict: another branch sealed other files; renumber "
                "your migration when both have the same number, take the other branch's "
                f"ddl/{SUM} as a whole, then run `dq ddl seal`"
            )
        if not (_LINE if number > 1 else _HEAD).match(line):
            raise SealError(
                f"ddl/{SUM}:{number}: {line[:80]!r} is no line of a seal; "
                f"restore ddl/{SUM} and run `dq ddl seal`"
            )
    if not lines or lines[0] != _head(lines[1:]):
        raise SealError(
            f"ddl/{SUM}:1: the first line is not the hash of the lines below it: the file was "
            f"edited by hand or badly merged; restore ddl/{SUM} and run `dq ddl seal`"
        )
    return _entries(lines[1:])


def require_folder(folder: Path) -> None:
    """Raise WrongUseError unless `folder` is one."""
    if not folder.is_dir():
        raise WrongUseError(f"{folder}: no such folder; name the one with your migrations")


def _lenient(folder: Path) -> dict[str, str]:
    """What can be read of the seal, whatever state it is in."""
    place = folder / SUM
    lines = place.read_text(encoding="utf-8").splitlines() if place.is_file() else []
    return _entries([line for line in lines if _LINE.match(line)])


def _entries(lines: Sequence[str]) -> dict[str, str]:
    return {name: checksum for checksum, _, name in (line.partition(" ") for line in lines)}


def _refuse_differences(
    sealed: Mapping[str, str], found: Mapping[str, str], names: Iterable[str]
) -> None:
    wrong = differences(sealed, found)
    for name in names:
        if name in wrong:
            raise SealError(wrong[name])


def _write(folder: Path, found: Mapping[str, str]) -> None:
    lines = [f"{checksum} {name}" for name, checksum in found.items()]
    fresh = folder / f"{SUM}.new"
    fresh.write_text("\n".join([_head(lines), *lines]) + "\n", encoding="utf-8", newline="\n")
    fresh.replace(folder / SUM)


def _head(lines: Sequence[str]) -> str:
    return "h1:" + hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _checksum(folder: Folder, name: str) -> str | None:
    return _text_checksum(folder, name) if (folder / name).is_file() else None


def _text_checksum(folder: Folder, name: str) -> str:
    return checksum_of((folder / name).read_text(encoding="utf-8"))


def file_order(name: str) -> tuple[str, bool]:
    """Sorts relative names: by number, each migration before its rollback."""
    own = name.removeprefix(f"{ROLLBACK}/")
    return own, own != name
