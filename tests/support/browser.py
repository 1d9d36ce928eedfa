"""A real `dq serve` over a small lake, and headless Chromium to look at it with.

Chromium is the one of the system. Without it the lane is skipped aloud; CI refuses that.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from dq_databricks import open_quality
from dq_databricks.model.catalog import DEFAULT_WORKSPACE
from dq_databricks.sql.statement import Statement
from tests.support.provisioned import put_schema
from tests.support.stocked import Stock, create_orders, stock

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
WAIT_MS = 20_000
_STARTED_WITHIN_S = 60


@dataclass(frozen=True)
class Served:
    """A running service: where it is, a key of an administrator, and what it holds."""

    address: str
    key: str
    home: Path
    held: Stock
    customers_id: str


def chromium_path() -> str:
    """The browser of the system; skips without one, and fails instead under CI."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        reason = f"none of {', '.join(NAMES)} is installed"
        if os.environ.get("CI"):
            pytest.fail(f"browser lane cannot run, and CI refuses skips: {reason}")
        pytest.skip(f"browser lane: {reason}")
    return found


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless browser."""
    path = chromium_path()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def served(home: Path) -> Iterator[Served]:
    """`dq serve` over a lake with one of everything, on a free port."""
    held, customers_id = _prepared(home)
    command = [Path(sys.executable).with_name("dq"), "serve", "--port", "0", "--json"]
    environment = {**os.environ, "DQ_HOME": str(home), "DQ_USER": "tester", "DQ_DURABLE": "false"}
    log = home / "serve.log"
    with (
        log.open("w") as said,
        subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=said, text=True
        ) as process,
    ):
        try:
            started = _document(process, log)
            yield Served(started["address"], started["key"], home, held, customers_id)
        finally:
            process.terminate()
            process.wait(_STARTED_WITHIN_S)


def signed_in(page: Page, at: Served, *, key: str | None = None) -> Page:
    """`page`, signed in with `key` (the administrator's by default) and on the overview."""
    page.set_default_timeout(WAIT_MS)
    page.goto(f"{at.address}/sign-in")
    page.fill("input[name=key]", key or at.key)
    page.click("main button")
    page.wait_for_url(f"{at.address}/")
    return page


def _document(process: subprocess.Popen[str], log: Path) -> dict[str, str]:
    """The JSON document that the service prints once it takes requests."""
    text = ""
    assert process.stdout is not None
    for line in process.stdout:
        text += line
        if line.startswith("}"):
            document: dict[str, str] = json.loads(text)
            return document
    raise AssertionError(f"dq serve ended with {process.wait()}: {text}{log.read_text()}")


def _prepared(home: Path) -> tuple[Stock, str]:
    """A lake with `main.shop.orders` in full, and `main.shop.customers` profiled only."""
    put_schema(home, "dq_metadata")
    with open_quality(home=home, durable=False, user="tester") as quality:
        create_orders(quality.engine)
        held = stock(quality, DEFAULT_WORKSPACE, "default")
        quality.jobs.cancel(held.job_id)
        for text in (
            "CREATE TABLE main.shop.customers (customer_id BIGINT, country STRING) USING DELTA",
            "INSERT INTO main.shop.customers VALUES "
            + ", ".join(f"({number}, 'AT')" for number in range(60)),
        ):
            quality.engine.execute(Statement(text))
        entry = quality.catalog.add_table("main.shop.customers", group="shop")
        quality.profile(entry.table_id)
    return held, entry.table_id
