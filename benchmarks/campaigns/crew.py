"""The worker processes of a campaign, seen from outside: hire, start, hit, let go."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
from pathlib import Path
from threading import Lock, Thread
from typing import Any

from benchmarks.campaigns.jobs import Job

READY_S = 60.0
_ROOT = Path(__file__).resolve().parents[2]


class Worker:
    """One process. It is spawned, never forked, and serves many jobs."""

    def __init__(self, errors: Path) -> None:
        self.errors = errors
        with errors.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.campaigns.worker"],
                cwd=_ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env={**os.environ, "POLARS_MAX_THREADS": "1", "TOKIO_WORKER_THREADS": "2"},
            )
        self._said: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        Thread(target=self._listen, daemon=True).start()

    @property
    def is_alive(self) -> bool:
        """Whether the process runs, stopped or not."""
        return self._process.poll() is None

    def prepare(self, job: Job) -> None:
        """Hand over a job; the worker waits for `go` once it is ready."""
        self._tell(job.text)

    def wait_ready(self) -> None:
        """Wait until the job is prepared. Raises RuntimeError when the process died."""
        said = self._said.get(timeout=READY_S)
        if said is None:
            raise RuntimeError(f"a worker died at its start, see {self.errors}")

    def go(self) -> None:
        """Start what was prepared."""
        self._tell("go")

    def outcome(self, timeout_s: float = 0.0) -> dict[str, Any] | None:
        """What the worker says of its job; None while it says nothing.

        A worker that died by itself says so.
        """
        try:
            said = self._said.get(timeout=timeout_s) if timeout_s else self._said.get_nowait()
        except queue.Empty:
            return None
        if said is not None and "ready" in said:
            return self.outcome(timeout_s)
        return said or {"error": "Died", "message": f"exit code {self._process.wait()}"}

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, unless it is gone."""
        if self.is_alive:
            os.kill(self._process.pid, number)

    def kill(self) -> None:
        """End it at once, whatever it does, and bury it."""
        self._process.kill()
        self._process.wait()

    def dismiss(self) -> None:
        """Tell it that no more jobs will come."""
        if self._process.stdin:
            self._process.stdin.close()

    def await_end(self) -> None:
        """Let it end by itself; kill it when it does not."""
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.kill()

    def _tell(self, line: str) -> None:
        if self._process.stdin is None:
            raise RuntimeError("the worker has no input")
        self._process.stdin.write(f"{line}\n".encode())
        self._process.stdin.flush()

    def _listen(self) -> None:
        for line in self._process.stdout or ():
            self._said.put(json.loads(line))
        self._said.put(None)


class Crew:
    """Workers that wait for their next job; several rounds may hire from it at once.

    Whoever is killed is replaced at once, so that the next round need not wait for Python.
    """

    def __init__(self, folder: Path, *, size: int = 6) -> None:
        self._folder = folder
        self._lock = Lock()
        self._count = 0
        folder.mkdir(parents=True, exist_ok=True)
        self._idle = [self._spawn() for _ in range(size)]

    def hire(self) -> Worker:
        """A worker that is free; a new one when nobody is."""
        with self._lock:
            while self._idle:
                worker = self._idle.pop(0)
                if worker.is_alive:
                    return worker
            return self._spawn()

    def bury(self, worker: Worker) -> None:
        """Make sure that a worker is dead, and start another one in its place."""
        worker.kill()
        with self._lock:
            self._idle.append(self._spawn())

    def release(self, worker: Worker) -> None:
        """Take back a worker that has done its job."""
        with self._lock:
            if worker.is_alive:
                self._idle.insert(0, worker)

    def close(self) -> None:
        """Let everybody go."""
        with self._lock:
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.dismiss()
        for worker in idle:
            worker.await_end()

    def _spawn(self) -> Worker:
        self._count += 1
        return Worker(self._folder / f"worker-{self._count}.err")

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
