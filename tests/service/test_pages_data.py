"""The pages about data in a browser's eyes: what they show, what they cost, what their forms do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from dq_databricks.engine.caching import CachingEngine
from dq_databricks.engine.local import LocalEngine
from dq_databricks.model.ids import Context
from dq_databricks.quality import Quality
from dq_databricks.service.app import create_app
from dq_databricks.service.auth import default_authenticator
from dq_databricks.settings import Settings
from dq_databricks.sql.statement import Statement
from tests.support.local_engine import SHARED
from tests.support.provisioned import put_schema
from tests.support.service import make_key, make_workspace

HTML = {"Accept": "text/html"}
# What a request reads besides: who asks, in which workspace, and whether the schema is in place.
_BESIDES = re.compile(
    r"dq_(api_keys|users|memberships|workspaces|organizations|projects|settings|leases)"
)


@dataclass(frozen=True)
class Site:
    """One service with a profiled and tested table, and who may look at it."""

    quality: Quality
    client: TestClient
    anonymous: TestClient
    stranger: TestClient
    editor_key: str
    table_id: str
    run_id: str
    reads: list[str]

    def at(self, path: str) -> str:
        """An address of PAGES with the ids of this service."""
        return path.format(table_id=self.table_id, run_id=self.run_id)

    def counted(self, path: str) -> int:
        """The reads of one page that were not for signing in."""
        self.reads.clear()
        answer = self.client.get(path, headers=HTML)
        assert answer.status_code == 200, answer.text
        mine = [text for text in self.reads if _is_of_page(text)]
        return len(mine)


def _is_of_page(text: str) -> bool:
    tables = set(re.findall(r"`(dq_\w+)`", text)) - {"dq_metadata"}
    return bool(tables) and not all(_BESIDES.fullmatch(name) for name in tables)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("pages")
    put_schema(folder, "dq_metadata")
    settings = Settings.load({}, home=folder, durable=False, user="tester", rate_limit_per_s=0)
    engine = LocalEngine(folder, durable=False, database=SHARED)
    with engine:
        quality = Quality(settings, engine)
        _make_table(quality, "orders", "CAST(id AS STRING)")
        report = quality.profile("main.shop.orders")
        quality.propose("main.shop.orders", apply=True)
        _load_more(quality)
        quality.profile("main.shop.orders")
        quality.test("main.shop.orders")
        app = create_app(settings, default_authenticator(settings), engine=engine)
        # Counted before the cache, which would hide what a page asks for.
        reads = _listened(app.state.service.engine)
        make_workspace(quality, "other")
        editor = make_key(quality, role="editor")
        options = {"raise_server_exceptions": False, "follow_redirects": False}
        yield Site(
            quality=quality,
            client=TestClient(app, headers={"X-API-Key": editor}, **options),
            anonymous=TestClient(app, **options),
            stranger=TestClient(
                app,
                headers={"X-API-Key": make_key(quality, role="admin", workspace="other")},
                **options,
            ),
            editor_key=editor,
            table_id=quality.catalog.table("main.shop.orders").table_id,
            run_id=report.run.profile_run_id,
            reads=reads,
        )


def _listened(engine: CachingEngine) -> list[str]:
    reads: list[str] = []
    original = engine.query

    def query(statement: Statement) -> object:
        reads.append(statement.text)
        return original(statement)

    engine.query = query
    return reads


def _make_table(quality: Quality, name: str, text: str) -> None:
    engine = quality.engine
    engine.execute(Statement("CREATE SCHEMA IF NOT EXISTS `main`.`shop`"))
    engine.execute(
        Statement(
            f"CREATE TABLE IF NOT EXISTS `main`.`shop`.`{name}` "
            "(id BIGINT, amount DOUBLE, `<b>note` STRING) USING DELTA"
        )
    )
    engine.execute(Statement(_rows(name, 1, 41, text)))


def _rows(name: str, low: int, high: int, text: str) -> str:
    values = ", ".join(
        f"({number}, {number * 1.5}, '<script>{number % 3}</script>')"
        for number in range(low, high)
    )
    return f"INSERT INTO `main`.`shop`.`{name}` VALUES {values}"


def _load_more(quality: Quality) -> None:
    quality.engine.execute(Statement(_rows("orders", 30, 200, "")))


def token_of(page: str) -> str:
    found = re.search(r'name="form_token" value="([0-9a-f]+)"', page)
    assert found is not None
    return found[1]


PAGES = {
    "overview": "/",
    "tables": "/tables",
    "tables searched": "/tables?q=ord&sort=-updated_at",
    "table": "/tables/{table_id}",
    "column": "/tables/{table_id}/columns/amount",
    "comparison": "/tables/{table_id}/comparison",
    "profiles": "/profiles",
    "profile": "/profiles/{run_id}",
    "proposals": "/proposals",
    "proposal": "/proposals/{table_id}",
    "groups": "/groups",
    "connections": "/connections",
    "projects": "/projects",
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_costs_at_most_three_reads(site: Site, name: str) -> None:
    assert 1 <= site.counted(site.at(PAGES[name])) <= 3, "\n".join(site.reads)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_needs_nothing_from_elsewhere_and_runs_nothing_inline(site: Site, name: str) -> None:
    answer = site.client.get(site.at(PAGES[name]), headers=HTML)
    text = answer.text
    addresses = re.findall(r'(?:src|href|action)="([^"]*)"', text)
    assert all(one.startswith(("/", "?", "#")) for one in addresses), addresses
    assert " style=" not in text
    assert " onclick=" not in text
    assert "<script>" not in text
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert '<html lang="en"' in text
    assert text.count("<h1") == 1


def test_values_of_the_data_are_text_on_every_page(site: Site) -> None:
    column = site.client.get(f"/tables/{site.table_id}/columns/%3Cb%3Enote", headers=HTML)
    assert column.status_code == 200
    assert "&lt;script&gt;" in column.text
    assert "<b>note" not in column.text


def test_the_overview_puts_what_fails_on_top(site: Site) -> None:
    text = site.client.get("/", headers=HTML).text
    assert text.index("Needs attention") < text.index("Pass rate by run")
    assert re.search(r'<a [^>]*href="/incidents/[^"]+"[^>]*>[^<]+ fails</a>', text)
    assert "orders" in text


def test_a_table_shows_columns_verdicts_and_rows_by_version(site: Site) -> None:
    text = site.client.get(f"/tables/{site.table_id}", headers=HTML).text
    assert re.search(r"<th scope=\"row\"><a [^>]*>amount</a>", text)
    assert ">fail</span>" in text
    assert "Rows by version" in text
    assert 'role="img" aria-label="Rows by version, from 40 to 210"' in text
    assert "var(--chart-1)" in text


def test_a_comparison_says_what_moved(site: Site) -> None:
    text = site.client.get(f"/tables/{site.table_id}/comparison", headers=HTML).text
    assert "≠ changed" in text
    assert "+170" in unescape(text)


def test_a_table_without_a_match_says_so_and_leads_back(site: Site) -> None:
    text = site.client.get("/tables?q=nothing-like-it", headers=HTML).text
    assert "No table matches" in text
    assert 'href="/tables"' in text


def test_a_profile_run_lists_its_tables(site: Site) -> None:
    text = site.client.get(f"/profiles/{site.run_id}", headers=HTML).text
    assert "orders" in text
    assert "40" in text


@pytest.mark.parametrize("name", ["table", "column", "comparison", "profile", "proposal"])
def test_a2_a_page_of_another_workspace_is_not_found(site: Site, name: str) -> None:
    there = site.stranger.get(site.at(PAGES[name]), headers=HTML)
    missing = site.stranger.get(site.at(PAGES[name]).replace("-", "0"), headers=HTML)
    assert there.status_code == missing.status_code == 404
    assert "orders" not in there.text


def test_a2_lists_of_another_workspace_are_empty(site: Site) -> None:
    for path in ("/", "/tables", "/profiles", "/groups", "/connections", "/proposals"):
        answer = site.stranger.get(path, headers=HTML)
        assert answer.status_code == 200
        assert "orders" not in answer.text


# --- signing in and forms ------------------------------------------------------------------------


def signed_in(site: Site) -> TestClient:
    browser = TestClient(site.anonymous.app, raise_server_exceptions=False, follow_redirects=False)
    token = token_of(browser.get("/sign-in", headers=HTML).text)
    answer = browser.post("/sign-in", data={"key": site.editor_key, "form_token": token})
    assert answer.status_code == 303
    return browser


def test_who_is_not_signed_in_is_led_to_sign_in_and_back(site: Site) -> None:
    answer = site.anonymous.get("/tables?q=a", headers=HTML)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=/tables%3Fq%3Da"
    page = site.anonymous.get(answer.headers["location"], headers=HTML).text
    assert 'name="next" value="/tables?q=a"' in page


def test_signing_in_sets_a_cookie_that_scripts_and_other_sites_cannot_use(site: Site) -> None:
    browser = TestClient(site.anonymous.app, follow_redirects=False)
    token = token_of(browser.get("/sign-in").text)
    answer = browser.post(
        "/sign-in", data={"key": site.editor_key, "form_token": token, "next": "/tables"}
    )
    assert answer.headers["location"] == "/tables"
    cookie = next(
        value for value in answer.headers.get_list("set-cookie") if value.startswith("dq_session")
    )
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert site.editor_key not in cookie
    assert browser.get("/tables").status_code == 200


def test_a_wrong_key_is_told_apart_from_nothing_and_starts_no_session(site: Site) -> None:
    browser = TestClient(site.anonymous.app, follow_redirects=False)
    token = token_of(browser.get("/sign-in").text)
    answer = browser.post("/sign-in", data={"key": "dqp_wrong", "form_token": token})
    assert answer.status_code == 401
    assert "wrong-text" in answer.text
    assert "dq_session" not in answer.headers.get("set-cookie", "")


@pytest.mark.parametrize("wanted", ["//evil.example", "https://evil.example", "/\\evil.example"])
def test_signing_in_never_leads_to_another_host(site: Site, wanted: str) -> None:
    browser = TestClient(site.anonymous.app, follow_redirects=False)
    token = token_of(browser.get("/sign-in").text)
    answer = browser.post(
        "/sign-in", data={"key": site.editor_key, "form_token": token, "next": wanted}
    )
    assert answer.headers["location"] == "/"


def test_a_changed_session_cookie_is_no_session(site: Site) -> None:
    browser = signed_in(site)
    browser.cookies.set("dq_session", browser.cookies["dq_session"][:-2] + "xx")
    assert browser.get("/tables").status_code == 303


def test_signing_out_ends_the_session(site: Site) -> None:
    browser = signed_in(site)
    token = token_of(browser.get("/tables").text)
    browser.post("/sign-out", data={"form_token": token})
    assert browser.get("/tables").status_code == 303


def test_a_form_without_its_token_changes_nothing(site: Site) -> None:
    browser = signed_in(site)
    page = browser.get("/connections").text
    refused = browser.post("/connections", data={"catalog": "main", "schema_name": "x"})
    assert refused.status_code == 403
    other = TestClient(site.anonymous.app, follow_redirects=False)
    foreign = token_of(other.get("/sign-in").text)
    fields = {"catalog": "main", "schema_name": "x", "form_token": foreign}
    assert browser.post("/connections", data=fields).status_code == 403
    assert "main.x" not in browser.get("/connections").text
    accepted = browser.post("/connections", data={**fields, "form_token": token_of(page)})
    assert accepted.status_code == 303
    shown = browser.get(accepted.headers["location"])
    assert "Connection added" in shown.text
    assert "Connection added" not in browser.get(accepted.headers["location"]).text


def test_light_or_dark_is_kept_without_scripts(site: Site) -> None:
    browser = signed_in(site)
    page = browser.get("/tables").text
    assert "data-theme" not in page
    chosen = browser.post(
        "/theme", data={"theme": "dark", "next": "/tables", "form_token": token_of(page)}
    )
    assert chosen.headers["location"] == "/tables"
    assert 'data-theme="dark"' in browser.get("/tables").text


def test_an_unknown_address_is_a_page_for_a_browser_and_a_problem_for_others(site: Site) -> None:
    page = site.client.get("/no/such/page", headers=HTML)
    assert page.status_code == 404
    assert "Not found" in page.text
    assert "Overview" in page.text
    assert (
        site.client.get("/no/such/page").headers["content-type"].startswith("application/problem")
    )
    below = site.client.get("/api/v1/nothing", headers=HTML)
    assert below.headers["content-type"].startswith("application/problem")


def test_proposals_are_stored_only_when_chosen(site: Site) -> None:
    page = site.client.get(f"/proposals/{site.table_id}", headers=HTML).text
    proposed = re.findall(r'name="chosen" value="([^"]+)"', page)
    assert proposed
    none = site.client.post(f"/proposals/{site.table_id}", data={})
    assert none.headers["location"] == f"/proposals/{site.table_id}"
    answer = site.client.post(f"/proposals/{site.table_id}", data={"chosen": proposed[:1]})
    assert answer.status_code == 303
    after = site.client.get(f"/proposals/{site.table_id}", headers=HTML).text
    assert set(re.findall(r'name="chosen" value="([^"]+)"', after)) == set(proposed[1:])


def test_work_is_asked_for_with_a_button(site: Site) -> None:
    answer = site.client.post(f"/tables/{site.table_id}/test")
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/tables/{site.table_id}"
    assert site.quality.jobs.list().items[0].kind == "test"


def test_static_files_are_kept_for_ever_by_their_content(site: Site) -> None:
    page = site.anonymous.get("/sign-in").text
    address = re.search(r'href="(/static/app\.css\?v=[0-9a-f]{12})"', page)
    assert address is not None
    answer = site.anonymous.get(address[1])
    assert answer.headers["content-type"].startswith("text/css")
    assert "immutable" in answer.headers["cache-control"]
    assert site.anonymous.get("/static/../app.py").status_code == 404


def test_a_new_installation_says_what_to_do_first(tmp_path: Path) -> None:
    put_schema(tmp_path, "dq_metadata")
    settings = Settings.load({}, home=tmp_path, durable=False, user="tester")
    engine = LocalEngine(tmp_path, durable=False, database=SHARED)
    with engine:
        app = create_app(settings, default_authenticator(settings), engine=engine)
        key = make_key(Quality(settings, engine, Context()))
        client = TestClient(app, headers={"X-API-Key": key, **HTML})
        for path in ("/", "/tables", "/profiles", "/proposals", "/groups"):
            assert 'class="empty"' in client.get(path).text, path
        assert "dq profile" in client.get("/").text
