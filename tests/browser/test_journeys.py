"""The main journeys through the pages, in a real browser against a real service."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import Served, signed_in

pytestmark = pytest.mark.xdist_group("browser")


def test_sign_in_leads_to_the_overview(page: Page, at: Served) -> None:
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator("nav[aria-label=Sections] a[aria-current=page]")).to_have_text("Overview")


def test_a_wrong_key_is_refused_and_said(browser: Browser, at: Served) -> None:
    with browser.new_context(base_url=at.address) as context:
        page = context.new_page()
        page.goto("/tests")
        expect(page).to_have_url(re.compile("/sign-in"))
        page.fill("input[name=key]", "dqp_wrong")
        page.click("main button")
        expect(page.locator(".wrong-text")).to_be_visible()


def test_open_a_table_and_one_of_its_columns(page: Page, at: Served) -> None:
    page.click("nav[aria-label=Sections] >> text=Tables")
    page.get_by_role("link", name="orders", exact=True).first.click()
    expect(page).to_have_url(re.compile(f"/tables/{at.held.table_id}"))
    page.get_by_role("link", name="amount", exact=True).first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("amount")


def test_review_proposals_and_store_them(page: Page, at: Served) -> None:
    page.goto("/proposals")
    row = page.get_by_role("row").filter(has_text="customers")
    row.get_by_role("link", name="Review").click()
    chosen = page.locator("input[name=chosen]").count()
    page.get_by_role("button", name="Store what is chosen").click()
    page.goto(f"/tests?table={at.customers_id}")
    assert chosen > 0
    expect(page.locator("tbody tr")).to_have_count(chosen)


def test_add_a_test(page: Page, at: Served) -> None:
    page.goto("/tests")
    page.get_by_role("link", name="Add a test").click()
    page.select_option("select[name=table]", at.held.table_id)
    page.select_option("select[name=check]", "values_in_range")
    page.get_by_role("button", name="Go on").click()
    page.select_option("select[name=column]", "amount")
    page.fill("input[name=p_min_value]", "5")
    page.get_by_role("button", name="Add the test").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("values_in_range of amount")


def test_what_does_not_fit_is_said_beside_what_was_typed(page: Page, at: Served) -> None:
    page.goto(f"/tests/new?table={at.held.table_id}&check=values_in_range&column=amount")
    page.fill("input[name=p_min_value]", "9")
    page.fill("input[name=p_max_value]", "3")
    page.get_by_role("button", name="Add the test").click()
    expect(page.get_by_role("alert")).to_contain_text("min_value is 9")
    expect(page.locator("input[name=p_min_value]")).to_have_value("9")


def test_an_edit_that_comes_too_late_shows_both_states(page: Page, at: Served) -> None:
    edit = f"/tests/{at.held.test_id}/edit"
    late = page.context.new_page()
    late.goto(edit)
    page.goto(edit)
    page.fill("input[name=name]", "the first name")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("the first name")
    late.fill("input[name=name]", "the late name")
    late.get_by_role("button", name="Save").click()
    row = late.get_by_role("row").filter(has_text="the late name")
    expect(row).to_contain_text("the first name")
    late.get_by_role("button", name="Save mine over version").click()
    expect(late.get_by_role("heading", level=1)).to_have_text("the late name")


def test_roll_a_test_back(page: Page, at: Served) -> None:
    page.goto(f"/tests/{at.held.test_id}/edit")
    page.select_option("select[name=severity]", "fatal")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".kv")).to_contain_text("fatal")
    rows = page.locator("table").last.locator("tbody tr")
    rows.nth(1).get_by_role("button").click()
    expect(page.get_by_role("status")).to_contain_text("The test is what it was at version")
    expect(page.locator(".kv")).not_to_contain_text("fatal")


def test_start_a_run_and_watch_it_end(page: Page, at: Served) -> None:
    page.goto("/runs/new")
    page.select_option("select[name=target]", f"table:{at.held.table_id}")
    page.get_by_role("button", name="Start").click()
    expect(page.locator(".badge", has_text="completed")).to_be_visible(timeout=45_000)
    expect(page.get_by_role("heading", name="Results, worst first")).to_be_visible()


def test_acknowledge_and_resolve_an_incident(page: Page, at: Served) -> None:
    page.goto("/incidents")
    page.locator(".card a").first.click()
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.locator(".title-line .badge")).to_have_text("acknowledged")
    page.select_option("select[name=resolution]", "expected")
    page.fill("#f-done", "Nobody fills in amounts on Sundays.")
    page.get_by_role("button", name="Resolve").click()
    expect(page.locator(".title-line .badge")).to_have_text("resolved")
    expect(page.locator(".timeline")).to_contain_text("Nobody fills in amounts on Sundays.")


def test_create_a_schedule_and_see_its_next_slots(page: Page, at: Served) -> None:
    page.goto("/schedules/new")
    page.fill("input[name=name]", "Every morning")
    page.select_option("select[name=target]", f"table:{at.held.table_id}")
    page.fill("input[name=cron]", "30 7 * * *")
    page.fill("input[name=timezone]", "Europe/Berlin")
    page.get_by_role("button", name="Show the next times").click()
    expect(page.locator("#next-times li")).to_have_count(5)
    page.get_by_role("button", name="Add the schedule").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Every morning")
    expect(page.locator("#next-times li").first).to_contain_text("07:30 CE")


def test_a_revoked_key_signs_out_who_used_it(page: Page, browser: Browser, at: Served) -> None:
    page.goto("/keys")
    page.fill("input[name=name]", "for a visitor")
    page.get_by_role("button", name="Make the key").click()
    key = page.input_value("#f-key")
    with browser.new_context(base_url=at.address) as context:
        visitor = signed_in(context.new_page(), at, key=key)
        visitor.goto("/tests")
        expect(visitor.get_by_role("heading", level=1)).to_have_text("Tests")
        page.get_by_role("link", name="I have copied it").click()
        page.on("dialog", lambda dialog: dialog.accept())
        row = page.get_by_role("row").filter(has_text="for a visitor")
        row.get_by_role("button", name="Revoke").click()
        expect(row).to_contain_text("revoked")
        visitor.goto("/tests")
        expect(visitor).to_have_url(re.compile("/sign-in"))
        assert key not in page.content()


def test_without_scripts_a_run_can_be_started_and_watched(browser: Browser, at: Served) -> None:
    with browser.new_context(base_url=at.address, java_script_enabled=False) as context:
        page = signed_in(context.new_page(), at)
        page.goto(f"/tests/{at.held.test_id}")
        page.get_by_role("button", name="Run the tests of its table").click()
        expect(page.locator(".badge", has_text="completed")).to_be_visible(timeout=45_000)


def test_the_keyboard_alone_leads_to_a_test(page: Page, at: Served) -> None:
    page.goto("/tests")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Skip to the content")
    page.keyboard.press("Enter")
    page.keyboard.press("/")
    page.keyboard.type("amount")
    page.keyboard.press("Enter")
    page.wait_for_url("**/tests?**q=amount**")
    wanted = page.locator("tbody th a").first.text_content()
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('tbody th') !== null"):
            break
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(wanted or "")
