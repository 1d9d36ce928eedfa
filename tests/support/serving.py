"""A real `dq serve` in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

START_S, STOP_S = 120.0, 30.0


@dataclass(frozen=True)
class Served:
    """A running service: its process, where it is, and an administrator's key."""

    process: subprocess.Popen[str]
    address: str
    key: str

    def client(self) -> httpx.Client:
        """A client that sends the key."""
        headers = {"X-API-Key": self.key}
        return httpx.Client(base_url=self.address, headers=headers, timeout=30)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, float]:
        """Send a signal; the exit code, and the seconds it took."""
        started = time.monotonic()
        self.process.send_signal(number)
        return self.process.wait(STOP_S), time.monotonic() - started


@contextmanager
def serving(home: Path, *arguments: str, log: Path | None = None, **env: str) -> Iterator[Served]:
    """A service over the lake below `home`, on a free port; killed at the end if it still runs."""
    program = "from dq_databricks.cli import main; main()"
    command = [sys.executable, "-c", program, "--home", str(home), "serve"]
    environment = {**os.environ, "DQ_DURABLE": "false", **env}
    with (log or Path(os.devnull)).open("w") as errors:
        process = subprocess.Popen(
            [*command, "--port", "0", "--json", *arguments],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env=environment,
        )
    try:
        told = _document(process)
        yield Served(process, told["address"], told["key"])
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _document(process: subprocess.Popen[str]) -> dict[str, str]:
    """The one JSON document on stdout, which ends with a closing brace."""
    lines: list[str] = []
    for line in process.stdout or ():
        lines.append(line)
        if line == "}\n":
            document: dict[str, str] = json.loads("".join(lines))
            return document
    raise AssertionError(f"dq serve ended with {process.wait()} before it said where it is")
