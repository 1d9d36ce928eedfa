"""The pages about work: at most three reads each, forms that are checked, and nothing unescaped."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from fastapi.testclient import TestClient

from dq_databricks import Quality
from dq_databricks.engine.local import LocalEngine
from dq_databricks.model.catalog import DEFAULT_WORKSPACE
from dq_databricks.model.ids import Context
from dq_databricks.service.app import create_app
from dq_databricks.service.auth import default_authenticator
from dq_databricks.settings import Settings
from dq_databricks.sql.statement import Statement
from tests.support.local_engine import SHARED
from tests.support.provisioned import put_schema
from tests.support.service import KEY_HEADER, make_key
from tests.support.stocked import Stock, create_orders, stock

MOST_READS = 3
EVIL = (
    "<script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "{{7*7}}<!-- ",
    "\x1b[31mred\x1b[0m\nnew line",
    "\u202egnp.exe",
)
PAGES = (
    "/incidents",
    "/incidents/{incident_id}",
    "/alerts?state=all",
    "/tests",
    "/tests?verdict=fail&table={table_id}&check=nulls_percent&q=a",
    "/tests/new?table={table_id}&check=values_in_range",
    "/tests/{test_id}",
    "/tests/{test_id}/edit",
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
    "/audit",
    "/keys",
)

READS_NOTHING = ("/checks", "/checks/accepted_values", "/keys")


class Counting:
    """An engine that remembers which statements asked for metadata, remembered answers included."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine
        self.reads: list[str] = []

    def query(self, statement: Statement) -> pa.Table:
        if "dq_metadata" in statement.text:
            self.reads.append(statement.text)
        return self._engine.query(statement)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)


@dataclass(frozen=True)
class Site:
    """A service with one of everything, and what it reads."""

    client: TestClient
    quality: Quality
    held: Stock
    engine: Counting
    evil_tests: list[str] = field(default_factory=list)

    def path(self, template: str) -> str:
        return template.format(**asdict(self.held))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    home = Path(tmp_path_factory.mktemp("lake"))
    put_schema(home, "dq_metadata")
    settings = Settings.load({}, home=home, durable=False, user="tester", rate_limit_per_s=0)
    context = Context()
    engine = LocalEngine(home, durable=False, database=SHARED)
    app = create_app(
        settings, default_authenticator(settings, context), engine=engine, context=context
    )
    counting = Counting(app.state.service.engine)
    app.state.service = replace(app.state.service, engine=counting)
    quality = Quality(settings, engine, context)
    create_orders(engine)
    held = stock(quality, DEFAULT_WORKSPACE, "default")
    key = make_key(quality, role="admin", workspace=DEFAULT_WORKSPACE, scopes=["platform"])
    with engine, TestClient(app, headers={KEY_HEADER: key}, follow_redirects=False) as client:
        found = Site(client, quality, held, counting)
        _make_evil(found)
        yield found


def _make_evil(site: Site) -> None:
    """Tests, suites and schedules with names meant to break out of the page; and their run."""
    table_id = site.held.table_id
    for number, text in enumerate(EVIL):
        test = site.quality.add_test(
            table_id, "nulls_percent", columns=["amount"], name=text, suite=f"evil {number}"
        )
        site.evil_tests.append(test.test_id)
    site.quality.test(table_id)


