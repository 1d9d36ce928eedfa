"""What holds for every page: readable for all, on a phone too, and nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.support.browser import Served, signed_in

pytestmark = pytest.mark.xdist_group("browser")

PAGES = (
    "/",
    "/tables",
    "/tables/{table_id}",
    "/tables/{table_id}/columns/amount",
    "/profiles",
    "/profiles/{profile_run_id}",
    "/proposals",
    "/proposals/{table_id}",
    "/groups",
    "/connections",
    "/connections/{connection_id}",
    "/connections/{connection_id}?look=1",
    "/projects",
    "/incidents",
    "/incidents/{incident_id}",
    "/alerts",
    "/alerts?state=all",
    "/tests",
    "/tests/new",
    "/tests/new?table={table_id}&check=values_in_range",
    "/tests/{test_id}",
    "/tests/{test_id}/edit",
    "/tests/{test_id}/failed-rows",
    "/suites",
    "/runs",
    "/runs?kind=profile",
    "/runs/new",
    "/runs/{run_id}",
    "/schedules",
    "/schedules/new",
    "/schedules/{schedule_id}",
    "/schedules/{schedule_id}/edit",
    "/checks",
    "/checks/accepted_values",
    "/settings",
    "/settings/migrations",
    "/settings/restore-points",
    "/audit",
    "/keys",
    "/tests/there-is-none",
)
WCAG = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1440, "height": 900}


@pytest.fixture(scope="module")
def visitor(browser: Browser, at: Served) -> Iterator[Page]:
    """One signed-in page for all of them."""
    with browser.new_context(base_url=at.address, viewport=DESK) as context:
        yield signed_in(context.new_page(), at)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_accessible_fits_a_phone_and_stays_at_home(
    visitor: Page, at: Served, path: str
) -> None:
    asked: list[str] = []
    visitor.on("request", lambda request: asked.append(request.url))
    answer = visitor.goto(path.format(**asdict(at.held)))
    assert answer is not None
    assert answer.status == (404 if "there-is-none" in path else 200)
    assert {mode: _violations(visitor, mode) for mode in ("light", "dark")} == {
        "light": [],
        "dark": [],
    }
    visitor.set_viewport_size(PHONE)
    assert visitor.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    visitor.set_viewport_size(DESK)
    assert [url for url in asked if not url.startswith((at.address, "data:"))] == []


def test_signing_in_is_accessible(browser: Browser, at: Served) -> None:
    with browser.new_context(base_url=at.address) as context:
        page = context.new_page()
        page.goto("/sign-in")
        assert _violations(page, "light") + _violations(page, "dark") == []


def _violations(page: Page, mode: str) -> list[str]:
    """The rules of WCAG A and AA that the page breaks in light or dark, with the places."""
    page.emulate_media(color_scheme="dark" if mode == "dark" else "light", reduced_motion="reduce")
    found = Axe().run(page, options={"runOnly": list(WCAG), "resultTypes": ["violations"]})
    return [
        f"{one['id']}: {node['html'][:160]}"
        for one in found.response["violations"]
        for node in one["nodes"]
    ]
