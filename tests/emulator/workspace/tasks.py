"""Carries out one task: the deployed file, with the deployed wheel, in a process or in this one."""

from __future__ import annotations

import contextlib
import io
import os
import runpy
import subprocess
import sys
import traceback
import zipfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

CANCELLED = -15


@dataclass(frozen=True)
class Outcome:
    """How a task ended: 0, what it printed, and why it failed."""

    code: int
    logs: str = ""
    error: str = ""

    @property
    def is_fine(self) -> bool:
        return self.code == 0


class Executor(Protocol):
    """Runs a file with arguments; `wheels` are what its environment installs."""

    is_parallel: bool

    def run(self, file: Path, arguments: Sequence[str], wheels: Sequence[Path]) -> Outcome: ...

    def cancel(self) -> None: ...


@dataclass
class InProcesses:
    """Each task in a process of its own, in `folder`, with `environment` beside ours.

    Like the platform, it installs a wheel once for each name: the same name with another content
    goes on being what it was.
    """

    folder: Path
    environment: Mapping[str, str]
    is_parallel: bool = True
    _open: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def is_busy(self) -> bool:
        return bool(self._open)

    def run(self, file: Path, arguments: Sequence[str], wheels: Sequence[Path]) -> Outcome:
        path = os.pathsep.join(str(_installed(self.folder, wheel)) for wheel in wheels)
        env = {**os.environ, **self.environment, "PYTHONPATH": path}
        process = subprocess.Popen(
            [sys.executable, str(file), *arguments],
            cwd=self.folder,
            env=env,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self._open.append(process)
        logs, errors = process.communicate()
        self._open.remove(process)
        return Outcome(process.returncode, logs, errors if process.returncode else "")

    def cancel(self) -> None:
        for process in list(self._open):
            process.terminate()


@dataclass
class InThisProcess:
    """Each task here, one after the other, so that they share a session of Spark.

    The code is what is imported already, not what the wheel holds. Each has a thread of its own,
    in which `before` is called first.
    """

    environment: Mapping[str, str]
    before: Callable[[], object] = lambda: None
    is_parallel: bool = False

    def run(self, file: Path, arguments: Sequence[str], wheels: Sequence[Path]) -> Outcome:
        said = io.StringIO()
        argv, environment = sys.argv, dict(os.environ)
        sys.argv = [str(file), *arguments]
        os.environ.update(self.environment)
        try:
            with (
                contextlib.redirect_stdout(said),
                ThreadPoolExecutor(1, initializer=self.before) as thread,
            ):
                ended = thread.submit(runpy.run_path, str(file), run_name="__main__").exception()
        finally:
            sys.argv = argv
            os.environ.clear()
            os.environ.update(environment)
        if ended is None:
            return Outcome(0, said.getvalue())
        # The platform takes every SystemExit for a failure, that with 0 too.
        code = int(ended.code or 1) if isinstance(ended, SystemExit) else 1
        return Outcome(code, said.getvalue(), "".join(traceback.format_exception(ended)))

    def cancel(self) -> None:
        """Nothing that runs in this thread can be stopped."""


def _installed(folder: Path, wheel: Path) -> Path:
    place = folder / "installed" / wheel.stem
    if not place.exists():
        with zipfile.ZipFile(wheel) as packed:
            packed.extractall(place)
    return place