class _Reader(HTMLParser):
    """What of a page could run, or leads elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "script" and not (given.get("src") or "").startswith("/static/"):
            self.found.append(f"inline script {given}")
        if tag in ("img", "iframe", "object", "embed", "base", "style"):
            self.found.append(tag)
        for name, value in attrs:
            self._check(name, value or "")

    def _check(self, name: str, value: str) -> None:
        if name.startswith("on") or name == "style":
            self.found.append(f"{name}={value[:60]}")
        is_link = name in ("href", "src", "action", "formaction")
        if is_link and not value.startswith(("/", "#", "?")):
            self.found.append(f"{name}={value[:60]}")
        if is_link and value.startswith("//"):
            self.found.append(f"{name}={value[:60]}")


def _dangers(text: str) -> list[str]:
    reader = _Reader()
    reader.feed(text)
    return reader.found


@pytest.mark.parametrize("template", PAGES)
def test_a_page_reads_the_store_three_times_at_most(site: Site, template: str) -> None:
    site.engine.reads.clear()
    answer = site.client.get(site.path(template))
    assert answer.status_code == 200
    told = [text for text in site.engine.reads if not _is_entrance(text)]
    assert told or template in READS_NOTHING
    assert len(told) <= MOST_READS, "\n".join(text[:160] for text in told)


def _is_entrance(text: str) -> bool:
    """Whether a read belongs to who asks and to the state of the schema, not to the page."""
    is_state = "`dq_settings`" in text and "'schema_version'" in text
    return is_state or any(table in text for table in _OF_ACCESS)


_OF_ACCESS = ("dq_api_keys", "dq_organizations", "dq_workspaces", "dq_users", "dq_memberships")
_OF_ACCESS += ("FROM `main`.`dq_metadata`.`dq_projects`",)


@pytest.mark.parametrize("template", PAGES)
def test_a10_names_cannot_break_out_of_a_page(site: Site, template: str) -> None:
    answer = site.client.get(site.path(template))
    assert _dangers(answer.text) == []
    assert "<script>alert" not in answer.text
    assert "49<!--" not in answer.text


def test_a10_the_page_of_a_test_with_an_evil_name_shows_it_as_text(site: Site) -> None:
    for test_id, name in zip(site.evil_tests, EVIL, strict=True):
        for path in (f"/tests/{test_id}", f"/tests/{test_id}/edit"):
            answer = site.client.get(path)
            assert answer.status_code == 200
            assert _dangers(answer.text) == [], name


@pytest.mark.parametrize("template", ["/tests", "/keys", "/runs/{run_id}", "/tests/none"])
def test_a_page_carries_a_policy_that_lets_nothing_run_inline(site: Site, template: str) -> None:
    headers = site.client.get(site.path(template)).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert headers["x-content-type-options"] == "nosniff"


def test_a_form_without_its_token_changes_nothing(site: Site) -> None:
    browser = TestClient(site.client.app, follow_redirects=False)
    page = browser.get("/sign-in")
    token = re.search(r'name="form_token" value="([0-9a-f]+)"', page.text)
    assert token is not None
    key = make_key(site.quality, role="admin", workspace=DEFAULT_WORKSPACE, scopes=())
    browser.post("/sign-in", data={"key": key, "form_token": token[1], "next": "/"})
    sent = {"active": "no", "version": "1"}
    answer = browser.post(f"/tests/{site.held.test_id}/active", data=sent)
    assert answer.status_code == 403
    assert "reload the page" in answer.text
    assert "key with the scope" not in answer.text  # no key would have helped
    assert site.quality.show_test(site.held.test_id).is_active


def test_an_edit_that_comes_too_late_is_answered_with_both_states(site: Site) -> None:
    test = site.quality.add_test(
        site.held.table_id, "nulls_percent", columns=["status"], name="status is there"
    )
    site.quality.edit_test(test.test_id, name="what somebody else wrote")
    sent = {"version": "1", "name": "what I wrote", "severity": "error", "suite": "s"}
    answer = site.client.post(f"/tests/{test.test_id}/edit", data=sent)
    assert answer.status_code == 412
    assert "what somebody else wrote" in answer.text
    assert "what I wrote" in answer.text
    assert site.quality.show_test(test.test_id).name == "what somebody else wrote"


def test_a_late_edit_of_a_schedule_and_of_a_setting_shows_both_states(site: Site) -> None:
    schedule = site.quality.schedules.show(site.held.schedule_id)
    site.quality.schedules.edit(schedule.schedule_id, name="renamed meanwhile")
    sent = {**_form_of(site.held.table_id), "name": "mine"}
    answer = site.client.post(
        f"/schedules/{schedule.schedule_id}/edit", data={**sent, "version": str(schedule.version)}
    )
    assert answer.status_code == 412
    assert "renamed meanwhile" in answer.text
    site.quality.options.save("data_quality_auto_manage_tables", "true")
    answer = site.client.post(
        "/settings/data_quality_auto_manage_tables", data={"value": "false", "version": "0"}
    )
    assert answer.status_code == 412
    assert "Save mine over version 1" in answer.text


def _form_of(table_id: str) -> dict[str, str]:
    return {
        "cron": "0 3 * * *",
        "timezone": "UTC",
        "kind": "test",
        "target": f"table:{table_id}",
        "catch_up": "once",
        "overlap": "skip",
        "jitter_s": "0",
        "timeout_s": "60",
        "max_attempts": "1",
    }


def test_what_an_incident_became_meanwhile_is_shown_beside_what_was_wanted(site: Site) -> None:
    incident = site.quality.incidents.list(limit=1).items[0]
    site.quality.incidents.assign(incident.incident_id, "somebody else")
    sent = {"version": str(incident.version), "to": "me"}
    answer = site.client.post(f"/incidents/{incident.incident_id}/assign", data=sent)
    assert answer.status_code == 412
    assert "somebody else" in answer.text
    assert "to: me" in answer.text


def test_an_emptied_parameter_goes_back_to_its_default(site: Site) -> None:
    test = site.quality.add_test(
        site.held.table_id,
        "values_in_range",
        columns=["amount"],
        parameters={"min_value": 1, "max_value": 50, "max_percent": 5.0},
        name="amount in range",
    )
    sent = {
        "version": "1",
        "name": test.name,
        "severity": "error",
        "suite": "default_suite",
        "p_min_value": "2",
        "p_max_value": "",
        "p_max_percent": "",
    }
    answer = site.client.post(f"/tests/{test.test_id}/edit", data=sent)
    assert answer.status_code == 303
    stored = site.quality.show_test(test.test_id).definition
    assert '"max_value": null' in stored
    assert '"min_value": 2' in stored
    assert '"max_percent": 0.0' in stored


def test_chosen_alerts_are_acknowledged_together_once(site: Site) -> None:
    ids = [alert.alert_id for alert in site.quality.alerts(only_open=True, limit=2)]
    site.client.post("/alerts/acknowledge", data={"alert": ids})
    assert all(site.quality.alert(alert_id).acknowledged for alert_id in ids)
    answer = site.client.post("/alerts/acknowledge", data={"alert": ids[0], "next": "//evil"})
    assert answer.headers["location"] == "/"


def test_tests_are_switched_off_together_at_the_versions_that_were_seen(site: Site) -> None:
    first, second = site.evil_tests[:2]
    site.quality.edit_test(second, severity="fatal")
    sent = {"active": "no", "test": [f"{first}:1", f"{second}:1"]}
    assert site.client.post("/tests/active", data=sent).status_code == 303
    assert not site.quality.show_test(first).is_active
    assert site.quality.show_test(second).is_active


def test_a_key_is_shown_once_and_never_stored(site: Site) -> None:
    answer = site.client.post("/keys", data={"name": "once", "role": "viewer", "days": "30"})
    key = re.search(r"dqp_[A-Za-z0-9]{20,}", answer.text)
    assert answer.status_code == 201
    assert key is not None
    assert key[0] not in site.client.get("/keys").text


def test_the_list_of_tests_is_filtered_by_verdict_and_counts_what_each_filter_leaves(
    site: Site,
) -> None:
    failing = site.client.get("/tests?verdict=fail").text
    never = site.client.get("/tests?verdict=never").text
    assert "amount is there" in failing
    assert "amount is there" not in never
    assert site.client.get("/tests?verdict=nonsense").status_code == 422


def test_what_a_viewer_may_not_do_is_neither_offered_nor_done(site: Site) -> None:
    key = make_key(site.quality, role="viewer", workspace=DEFAULT_WORKSPACE, scopes=())
    viewer = TestClient(site.client.app, headers={KEY_HEADER: key}, follow_redirects=False)
    shown = viewer.get(f"/tests/{site.held.test_id}").text
    assert "Switch off" not in shown
    assert viewer.get("/keys").status_code == 403
    assert viewer.get("/audit").status_code == 403
    answer = viewer.post("/runs", data={"kind": "test", "target": f"table:{site.held.table_id}"})
    assert answer.status_code == 403


def test_the_chain_of_the_audit_log_is_verified_on_request(site: Site) -> None:
    answer = site.client.post("/audit/verify")
    assert answer.status_code == 303
    assert "dq_flash" in answer.headers["set-cookie"]
    assert "The chain is whole" in site.client.get("/audit").text
