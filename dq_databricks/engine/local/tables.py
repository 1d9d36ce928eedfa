"""Delta tables by folder: the latest version, the state at a version, what cannot be read."""

from __future__ import annotations

import threading
from collections import OrderedDict
from datetime import UTC, datetime
from pathlib import Path

from dq_databricks.engine.local.files import check_names
from dq_databricks.engine.local.log import LatestVersions, LogFiles
from dq_databricks.engine.local.replay import TableState, commit_time, replay
from dq_databricks.errors import DamagedTableError, SqlError, UnsupportedError

_REMEMBERED = 256


class DeltaTables:
    """Looks up logs and remembers what it replayed; a new commit is always noticed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._latest = LatestVersions()
        self._states: OrderedDict[tuple[Path, int], tuple[str, TableState]] = OrderedDict()
        self._readable: set[Path] = set()

    def log(self, folder: Path, *, table: str) -> LogFiles:
        """The checked log of a folder. Raises TableNotFoundError, DamagedTableError."""
        with self._lock:
            return self._latest.latest(folder, table=table)

    def forget(self, folder: Path) -> None:
        """Look anew: the folder was written, made or dropped."""
        with self._lock:
            self._latest.forget(folder)

    def drop(self, folder: Path) -> None:
        """Forget everything about a folder that was dropped."""
        with self._lock:
            self._latest.forget(folder)
            self._readable.discard(folder)
            for key in [key for key in self._states if key[0] == folder]:
                del self._states[key]

    def state(self, folder: Path, version: int | None, *, table: str) -> TableState:
        """The state at `version` (None: the latest), replayed at most once.

        Raises SqlError when there is no such version, UnsupportedError for a shallow clone.
        """
        log = self.log(folder, table=table)
        wanted = log.latest if version is None else version
        key = (folder, wanted)
        mark = _mark(log, wanted)
        with self._lock:
            known = self._states.get(key)
        if known is not None and known[0] == mark:
            return known[1]
        state = replay(log, wanted, table=table)
        _check_readable(state, table=table)
        with self._lock:
            self._states[key] = (mark, state)
            while len(self._states) > _REMEMBERED:
                self._states.popitem(last=False)
        return state

    def readable_version(self, folder: Path, version: int | None, *, table: str) -> int:
        """The version to read, once the table is known to be one that DuckDB reads right."""
        log = self.log(folder, table=table)
        wanted = log.latest if version is None else version
        if not 0 <= wanted <= log.latest:
            raise SqlError(f"table {table} has no version {wanted}; its latest is {log.latest}")
        if folder not in self._readable:
            self.state(folder, wanted, table=table)
            with self._lock:
                self._readable.add(folder)
        return wanted

    def version_at(self, folder: Path, moment: datetime, *, table: str) -> int:
        """The version that was the latest at `moment`.

        Raises SqlError when the table is younger, or has no commit as late as `moment`.
        """
        log = self.log(folder, table=table)
        times = [(v, _time(log, v, table)) for v in log.commits]
        before = [version for version, at in times if at <= moment]
        if not before:
            raise SqlError(
                f"table {table} has no version at {moment}; its first is of {times[0][1]}"
            )
        if moment > times[-1][1]:
            raise SqlError(f"table {table}: {moment} is after its latest version of {times[-1][1]}")
        return max(before)


def _time(log: LogFiles, version: int, table: str) -> datetime:
    at = commit_time(log.commit_path(version))
    if at is None:
        raise DamagedTableError(f"table {table}: commit {version} has vanished from its log")
    return at.astimezone(UTC)


def _mark(log: LogFiles, version: int) -> str:
    path = log.commit_path(version)
    if not path.exists():
        return ""
    found = path.stat()
    return f"{found.st_ino}:{found.st_size}:{found.st_mtime_ns}"


def _check_readable(state: TableState, *, table: str) -> None:
    check_names([str(field["name"]) for field in state.fields], what=f"table {table}")
    for file in state.files.values():
        if file.path.startswith("/") or ":/" in file.path:
            raise UnsupportedError(
                f"table {table} names data files outside its folder ({file.path}): "
                "a shallow clone is not read by the local engine; read the table it was cloned from"
            )
