"""`dq keys`, `users`, `workspaces`, `organizations` and `audit` as people and scripts meet them."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from dq_databricks.access.key_text import is_key
from dq_databricks.engine.local import LocalEngine
from dq_databricks.sql.statement import Statement
from tests.e2e.conftest import Said

Dq = Callable[..., Said]


def test_a_key_is_printed_once(dq: Dq, tmp_path: Path) -> None:
    made = dq("keys", "create", "--name", "loader", "--role", "editor", "--json")
    assert made.code == 0, made.err
    document = made.document
    assert is_key(document["key"])
    assert document["scopes"] == ["read", "run", "write"]
    assert "key_hash" not in document
    for said in (
        dq("keys", "--json"),
        dq("keys", "show", document["api_key_id"]),
        dq("audit", "--json"),
        dq("keys", "rotate", document["api_key_id"]),
        dq("keys", "revoke", document["api_key_id"], "--json"),
    ):
        assert said.code == 0, said.err
        assert document["key"] not in said.out + said.err
    assert dq("keys", "show", document["api_key_id"], "--json").document["is_valid"] is False
    secret = tmp_path / "home" / "service.secret"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600


def test_what_a_key_cannot_be_is_said(dq: Dq, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = dq("keys", "create", "--name", "k", "--role", "viewer", "--scope", "admin")
    assert (refused.code, "cannot have it" in refused.err) == (2, True)
    assert dq("keys", "create", "--name", "k", "--workspace", "nowhere").code == 2
    monkeypatch.setenv("DQ_SERVICE_SECRET", "short")
    short = dq("keys", "create", "--name", "k")
    assert (short.code, "32 random ones" in short.err) == (2, True)
    shown = dq("settings", "show", "service_secret")
    assert "short" not in shown.out


def test_tenants_and_users_are_kept(dq: Dq) -> None:
    assert dq("organizations", "add", "Acme", "acme", "--max-users", "1").code == 0
    lab = dq("workspaces", "add", "Lab", "--organization", "acme", "--json").document
    added = dq(
        "users", "add", "ada@acme.example", "ada", "--workspace", "Lab", "--role", "admin", "--json"
    )
    assert added.document["organization_id"] == lab["organization_id"]
    full = dq("users", "add", "bob@acme.example", "bob", "--workspace", "Lab")
    assert (full.code, "1 of 1 users" in full.err) == (2, True)
    assert dq("users", "edit", "ada", "--timezone", "Mars/Base", "--latest").code == 2
    assert dq("users", "edit", "ada", "--timezone", "Europe/Rome", "--latest").code == 0
    assert dq("organizations", "remove", "acme", "--latest").code == 2
    assert dq("projects", "add", "lab", "--workspace", "Lab").code == 0
    assert "lab" in dq("projects", "--workspace", "Lab").out
    assert dq("projects", "edit", "lab", "--name", "Laboratory", "--latest").code == 0
    assert dq("projects", "remove", "lab", "--expect-version", "2").code == 0
    assert dq("users", "remove", "ada", "--expect-version", "2").code == 0
    assert dq("workspaces", "remove", "Lab", "--latest").code == 0
    assert dq("organizations", "remove", "acme", "--latest").code == 0
    assert "Lab" not in dq("workspaces").out


def test_a12_verify_names_the_first_broken_link(dq: Dq, tmp_path: Path) -> None:
    dq("workspaces", "add", "one")
    whole = dq("audit", "verify", "--json")
    assert (whole.code, whole.document["is_whole"]) == (0, True)
    head = tmp_path / "head.json"
    head.write_text(dq("audit", "head").out)
    assert dq("audit", "verify", "--head", str(head)).code == 0
    last = whole.document["entries"]
    edited(tmp_path, f"DELETE FROM main.dq_metadata.dq_audit_log WHERE sequence = {last}")
    assert dq("audit", "verify").code == 0
    cut = dq("audit", "verify", "--head", str(head))
    assert (cut.code, "tail was cut" in cut.out) == (3, True)
    edited(tmp_path, "UPDATE main.dq_metadata.dq_audit_log SET actor = 'eve' WHERE sequence = 1")
    broken = dq("audit", "verify", "--json")
    assert broken.code == 3
    assert broken.document["broken"]["sequence"] == 1
    head.write_text("{}")
    assert dq("audit", "verify", "--head", str(head)).code == 2


def edited(folder: Path, text: str) -> None:
    with LocalEngine(folder / "home", durable=False) as engine:
        engine.execute(Statement(text))
