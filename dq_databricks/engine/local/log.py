"""The Delta log of one folder: which version is the latest, and whether the log is whole."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

from dq_databricks.errors import DamagedTableError, TableNotFoundError

LOG = "_delta_log"
_COMMIT = re.compile(r"(\d{20})\.json")
_CHECKPOINT = re.compile(r"(\d{20})\.checkpoint(?:\.[^.]+(?:\.\d{10})?)?\.(parquet|json)")
_PARQUET_MAGIC = b"PAR1"
FIRST_COMMIT = f"{0:020d}.json"


@dataclass(frozen=True, slots=True)
class LogFiles:
    """The files of a log: versions with a commit file, and checkpoint files by version."""

    folder: Path
    commits: tuple[int, ...]
    checkpoints: dict[int, tuple[Path, ...]] = field(default_factory=dict)

    @property
    def latest(self) -> int:
        """The latest version."""
        return max((*self.commits[-1:], *self.checkpoints))

    def commit_path(self, version: int) -> Path:
        """The commit file of `version`."""
        return self.folder / LOG / f"{version:020d}.json"

    def start(self, version: int) -> int | None:
        """The newest checkpoint at or before `version`; None: replay from the first commit."""
        return max((v for v in self.checkpoints if v <= version), default=None)


def is_log_file(name: str) -> bool:
    """Whether a file of this name is a commit or a checkpoint."""
    return bool(_COMMIT.fullmatch(name) or _CHECKPOINT.fullmatch(name))


def list_log(folder: Path, *, table: str) -> LogFiles:
    """List the log below `folder` and check that it is whole.

    Raises TableNotFoundError (no log) and DamagedTableError (empty or truncated last commit,
    a missing commit, an unreadable checkpoint).
    """
    commits: list[int] = []
    checkpoints: dict[int, list[Path]] = {}
    for name in _names(folder, table=table):
        if match := _COMMIT.fullmatch(name):
            commits.append(int(match[1]))
        elif match := _CHECKPOINT.fullmatch(name):
            checkpoints.setdefault(int(match[1]), []).append(folder / LOG / name)
    if not commits and not checkpoints:
        raise TableNotFoundError(f"table {table}: its log holds no commit")
    files = LogFiles(
        folder, tuple(sorted(commits)), {v: tuple(sorted(p)) for v, p in checkpoints.items()}
    )
    _check(files, table=table)
    return files


def _names(folder: Path, *, table: str) -> list[str]:
    try:
        return [path.name for path in (folder / LOG).iterdir()]
    except (FileNotFoundError, NotADirectoryError) as error:
        raise TableNotFoundError(f"table {table} not found: it has no Delta log") from error


def _check(files: LogFiles, *, table: str) -> None:
    start = files.start(files.latest)
    for path in files.checkpoints.get(start, ()) if start is not None else ():
        _check_checkpoint(path, table=table)
    needed = range((start if start is not None else -1) + 1, files.latest + 1)
    present = set(files.commits)
    if missing := [version for version in needed if version not in present]:
        raise DamagedTableError(
            f"table {table}: commit {missing[0]} is missing from its log, later ones are there; "
            f"put back {files.commit_path(missing[0])} from a backup"
        )
    if needed:
        check_commit(files.commit_path(files.latest), table=table)


def _check_checkpoint(path: Path, *, table: str) -> None:
    if path.suffix != ".parquet":
        return
    with path.open("rb") as file:
        head = file.read(4)
        file.seek(max(0, path.stat().st_size - 4))
        tail = file.read(4)
    if (head, tail) != (_PARQUET_MAGIC, _PARQUET_MAGIC):
        raise DamagedTableError(
            f"table {table}: checkpoint {path} is not a parquet file; remove it "
            "when all commit files are there, else put it back from a backup"
        )


def check_commit(path: Path, *, table: str) -> None:
    """Raise DamagedTableError when a commit file is empty or ends within a line."""
    content = path.read_bytes()
    lines = [line for line in content.splitlines() if line.strip()]
    try:
        whole = bool(lines) and isinstance(json.loads(lines[-1]), dict)
    except ValueError:
        whole = False
    if not whole:
        found = "is empty" if not content.strip() else "ends within a line"
        raise DamagedTableError(
            f"table {table}: its last commit {path} {found}; the version was not fully written. "
            "Put the file back from a backup, or remove it to return to the version before"
        )


@dataclass(slots=True)
class LatestVersions:
    """Remembers the latest checked version by folder; noticing a change costs two file looks."""

    _known: dict[Path, tuple[LogFiles, tuple[int, int]]] = field(default_factory=dict)

    def latest(self, folder: Path, *, table: str) -> LogFiles:
        """The checked log of `folder` as it is now."""
        known = self._known.get(folder)
        if known is not None and self._unchanged(*known):
            return known[0]
        files = list_log(folder, table=table)
        self._known[folder] = (files, _mark(files.commit_path(files.latest)))
        return files

    def forget(self, folder: Path) -> None:
        """Look anew the next time: the folder was written, made or dropped."""
        self._known.pop(folder, None)

    @staticmethod
    def _unchanged(files: LogFiles, mark: tuple[int, int]) -> bool:
        newer = files.commit_path(files.latest + 1)
        return not newer.exists() and _mark(files.commit_path(files.latest)) == mark


def _mark(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except FileNotFoundError:
        return (-1, -1)
    return (found.st_size, found.st_mtime_ns)
