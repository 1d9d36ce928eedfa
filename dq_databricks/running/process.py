"""Names of processes: which one has a job, and whether it is still there.

A name holds host, process id and start time, so that a process id that was given out again, a
machine that was started anew or another container is never taken for the same process.
"""

from __future__ import annotations

import os
import signal
import socket
from contextlib import suppress
from functools import cache
from pathlib import Path

_PROC = Path("/proc")
_UNKNOWN = "-"


def this_process() -> str:
    """The name of this process."""
    return name_of(os.getpid())


def name_of(pid: int) -> str:
    """The name of a process of this host."""
    return f"{host()}/{pid}/{_started(pid) or _UNKNOWN}"


@cache
def host() -> str:
    """This host since it was last started; containers are hosts of their own."""
    return f"{socket.gethostname()}:{_boot()}:{_namespace()}".replace("/", "_")


def is_here(name: str) -> bool:
    """Whether the process of `name` is, or was, one of this host."""
    return name.rpartition("/")[0].rpartition("/")[0] == host()


def is_gone(name: str) -> bool:
    """Whether the process of `name` has surely ended: it was of this host and is no more."""
    pid, started = _parts(name)
    return is_here(name) and started != _UNKNOWN and _started(pid) != started


def stop(name: str, *, kill: bool = False) -> None:
    """Ask the process of `name` to end, or make it; nothing when it is gone or elsewhere."""
    pid, started = _parts(name)
    if is_here(name) and _started(pid) == started:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL if kill else signal.SIGTERM)


def _parts(name: str) -> tuple[int, str]:
    before, _, started = name.rpartition("/")
    pid = before.rpartition("/")[2]
    return (int(pid) if pid.isdigit() else 0), started


def _started(pid: int) -> str | None:
    """When a process started, in ticks since boot; None when there is none that still runs."""
    try:
        text = (_PROC / str(pid) / "stat").read_text()
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()  # the name before may hold anything
    return None if fields[0] in "ZX" else fields[19]


def _boot() -> str:
    try:
        return (_PROC / "sys/kernel/random/boot_id").read_text()[:8]
    except OSError:
        return _UNKNOWN


def _namespace() -> str:
    try:
        return (_PROC / "self/ns/pid").readlink().name.strip("pid:[]")
    except OSError:
        return _UNKNOWN
