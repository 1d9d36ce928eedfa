"""One service and one browser for all journeys: starting them costs more than the journeys."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.support.browser import WAIT_MS, Served, chromium, served, signed_in


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="package")
def at(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(Path(tmp_path_factory.mktemp("lake"))) as running:
        yield running


@pytest.fixture
def page(browser: Browser, at: Served) -> Iterator[Page]:
    """A page of a new visitor who signed in; what its console complains of fails the test."""
    context = browser.new_context(base_url=at.address)
    complaints: list[str] = []
    opened = context.new_page()
    opened.set_default_timeout(WAIT_MS)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("console", lambda said: complaints.append(said.text) if _is_bad(said) else None)
    yield signed_in(opened, at)
    context.close()
    assert complaints == []


def _is_bad(said: object) -> bool:
    """Whether the console complains; that an answer is 4xx is no complaint of ours."""
    text, kind = getattr(said, "text", ""), getattr(said, "type", "")
    return kind in ("error", "warning") and "Failed to load resource" not in text
