"""Access over HTTP: keys, users, workspaces, organizations, and what their faults answer."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import bcrypt
import pytest
from fastapi.testclient import TestClient

from dq_databricks.access.key_text import new_key
from dq_databricks.access.users import Users
from dq_databricks.errors import EngineUnavailableError, LimitReachedError
from dq_databricks.model.ids import Context
from dq_databricks.service.auth import KeyAuthenticator
from dq_databricks.service.guessing import MOST_OF_ADDRESS, MOST_OF_KEY
from tests.support.service import KEY_HEADER, ServiceUnderTest, make_workspace, service

API = "/api/v1"


class Now:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.at = datetime(2026, 5, 1, tzinfo=UTC)
        self.seconds = 1000.0

    def pass_(self, **time: float) -> None:
        self.at += timedelta(**time)
        self.seconds += timedelta(**time).total_seconds()


@pytest.fixture
def now() -> Now:
    return Now()


@pytest.fixture
def site(tmp_path: Path, now: Now) -> Iterator[ServiceUnderTest]:
    context = Context(now=lambda: now.at, monotonic=lambda: now.seconds)
    with service(tmp_path, context=context) as opened:
        yield opened


def of(site: ServiceUnderTest) -> KeyAuthenticator:
    authenticator = site.app.state.service.authenticator
    assert isinstance(authenticator, KeyAuthenticator)
    return authenticator


def made(client: TestClient, **fields: Any) -> dict[str, Any]:
    answer = client.post(f"{API}/keys", json={"name": "k", **fields})
    assert answer.status_code == 201, answer.text
    document: dict[str, Any] = answer.json()
    return document


def revoked(client: TestClient, key: dict[str, Any]) -> Any:
    path = f"{API}/keys/{key['api_key_id']}/revoke"
    return client.post(path, headers={"If-Match": f'"v{key["version"]}"'})


# --- A1: keys that end ---------------------------------------------------------------------------


def test_a1_a_revoked_key_is_refused_at_the_next_request(site: ServiceUnderTest) -> None:
    admin = site.as_("admin")
    key = made(admin, role="editor")
    client = site.with_key(key["key"])
    assert client.get(f"{API}/alerts").status_code == 200
    assert revoked(admin, key).json()["is_valid"] is False
    refused = client.get(f"{API}/alerts")
    assert refused.status_code == 401
    assert "was revoked" in refused.json()["detail"]


def test_a1_a_key_revoked_by_another_process_is_refused_at_once(
    site: ServiceUnderTest, tmp_path: Path
) -> None:
    client = site.as_("viewer")
    assert client.get(f"{API}/alerts").status_code == 200
    rows = site.quality.access.keys.list().items
    site.quality.access.keys.revoke(rows[0].api_key_id)  # beside the cache of the service
    assert client.get(f"{API}/alerts").status_code == 401


def test_a1_an_expired_key_is_refused(site: ServiceUnderTest, now: Now) -> None:
    key = made(site.as_("admin"), expires_days=1)
    client = site.with_key(key["key"])
    now.pass_(hours=23)
    assert client.get(f"{API}/alerts").status_code == 200
    now.pass_(hours=2)
    refused = client.get(f"{API}/alerts")
    assert (refused.status_code, "has expired" in refused.json()["detail"]) == (401, True)


def test_a1_the_session_of_a_revoked_key_ends(site: ServiceUnderTest) -> None:
    admin = site.as_("admin")
    key = made(admin, role="viewer")
    browser = signed_in(site, key["key"])
    assert browser.get(f"{API}/alerts").status_code == 200
    revoked(admin, key)
    assert browser.get(f"{API}/alerts").status_code == 401


def signed_in(site: ServiceUnderTest, key: str) -> TestClient:
    """A browser whose only credential is the cookie of its session."""
    browser = TestClient(site.app, raise_server_exceptions=False, follow_redirects=False)
    answer = browser.post("/sign-in", data={"key": key}, headers={KEY_HEADER: key})
    assert answer.status_code == 303, answer.text
    return browser


def test_signing_in_and_out_is_in_the_audit_log(site: ServiceUnderTest) -> None:
    admin = site.as_("admin")
    key = made(admin)
    browser = signed_in(site, key["key"])
    browser.cookies.clear()
    browser.post("/sign-out", headers={KEY_HEADER: key["key"]})
    noted = admin.get(f"{API}/audit", params={"entity_type": "session"}).json()["items"]
    assert [row["action"] for row in noted] == ["sign_out", "sign_in"]
    assert {row["api_key_id"] for row in noted} == {key["api_key_id"]}


def test_a_forged_session_is_nobody(site: ServiceUnderTest) -> None:
    key = made(site.as_("admin"))
    browser = signed_in(site, key["key"])
    cookie = browser.cookies["dq_session"]
    browser.cookies.clear()
    browser.cookies.set("dq_session", ("A" if cookie[0] != "A" else "B") + cookie[1:])
    assert browser.get(f"{API}/alerts").status_code == 401


# --- A2, A3: what a key reaches ------------------------------------------------------------------


def test_a2_what_is_of_another_workspace_is_not_found(site: ServiceUnderTest) -> None:
    other = make_workspace(site.quality)
    admin, foreign = site.as_("admin"), site.as_("admin", workspace=other)
    key = made(admin)
    user = admin.post(f"{API}/users", json={"email": "ada@example.com", "username": "ada"}).json()
    for path in (f"keys/{key['api_key_id']}", f"users/{user['user_id']}", "workspaces/default"):
        there = foreign.get(f"{API}/{path}")
        missing = foreign.get(f"{API}/{path[:-4]}beef")
        assert (there.status_code, missing.status_code) == (404, 404), path
        same = there.json()["detail"].replace(path.partition("/")[2], "…")
        assert same == missing.json()["detail"].replace(path.partition("/")[2][:-4] + "beef", "…")
    assert [row["workspace_id"] for row in foreign.get(f"{API}/workspaces").json()["items"]] == [
        other
    ]
    assert {row["workspace_id"] for row in foreign.get(f"{API}/keys").json()["items"]} == {other}
    assert foreign.get(f"{API}/audit").json()["items"] == []
    assert foreign.get(f"{API}/users").json()["items"] == []
    refused = foreign.post(f"{API}/keys/{key['api_key_id']}/revoke", headers={"If-Match": '"v1"'})
    assert refused.status_code == 404
    assert made(foreign)["workspace_id"] == other
    assert (
        foreign.post(f"{API}/keys", json={"name": "k", "workspace": "default"}).status_code == 404
    )


def test_a2_a_key_cannot_choose_another_workspace(site: ServiceUnderTest) -> None:
    make_workspace(site.quality)
    client = site.as_("admin")
    assert client.get(f"{API}/alerts", headers={"X-Workspace": "default"}).status_code == 200
    for name in ("other", "none"):
        assert client.get(f"{API}/alerts", headers={"X-Workspace": name}).status_code == 404


def test_a3_a_missing_scope_is_named(site: ServiceUnderTest) -> None:
    viewer, admin = site.as_("viewer"), site.as_("admin")
    for answer, scope in (
        (viewer.get(f"{API}/keys"), "admin"),
        (viewer.get(f"{API}/audit"), "admin"),
        (admin.post(f"{API}/organizations", json={"name": "Acme", "slug": "acme"}), "platform"),
        (admin.post(f"{API}/workspaces", json={"name": "Finance"}), "platform"),
    ):
        assert answer.status_code == 403
        assert f"scope {scope} is needed" in answer.json()["detail"]


def test_nobody_gives_a_key_more_than_one_has(site: ServiceUnderTest) -> None:
    admin = site.as_("admin")
    refused = admin.post(f"{API}/keys", json={"name": "k", "scopes": ["platform"]})
    assert (refused.status_code, "scope platform" in refused.json()["detail"]) == (403, True)
    narrow = site.as_("admin", scopes=["read", "admin"])
    assert narrow.post(f"{API}/keys", json={"name": "k", "role": "editor"}).status_code == 403
    operator = site.as_("admin", scopes=["platform"])
    powerful = made(operator, role="admin", scopes=["platform"])
    assert set(powerful["scopes"]) == {"read", "write", "run", "admin", "platform"}
    rotate = f"{API}/keys/{powerful['api_key_id']}/rotate"
    assert admin.post(rotate).status_code == 403
    beyond = admin.post(f"{API}/keys", json={"name": "k", "role": "viewer", "scopes": ["run"]})
    assert (beyond.status_code, "role viewer" in beyond.json()["detail"]) == (422, True)


def test_no_member_of_a_workspace_rises_to_the_organization(site: ServiceUnderTest) -> None:
    admin = site.as_("admin")
    user = {"email": "ada@example.com", "username": "ada", "organization_role": "org_admin"}
    assert admin.post(f"{API}/users", json=user).status_code == 403
    assert site.as_("admin", scopes=["platform"]).post(f"{API}/users", json=user).status_code == 201
    mine = admin.get(f"{API}/users/ada")
    demoted = admin.patch(
        f"{API}/users/ada", json={"is_active": False}, headers={"If-Match": mine.headers["ETag"]}
    )
    assert demoted.status_code == 403


# --- A4, A8: guessing, and keys in words ---------------------------------------------------------


def wrong(key: str) -> str:
    """Another key with the same prefix and a right checksum."""
    other = new_key(lambda count: bytes(range(count)))
    assert other != key
    return other


def test_a4_guesses_are_slowed_down_and_right_keys_go_on(site: ServiceUnderTest, now: Now) -> None:
    right = site.as_("viewer")
    assert right.get(f"{API}/alerts").status_code == 200
    guesser = site.with_key(wrong(""))
    answers = [guesser.get(f"{API}/alerts").status_code for _ in range(MOST_OF_KEY + 2)]
    assert answers == [401] * MOST_OF_KEY + [429] * 2
    for number in range(MOST_OF_ADDRESS):
        site.with_key(f"dqp_{number}").get(f"{API}/alerts")
    refused = site.with_key("dqp_another").get(f"{API}/alerts")
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) >= 1
    assert right.get(f"{API}/alerts").status_code == 200  # behind the same address
    now.pass_(seconds=61)
    assert guesser.get(f"{API}/alerts").status_code == 401


def test_a4_what_cannot_be_a_key_costs_no_read(site: ServiceUnderTest) -> None:
    key = site.key()
    before = site.app.state.service.engine.counts.misses
    for text in (key[:-1], key[:-1] + ("x" if key[-1] != "x" else "y"), "dqp_", "ключ"):
        assert (
            site.client.get(f"{API}/alerts", headers={KEY_HEADER: text.encode()}).status_code == 401
        )
    reads = site.app.state.service.engine.counts.misses - before
    assert reads <= 2  # the state of the schema, not the keys


def test_a8_a_key_stands_in_no_answer_log_or_row(
    site: ServiceUnderTest, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    admin_key = site.key("admin")
    admin = site.with_key(admin_key)
    key = made(admin, role="viewer")
    told = [
        admin.get(f"{API}/keys").text,
        admin.get(f"{API}/keys/{key['api_key_id']}").text,
        admin.get(f"{API}/audit").text,
        revoked(admin, key).text,
        site.with_key(key["key"]).get(f"{API}/alerts").text,
        site.with_key(wrong(key["key"])).get(f"{API}/alerts").text,
        caplog.text,
    ]
    hashes = [row.key_hash for row in site.quality.store.access.keys.select()]
    for secret in (admin_key, key["key"], wrong(key["key"]), *hashes):
        assert not [text for text in told if secret in text]
    of(site).settle()
    rows = "".join(row.model_dump_json() for row in site.quality.store.access.keys.select())
    assert key["key"] not in rows


# --- keys: rotation, use, bcrypt -----------------------------------------------------------------


def test_a_line_of_keys_has_two_valid_ones_at_most(site: ServiceUnderTest) -> None:
    admin = site.as_("admin")
    first = made(admin, role="editor", name="loader")
    second = admin.post(f"{API}/keys/{first['api_key_id']}/rotate").json()
    assert (second["name"], second["role"], second["rotated_from"]) == (
        "loader",
        "editor",
        first["api_key_id"],
    )
    for key in (first, second):
        assert site.with_key(key["key"]).get(f"{API}/alerts").status_code == 200
        third = admin.post(f"{API}/keys/{key['api_key_id']}/rotate")
        assert (third.status_code, "two keys" in third.json()["detail"]) == (422, True)
    revoked(admin, first)
    assert admin.post(f"{API}/keys/{second['api_key_id']}/rotate").status_code == 201


def test_use_is_noted_every_five_minutes_and_never_fails_a_request(
    site: ServiceUnderTest, now: Now, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = site.as_("viewer")

    def last_used() -> datetime | None:
        of(site).settle()
        return site.quality.access.keys.list().items[0].last_used_at

    client.get(f"{API}/alerts")
    first = last_used()
    assert first == now.at
    now.pass_(minutes=4)
    client.get(f"{API}/alerts")
    assert last_used() == first
    now.pass_(minutes=2)
    client.get(f"{API}/alerts")
    assert last_used() == now.at
    assert site.quality.access.keys.list().items[0].version == 1
    assert not [e for e in site.quality.audit.list() if e.action == "update"]


def test_a_bcrypt_key_is_verified_slowly_once_a_minute(
    site: ServiceUnderTest, now: Now, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = site.quality.access.keys.create("slow", role="viewer", method="bcrypt")
    assert key.hash_method == "bcrypt"
    slow: list[int] = []
    check = bcrypt.checkpw

    def counted(*given: bytes) -> bool:
        slow.append(1)
        return check(*given)

    monkeypatch.setattr(bcrypt, "checkpw", counted)
    client = site.with_key(key.key)
    assert [client.get(f"{API}/alerts").status_code for _ in range(3)] == [200] * 3
    assert len(slow) == 1
    now.pass_(seconds=61)
    assert client.get(f"{API}/alerts").status_code == 200
    assert len(slow) == 2


# --- the platform --------------------------------------------------------------------------------

PLATFORM = {"X-Forwarded-Email": "Ada@Example.com", "X-Forwarded-Access-Token": "token"}


def test_headers_of_a_platform_are_ignored_without_the_switch(site: ServiceUnderTest) -> None:
    site.quality.access.users.add("ada@example.com", "ada", role="admin")
    assert site.client.get(f"{API}/alerts", headers=PLATFORM).status_code == 401


def test_a_user_of_the_platform_has_the_role_of_the_chosen_workspace(tmp_path: Path) -> None:
    with service(tmp_path, platform_identity=True) as site:
        users, other = site.quality.access.users, make_workspace(site.quality)
        users.add("ada@example.com", "ada", role="viewer")
        users.give_role("ada", "admin", workspace=other)

        def status(path: str, **headers: str) -> int:
            return site.client.get(f"{API}/{path}", headers={**PLATFORM, **headers}).status_code

        assert (status("alerts"), status("keys")) == (200, 403)
        assert status("keys", **{"X-Workspace": other}) == 200
        assert status("keys", **{"X-Workspace": "elsewhere"}) == 404
        assert status("alerts", **{"X-Forwarded-Access-Token": ""}) == 401
        assert status("alerts", **{"X-Forwarded-Email": "eve@example.com"}) == 403
        users.edit("ada", is_active=False)
        assert status("alerts") == 403


def test_people_the_platform_names_come_in_with_the_role_of_the_settings(tmp_path: Path) -> None:
    admins = "Root@Example.com, second@example.com"
    with service(
        tmp_path,
        platform_identity=True,
        platform_token_required=False,
        platform_role="viewer",
        platform_admins=admins,
    ) as site:

        def status(email: str, path: str) -> int:
            headers = {"X-Forwarded-Email": email}
            return site.client.get(f"{API}/{path}", headers=headers).status_code

        eve, root = "eve@example.com", "root@example.com"
        assert (status(eve, "alerts"), status(eve, "keys")) == (200, 403)
        assert (status(root, "keys"), status(root.upper(), "users")) == (200, 200)
        assert status(root, "organizations") == 200
        assert status("eve@other.example", "alerts") == 200  # by another name: eve is taken
        users = site.quality.access.users
        assert sorted(user.email for user in users.list().items) == [
            "eve@example.com",
            "eve@other.example",
            "root@example.com",
        ]
        entries = site.quality.audit.list().items
        assert eve in {entry.actor for entry in entries}
        users.remove(eve)
        assert status(eve, "alerts") == 403  # who was removed does not come back alone
        assert status("name-only", "alerts") == 401


def test_one_who_operates_the_service_does_so_while_named(tmp_path: Path) -> None:
    with service(
        tmp_path,
        platform_identity=True,
        platform_token_required=False,
        platform_admins="ada@example.com",
    ) as site:
        site.quality.access.users.add("ada@example.com", "ada", role="viewer")
        headers = {"X-Forwarded-Email": "ada@example.com"}
        for path in ("keys", "organizations"):
            assert site.client.get(f"{API}/{path}", headers=headers).status_code == 200
        refused = site.client.get(
            f"{API}/alerts", headers={"X-Forwarded-Email": "eve@example.com"}
        ).json()
        assert "ask ada@example.com to add this address" in refused["detail"]


@pytest.mark.parametrize(("came_from", "status"), [("same-site", 403), ("same-origin", 201)])
def test_only_its_own_pages_change_something_in_the_name_of_a_person(
    tmp_path: Path, came_from: str, status: int
) -> None:
    with service(
        tmp_path,
        platform_identity=True,
        platform_token_required=False,
        platform_admins="ada@example.com",
    ) as site:
        sent = {"X-Forwarded-Email": "ada@example.com", "Sec-Fetch-Site": came_from}
        body = {"project_key": "mine", "name": "mine"}
        assert site.client.post(f"{API}/projects", json=body, headers=sent).status_code == status


# --- organizations, workspaces, users ------------------------------------------------------------


def test_organizations_are_added_edited_and_removed(site: ServiceUnderTest) -> None:
    operator = site.as_("admin", scopes=["platform"])
    wanted = {"name": "Acme", "slug": "acme", "domain": "acme.example", "tier": "pro"}
    answer = operator.post(f"{API}/organizations", json=wanted)
    assert (answer.status_code, answer.headers["ETag"]) == (201, '"v1"')
    assert operator.get(answer.headers["Location"]).json() == answer.json()
    for again in ({"name": "Acme", "slug": "acme-2"}, {"name": "Acme 2", "slug": "acme"}):
        assert operator.post(f"{API}/organizations", json=again).status_code == 409
    for bad in ({"slug": "no"}, {"slug": "Up"}, {"domain": "nodots"}, {"tier": "gold"}):
        refused = operator.post(f"{API}/organizations", json={**wanted, **bad})
        assert refused.status_code == 422, bad
    path = f"{API}/organizations/acme"
    assert operator.patch(path, json={"max_users": 1}).status_code == 428
    edited = operator.patch(path, json={"max_users": 1}, headers={"If-Match": '"v1"'})
    assert edited.json()["max_users"] == 1
    stale = operator.patch(path, json={"max_users": 2}, headers={"If-Match": '"v1"'})
    assert stale.status_code == 412
    place = operator.post(f"{API}/workspaces", json={"name": "Lab", "organization": "acme"}).json()
    assert operator.delete(path, headers={"If-Match": '"v2"'}).status_code == 422
    gone = operator.delete(
        f"{API}/workspaces/{place['workspace_id']}", headers={"If-Match": '"v1"'}
    )
    assert gone.status_code == 200
    assert operator.delete(path, headers={"If-Match": '"v2"'}).status_code == 200
    assert operator.get(path).status_code == 404
    assert operator.post(f"{API}/organizations", json=wanted).status_code == 201  # again


def test_users_are_limited_with_a_way_out(site: ServiceUnderTest) -> None:
    site.quality.access.organizations.edit("default", max_users=1)
    admin = site.as_("admin")
    assert (
        admin.post(f"{API}/users", json={"email": "ada@example.com", "username": "ada"}).status_code
        == 201
    )
    full = admin.post(f"{API}/users", json={"email": "bob@example.com", "username": "bob"})
    assert full.status_code == 403
    assert "has 1 of 1 users: remove one, or have max_users raised" in full.json()["detail"]


def test_users_are_unique_in_any_spelling(site: ServiceUnderTest) -> None:
    admin = site.as_("admin")
    users = f"{API}/users"
    assert (
        admin.post(users, json={"email": "ada@example.com", "username": "ada"}).status_code == 201
    )
    for email, username in (("ADA@example.com", "other"), ("bob@example.com", "ADA")):
        answer = admin.post(users, json={"email": email, "username": username})
        assert answer.status_code == 409, email
    for email, username in (("no-address", "bobby"), ("b@example.com", "b!")):
        answer = admin.post(users, json={"email": email, "username": username})
        assert answer.status_code == 422, email


def test_a_removed_user_can_come_back(site: ServiceUnderTest) -> None:
    users = site.quality.access.users
    users.add("ada@example.com", "ada", role="admin")
    users.remove("ada")
    assert users.list().items == ()
    assert users.add("ada@example.com", "ada", role="viewer").version > 1
    assert [member.role for member in users.members()] == ["viewer"]


def test_a_key_of_a_user_may_no_more_than_the_user(site: ServiceUnderTest) -> None:
    users = site.quality.access.users
    ada = users.add("ada@example.com", "ada", role="viewer")
    key = site.quality.access.keys.create("hers", role="admin", user_id=ada.user_id)
    client = site.with_key(key.key)
    other = site.as_("admin", workspace=make_workspace(site.quality))
    hers = {"name": "k", "user_id": ada.user_id}
    assert other.post(f"{API}/keys", json=hers).status_code == 404
    assert client.get(f"{API}/alerts").status_code == 200
    assert client.get(f"{API}/keys").status_code == 403
    users.give_role("ada", "admin")
    assert client.get(f"{API}/keys").status_code == 200
    users.edit("ada", is_active=False)
    assert client.get(f"{API}/alerts").status_code == 401


def test_projects_and_storage_are_limited(site: ServiceUnderTest) -> None:
    organizations, projects = site.quality.access.organizations, site.quality.projects
    organizations.check_storage()
    projects.add("one")
    organizations.edit("default", max_projects=1, storage_limit_gb=0)
    with pytest.raises(LimitReachedError, match="1 of 1 projects: remove one"):
        projects.add("two")
    with pytest.raises(LimitReachedError, match="storage_limit_gb raised"):
        organizations.check_storage()
    started = site.as_("editor").post(f"{API}/runs", json={"kind": "test", "suite": "s"})
    assert (started.status_code, "GB" in started.json()["detail"]) == (403, True)


# --- the audit log -------------------------------------------------------------------------------


def test_a_change_says_who_and_from_where(site: ServiceUnderTest) -> None:
    admin = site.as_("admin")
    answer = admin.post(f"{API}/users", json={"email": "ada@example.com", "username": "ada"})
    found = admin.get(f"{API}/audit", params={"entity_type": "user"}).json()
    [entry] = found["items"]
    assert entry["action"] == "create"
    assert entry["actor_type"] == "key"
    assert entry["request_id"] == answer.headers["X-Request-Id"]
    assert entry["source_address"] == "testclient"
    found = admin.get(f"{API}/audit/verification").json()
    assert (found["is_whole"], found["broken"]) == (True, None)
    head = admin.get(f"{API}/audit/head").json()
    kept = {"sequence": head["sequence"], "hash": head["hash"]}
    assert admin.get(f"{API}/audit/verification", params=kept).json()["is_whole"]
    cut = {"sequence": head["sequence"] + 1, "hash": "00"}
    told = admin.get(f"{API}/audit/verification", params=cut).json()
    assert "tail was cut" in told["broken"]["reason"]


def test_what_a_failed_verb_changed_is_in_the_audit_log(
    site: ServiceUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = site.as_("admin")

    def fail(*_given: object) -> None:
        raise EngineUnavailableError("the warehouse stopped")

    with monkeypatch.context() as patched:
        patched.setattr(Users, "set_role", fail)  # after the user is stored
        failed = admin.post(f"{API}/users", json={"email": "ada@example.com", "username": "ada"})
        assert failed.status_code == 503
    found = admin.get(f"{API}/audit", params={"entity_type": "user"}).json()["items"]
    assert [row["action"] for row in found] == ["create"]
    assert found[0]["request_id"] == failed.headers["X-Request-Id"]
