"""Writes that are on the disk before they count, one local writer per table at a time."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from dq_databricks.engine.local.log import LOG
from dq_databricks.errors import EngineUnavailableError

LOCK_TIMEOUT_S = 60.0


@contextmanager
def table_lock(folder: Path, *, wait_s: float = LOCK_TIMEOUT_S) -> Iterator[None]:
    """Hold the advisory lock of a table: for fairness only, the commit itself is conditional.

    The operating system frees the lock of a process that dies; one that is stopped keeps it, so
    others wait `wait_s` seconds and no longer. Raises EngineUnavailableError after them.
    """
    lock = FileLock(folder.with_name(f".{folder.name}.lock"), timeout=wait_s)
    try:
        lock.acquire(poll_interval=0.005)
    except Timeout as error:
        raise EngineUnavailableError(
            f"{folder} is locked by another writer for {wait_s:g} s; nothing was written. Try "
            "again later; if no writer is at work, a stopped or hanging process holds the lock "
            f"(see: fuser {lock.lock_file})"
        ) from error
    try:
        yield
    finally:
        lock.release()


def flush_commits(folder: Path, first: int, added: list[str]) -> None:
    """Flush the data files `added` (relative paths), the commits from `first` and their folders."""
    log = folder / LOG
    commits = [path for path in log.iterdir() if _is_new(path, first)]
    data = [folder / path for path in added]
    parents = {path.parent for path in data} | {folder, folder.parent, log}
    for path in [*data, *commits, *sorted(parents)]:
        flush(path)


def flush_checkpoint(folder: Path, version: int) -> None:
    """Flush the checkpoint of `version`, the mark that points to it, and the log's folder."""
    log = folder / LOG
    for path in [*log.glob(f"{version:020d}.checkpoint*"), log / "_last_checkpoint", log]:
        flush(path)


def flush(path: Path) -> None:
    """Have the operating system write a file or folder to disk. A vanished file is no error."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return
    try:
        os.fsync(handle)
    except OSError as error:
        # Some file systems cannot flush a folder; they answer with EINVAL.
        if error.errno != errno.EINVAL:
            raise
    finally:
        os.close(handle)


def _is_new(path: Path, first: int) -> bool:
    number = path.name[:20]
    return number.isdigit() and int(number) >= first
