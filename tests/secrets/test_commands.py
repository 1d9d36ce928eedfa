"""`dq secrets` and `--credentials`, as people and scripts meet them."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import Said, dq

__all__ = ["dq"]
Dq = Callable[..., Said]
VALUE = "value-from-standard-input"


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    def type_in(text: str) -> None:
        monkeypatch.setattr(sys, "stdin", io.StringIO(text))

    return type_in


def test_a_secret_is_set_found_and_removed(
    dq: Dq, typed: Callable[[str], None], tmp_path: Path
) -> None:
    typed(VALUE + "\n")
    said = [dq("secrets", "set", "token")]
    assert said[0].err == "vault:token was added\n"
    said.append(dq("secrets", "--json"))
    assert said[-1].document == {"names": ["token"]}
    said.append(dq("secrets", "check", "vault:token", "--json"))
    assert said[-1].document == {
        "reference": "vault:token", "is_found": True, "characters": "16 to 31",
    }  # fmt: skip
    said.append(dq("secrets", "rotate-key"))
    said.append(dq("secrets", "check", "vault:token"))
    assert said[-1].out == "vault:token: found, 16 to 31 characters\n"
    said.append(dq("secrets", "remove", "token", "--yes"))
    assert dq("secrets", "check", "vault:token").code == 2
    assert [one.code for one in said] == [0] * len(said)
    assert not [one for one in said if VALUE in one.out + one.err]


def test_a_value_is_no_argument_and_an_empty_one_is_refused(
    dq: Dq, typed: Callable[[str], None]
) -> None:
    assert dq("secrets", "set", "token", VALUE).code == 2
    typed("\n")
    empty = dq("secrets", "set", "token")
    assert (empty.code, "empty" in empty.err) == (2, True)
    assert dq("secrets", "--json").document == {"names": []}


def test_a_reference_that_leads_nowhere_ends_with_its_reason(dq: Dq, tmp_path: Path) -> None:
    for reference in ("vault:none", "env:NOT_SET_HERE", f"file:{tmp_path}/none"):
        said = dq("secrets", "check", reference)
        assert said.code == 2
        assert reference in said.err
    raw = dq("secrets", "check", "dapi0123456789abcdef0123456789abcdef")
    assert (raw.code, "dapi0123" in raw.err) == (2, False)


def test_the_secret_of_the_service_may_stand_in_the_vault(
    dq: Dq, typed: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    typed("s" * 40)
    dq("secrets", "set", "service")
    monkeypatch.setenv("DQ_SERVICE_SECRET", "vault:service")
    made = dq("keys", "create", "--name", "k", "--json")
    assert made.code == 0, made.err
    monkeypatch.setenv("DQ_SERVICE_SECRET", "vault:other")
    missing = dq("keys", "create", "--name", "k")
    assert (missing.code, "vault:other" in missing.err) == (2, True)


@pytest.mark.parametrize(
    "value",
    [
        "dapi0123456789abcdef0123456789abcdef",
        "my password is hunter2",
        "hunter2",
        "vault:a/b",
        "https://me:hunter2@host/x",
    ],
)
def test_a_connection_takes_no_value_for_a_reference(dq: Dq, value: str) -> None:
    refused = dq("connections", "add", "raw", "--credentials", value)
    assert (refused.code, value in refused.err + refused.out) == (2, False)
    assert "secret:SCOPE/KEY" in refused.err
    made = dq("connections", "add", "fine", "--credentials", "dq/token", "--json")
    assert made.document["managed_credentials_ref"] == "secret:dq/token"
    edited = dq("connections", "edit", "fine", "--credentials", value, "--latest")
    assert (edited.code, value in edited.err + edited.out) == (2, False)
    kept = dq("connections", "show", "fine", "--json")
    assert kept.document["managed_credentials_ref"] == "secret:dq/token"
    assert value not in dq("audit", "--json").out


def test_a_test_that_holds_a_token_is_not_stored(dq: Dq, tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text("a\n1\n")
    token = "dapi0123456789abcdef0123456789abcdef"
    for literal in (token, "https://x/y?token=hunter2hunter2", "ftp://me:hunter2@host/x"):
        sql = f"SELECT a FROM {{table}} WHERE '{literal}' = 'x'"
        refused = dq(
            "tests", "add", str(tmp_path / "orders.csv"), "sql_query_rows",
            "-p", f"sql={sql}", "-p", "max_count=0",
        )  # fmt: skip
        assert (refused.code, "leave that out" in refused.err) == (2, True), refused.err
        assert "hunter2" not in refused.err
        assert token not in refused.err
