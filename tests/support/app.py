"""`dq serve` as a Databricks App: a real process with the variables that the platform sets."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import yaml

from tests.support.jobs import waited
from tests.support.workspace import CLIENT_ID, CLIENT_SECRET, WAREHOUSE_ID, Workspace
from tools.app_source import SOURCE

SERVICE_SECRET = "secret-of-the-service-that-nobody-may-see-0123"
PROFILE_JOB, TEST_JOB = "7001", "7002"
APP = yaml.safe_load((SOURCE / "app.yaml").read_text())
RESOURCES = {
    "warehouse": WAREHOUSE_ID,
    "profile-job": PROFILE_JOB,
    "test-job": TEST_JOB,
    "service-secret": SERVICE_SECRET,
}
"""What `valueFrom` gives for each resource of the app."""
WAIT_S = 90
"""How long a test waits for the end; that the process keeps the limit itself is its own clock."""


@dataclass(frozen=True)
class RunningApp:
    """One process of the app, as it stands behind the proxy."""

    process: subprocess.Popen[str]
    address: str
    log: Path

    def of(self, email: str = "", **headers: str) -> httpx.Client:
        """A client whose requests came through the proxy, from the person with this address."""
        proxy = {"X-Forwarded-Email": email, "X-Real-Ip": "203.0.113.9"} if email else {}
        return httpx.Client(base_url=self.address, headers={**proxy, **headers}, timeout=60)

    def stop(self) -> int:
        """Send what the platform sends first; the exit code, negative when it was killed."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(WAIT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()

    @property
    def output(self) -> str:
        return self.log.read_text()


@contextmanager
def running_app(
    found: Workspace, folder: Path, *, cwd: Path | None = None, **env: str
) -> Iterator[RunningApp]:
    """The app over `found`, with its variables and `env` on top; killed if it still runs."""
    port, log = _free_port(), folder / "app.log"
    command = [sys.executable, *APP["command"][1:]]
    with log.open("w") as said:
        process = subprocess.Popen(
            command,
            stdout=said,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=cwd,
            env={**_inherited(), **variables(found, port), **env},
        )
    address = f"http://127.0.0.1:{port}"
    try:
        waited(lambda: _is_up(process, address, log))
        yield RunningApp(process, address, log)
    finally:
        process.kill()
        process.wait()


def variables(found: Workspace, port: int) -> dict[str, str]:
    """What the platform sets: its own variables, then those of app.yaml with its resources."""
    told = {entry["name"]: entry.get("value") for entry in APP["env"] if "value" in entry}
    named = {
        entry["name"]: RESOURCES[entry["valueFrom"]] for entry in APP["env"] if "valueFrom" in entry
    }
    return {
        "DATABRICKS_APP_NAME": "dq",
        "DATABRICKS_APP_PORT": str(port),
        "DATABRICKS_HOST": found.host,
        "DATABRICKS_CLIENT_ID": CLIENT_ID,
        "DATABRICKS_CLIENT_SECRET": CLIENT_SECRET,
        **told,
        **named,
        "DQ_PLATFORM_ADMINS": "ada@example.com",
    }


def _inherited() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if not k.startswith(("DATABRICKS_", "DQ_"))}


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def _is_up(process: subprocess.Popen[str], address: str, log: Path) -> bool | None:
    if process.poll() is not None:
        raise AssertionError(f"the app ended with {process.returncode}: {log.read_text()}")
    try:
        return httpx.get(f"{address}/health").status_code == 200
    except httpx.TransportError:
        return None
