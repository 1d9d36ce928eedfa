"""`python -m benchmarks.service [--home .dq] [--seconds 10]`: reads, keyed writes, pages.

Without --home a lake is made with alerts in it; with one (such as that of `make demo`) a copy of it
is served. Nothing but the loopback is used.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Awaitable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil

from benchmarks.service.http import Connection
from benchmarks.service.load import Measured, Next, Request, as_fast_as_it_goes, at_rate
from dq_databricks import open_quality
from dq_databricks.model.alert import Alert

READS_PER_S, WRITES_PER_S, PAGE_P95_MS = 300, 100, 150
CONNECTIONS, ALERTS = 32, 2000


@dataclass(frozen=True)
class Service:
    """A running service and a key for it."""

    process: psutil.Process
    host: str
    port: int
    key: str

    def connections(self, count: int) -> list[Connection]:
        """Connections that send the key."""
        return [Connection(self.host, self.port, {"X-API-Key": self.key}) for _ in range(count)]

    def cpu_s(self) -> float:
        """CPU seconds of the process so far."""
        times = self.process.cpu_times()
        return times.user + times.system


def main() -> None:
    """Load a service and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, help="a lake to serve a copy of")
    parser.add_argument("--seconds", type=float, default=10.0, help="seconds a load")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="dq-load-") as folder:
        home = Path(folder) / "home"
        if chosen.home is not None:
            shutil.copytree(chosen.home, home)
        ids = _fill(home)
        with _served(home) as service:
            asyncio.run(_load(service, ids, chosen.seconds))


def _fill(home: Path) -> list[str]:
    """Alerts to read and to acknowledge; their ids."""
    now = datetime.now(UTC)
    rows = [
        Alert(
            alert_id=f"load-{number:05d}",
            source_type="test_failure",
            source_ref="load",
            severity="error",
            title=f"alert {number}",
            project_key="default",
            created_at=now,
            updated_at=now,
        )
        for number in range(ALERTS)
    ]
    with open_quality(home=home) as quality:
        quality.migrate()
        quality.catalog.add_connection("load", catalog="main", schema_name="load")
        quality.store.table(Alert).insert_missing(rows, is_audited=False)
    return [row.alert_id for row in rows]


@contextmanager
def _served(home: Path) -> Iterator[Service]:
    program = "from dq_databricks.cli import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", program, "--home", str(home), "serve", "--port", "0", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "DQ_RATE_LIMIT_PER_S": "0"},
    )
    try:
        lines = []
        for line in process.stdout or ():
            lines.append(line)
            if line == "}\n":
                break
        told = json.loads("".join(lines))
        host, port = told["address"].removeprefix("http://").rsplit(":", 1)
        yield Service(psutil.Process(process.pid), host, int(port), told["key"])
    finally:
        process.terminate()
        process.wait(30)


async def _load(service: Service, ids: Sequence[str], seconds: float) -> None:
    connections = service.connections(CONNECTIONS)
    reads, writes, kept = _reads(ids), _writes(ids), _writes(ids[::-1], keyed=True)
    print(f"{'load':<34}{'asked/s':>9}{'done/s':>9}{'p50 ms':>9}{'p95 ms':>9}{'cpu':>7}  statuses")
    await _told(service, "reads at the target", READS_PER_S, at_rate(
        connections, reads, per_s=READS_PER_S, seconds=seconds))  # fmt: skip
    await _told(service, "reads as fast as they go", None, as_fast_as_it_goes(
        connections[:8], reads, seconds=seconds / 2, most=100_000))  # fmt: skip
    half = len(ids) // 2
    await _told(service, "keyed writes as fast as they go", WRITES_PER_S, as_fast_as_it_goes(
        connections[:16], writes, seconds=seconds, most=half))  # fmt: skip
    await _told(service, "… with an Idempotency-Key", WRITES_PER_S, as_fast_as_it_goes(
        connections[:16], kept, seconds=seconds, most=half))  # fmt: skip
    for path in await _pages(connections[0]):
        await _told(service, f"page {path}", None, as_fast_as_it_goes(
            connections[:1], _page(path), seconds=seconds / 5, most=40))  # fmt: skip
    for connection in connections:
        connection.close()


async def _told(service: Service, name: str, wanted: int | None, load: Awaitable[Measured]) -> None:
    before = service.cpu_s()
    measured = await load
    cpu = (service.cpu_s() - before) / measured.took_s
    statuses = " ".join(f"{status}:{count}" for status, count in measured.statuses.items())
    print(
        f"{name:<34}{wanted or '':>9}{measured.rate:>9.0f}{measured.percentile_ms(0.5):>9.1f}"
        f"{measured.percentile_ms(0.95):>9.1f}{cpu:>7.0%}  {statuses}"
    )


def _reads(ids: Sequence[str]) -> Next:
    paths = ["/api/v1/alerts?limit=20", "/api/v1/alerts?only_open=true&limit=20"]

    def request(number: int) -> Request:
        one = f"/api/v1/alerts/{ids[number * 7 % 50]}"
        return "GET", one if number % 3 == 0 else paths[number % 2], None, {}

    return request


def _writes(ids: Sequence[str], *, keyed: bool = False) -> Next:
    def request(number: int) -> Request:
        headers = {"Idempotency-Key": uuid.uuid4().hex} if keyed else {}
        return "POST", f"/api/v1/alerts/{ids[number]}/acknowledge", None, headers

    return request


def _page(path: str) -> Next:
    return lambda _number: ("GET", path, None, {})


async def _pages(connection: Connection) -> list[str]:
    """The pages that the first one links to."""
    answer = await connection.ask("GET", "/")
    links = re.findall(r'href="(/[a-z-]*)(?:\?[^"]*)?"', answer.body.decode())
    return [path for path in dict.fromkeys(["/", *links]) if answer.status == 200]


if __name__ == "__main__":
    main()
