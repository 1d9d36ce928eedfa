"""Pictures of the main pages for the README: real flights, month by month, in a real browser.

``python -m tools.screenshots [FOLDER]`` plays 2013 on a clock of its own, so that runs stand a
month apart, serves the pages on a free port and writes PNGs to docs/screenshots.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import uvicorn
from playwright.sync_api import Browser, sync_playwright

from dq_databricks import Quality
from dq_databricks.engine.open import open_engine
from dq_databricks.model.ids import Context
from dq_databricks.service.app import create_app
from dq_databricks.service.auth import default_authenticator
from dq_databricks.settings import Settings
from dq_databricks.sql.identifiers import TableName
from examples.flights_data import read, split_by_month
from examples.flights_lake import CATALOG, GROUP, load_first_half, watch

FOLDER = Path("docs/screenshots")
WIDE, NARROW = (1440, 900), (390, 844)
MOVING = ("flights", "weather")
# From this month on the tests are refreshed from what was learned since January.
LEARNED_IN = 9


class Clock:
    """A clock that the year is played on: it can be set, and runs on from there."""

    def __init__(self) -> None:
        self.set(7)

    def set(self, month: int, hour: int = 6) -> None:
        """It is the first of `month`; 13 is January."""
        year, month = (2014, month - 12) if month > 12 else (2013, month)
        self._at, self._since = datetime(year, month, 1, hour, tzinfo=UTC), time.monotonic()

    def now(self) -> datetime:
        """What time it is in the play."""
        return self._at + timedelta(seconds=time.monotonic() - self._since)


@dataclass(frozen=True)
class Shot:
    """One picture: a file name, an address (or a link to follow from there), and how to look."""

    name: str
    path: str
    link: str = ""
    size: tuple[int, int] = WIDE
    scheme: str = "light"


SHOTS = (
    Shot("overview", "/"),
    Shot("overview-dark", "/", scheme="dark"),
    Shot("overview-phone", "/", size=NARROW),
    Shot("table", "/tables?q=flights", r"/tables/[0-9a-f-]{36}"),
    Shot("test", "/tests?verdict=fail", r"/tests/[0-9a-f-]{36}"),
    Shot("run", "/runs", r"/runs/[0-9a-f-]{36}"),
    Shot("incidents", "/incidents"),
)


def main() -> None:
    """Play, serve, look, write."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as home,
        _played(Path(home)) as (address, key),
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=["--no-sandbox"]
        )
        for shot in SHOTS:
            _take(browser, shot, address, key, folder)
        browser.close()


def _take(browser: Browser, shot: Shot, address: str, key: str, folder: Path) -> None:
    context = browser.new_context(
        viewport={"width": shot.size[0], "height": shot.size[1]},
        color_scheme=shot.scheme,
        extra_http_headers={"X-API-Key": key},
    )
    page = context.new_page()
    page.goto(address + shot.path)
    if shot.link:
        found = re.search(rf'href="({shot.link})["?#]', page.content())
        if found is None:
            raise SystemExit(f"{shot.path} has no link to {shot.link}")
        page.goto(address + found[1])
    path = folder / f"{shot.name}.png"
    page.screenshot(path=path)
    print(f"{path}  {path.stat().st_size // 1000} kB")
    context.close()


@contextmanager
def _played(home: Path) -> Iterator[tuple[str, str]]:
    clock = Clock()
    context = Context(now=clock.now)
    settings = Settings.load({}, home=home, durable=False, user="steward", rate_limit_per_s=0)
    engine = open_engine(settings)
    with Quality(settings, engine, context) as quality:
        quality.migrate()
        load_first_half(quality, lambda *_: None)
        watch(quality)
        quality.profile(group=GROUP)
        quality.propose(group=GROUP, apply=True)
        quality.test(group=GROUP)
        for month in range(7, 13):
            clock.set(month + 1)
            _play(quality, month)
        key = quality.access.keys.create("steward", role="admin").key
        clock.set(13, hour=8)
        worked = quality.incidents.list(limit=1).items
        for incident in worked:
            quality.incidents.acknowledge(incident.incident_id)
        app = create_app(
            settings, default_authenticator(settings, context), engine=engine, context=context
        )
        with _serving(app) as address:
            yield address, key


def _play(quality: Quality, month: int) -> None:
    """A month arrives, is tested, and is profiled."""
    for table in MOVING:
        rows = _of_month(table, month)
        quality.engine.append(TableName(CATALOG, GROUP, table), rows)
    quality.test(group=GROUP)
    quality.profile(group=GROUP)
    if month == LEARNED_IN:
        quality.propose(group=GROUP, apply=True)


def _of_month(table: str, month: int) -> pa.Table:
    second_half = split_by_month(table, read(table))[1]
    if second_half is None:
        raise SystemExit(f"{table} does not move")
    return second_half.filter(pc.equal(second_half["month"], month))


@contextmanager
def _serving(app: object) -> Iterator[str]:
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.05)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


if __name__ == "__main__":
    main()
