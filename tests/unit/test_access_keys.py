"""The text, the hash and the names of access: pure rules."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dq_databricks.access.key_hash import KeyChecker, hashed
from dq_databricks.access.key_text import KEY_CHARS, is_key, new_key, prefix_of
from dq_databricks.access.people import (
    checked_domain,
    checked_email,
    checked_slug,
    checked_username,
    user_id_of,
)
from dq_databricks.access.secret import SECRET_FILE, purpose_key, service_secret
from dq_databricks.errors import ParameterError, SettingsError, UnknownNameError
from dq_databricks.model.redacting import Redaction
from dq_databricks.model.scopes import ROLE_OF, scopes_from_text, scopes_of, scopes_text, stronger
from dq_databricks.model.vocabulary import OrganizationRole, Role, Scope
from dq_databricks.settings import Settings
from dq_databricks.store.reading import natural_key

PEPPER = b"p" * 32


@given(st.binary(min_size=32, max_size=32))
def test_every_key_is_recognised(random: bytes) -> None:
    key = new_key(lambda _count: random)
    assert is_key(key)
    assert (len(key), key[:4], len(prefix_of(key))) == (KEY_CHARS, "dqp_", 12)


@given(st.integers(4, KEY_CHARS - 1), st.sampled_from("09azAZ_-é"))
def test_one_wrong_character_is_no_key(at: int, char: str) -> None:
    key = new_key(os.urandom)
    mistyped = key[:at] + char + key[at + 1 :]
    assert is_key(mistyped) == (mistyped == key)


@given(st.text(max_size=60))
def test_other_text_is_no_key(text: str) -> None:
    assert not is_key(text)
    assert not is_key("dqp_" + text)


def test_a_hash_names_its_method_and_holds_no_key() -> None:
    key = new_key(os.urandom)
    for method in ("hmac-sha256", "bcrypt"):
        stored = hashed(key, PEPPER, method)
        assert stored.startswith(f"{method}:")
        assert key not in stored
        checker = KeyChecker(PEPPER, lambda: 0.0)
        assert checker.is_right(key, stored)
        assert not checker.is_right(new_key(os.urandom), stored)
    assert not KeyChecker(b"q" * 32, lambda: 0.0).is_right(key, hashed(key, PEPPER))
    assert not checker.is_right(key, "md5:abc")
    with pytest.raises(ParameterError, match="hmac-sha256, bcrypt"):
        hashed(key, PEPPER, "md5")


def test_the_secret_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    settings = Settings.load({}, home=tmp_path / "new")
    made = service_secret(settings, Redaction())
    assert made == service_secret(settings, Redaction())
    files = list((tmp_path / "new").iterdir())
    assert [path.name for path in files] == [SECRET_FILE]
    assert stat.S_IMODE(files[0].stat().st_mode) == 0o600
    assert purpose_key(made, "a") != purpose_key(made, "b")


def test_the_secret_can_be_given_or_referred_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "s" * 40
    monkeypatch.setenv("MY_SECRET", secret)
    (tmp_path / "kept").write_text(secret + "\n")
    (tmp_path / "kept").chmod(0o600)
    for given_as in (secret, "env:MY_SECRET", f"file:{tmp_path / 'kept'}"):
        settings = Settings.load({"DQ_SERVICE_SECRET": given_as}, engine="warehouse")
        assert service_secret(settings, Redaction()) == secret.encode()
        assert given_as not in repr(settings)
    for bad in ("short", "env:NOT_SET", f"file:{tmp_path / 'none'}"):
        with pytest.raises(SettingsError) as refused:
            service_secret(Settings.load({"DQ_SERVICE_SECRET": bad}), Redaction())
        assert "short" not in str(refused.value)
    with pytest.raises(SettingsError, match="DQ_SERVICE_SECRET is not set"):
        service_secret(Settings.load({}, engine="spark"), Redaction())


def test_scopes_narrow_the_role_and_platform_comes_on_top() -> None:
    assert scopes_of(Role.EDITOR) == {Scope.READ, Scope.WRITE, Scope.RUN}
    assert scopes_of(Role.EDITOR, ["read"]) == {Scope.READ}
    assert scopes_of(Role.VIEWER, ["platform"]) == {Scope.READ, Scope.PLATFORM}
    assert scopes_from_text(Role.ADMIN, scopes_text(scopes_of(Role.ADMIN, ["admin"]))) == {
        Scope.ADMIN
    }
    assert scopes_from_text(Role.VIEWER, "[]") == {Scope.READ}
    with pytest.raises(ParameterError, match="scope run"):
        scopes_of(Role.VIEWER, ["run"])
    with pytest.raises(UnknownNameError, match="no scope is named 'root'"):
        scopes_of(Role.VIEWER, ["root"])


def test_every_role_of_an_organization_is_mapped() -> None:
    assert set(ROLE_OF) == set(OrganizationRole)
    assert stronger(Role.VIEWER, None, Role.ADMIN, Role.EDITOR) is Role.ADMIN
    assert stronger(None) is None


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (checked_slug, ("abc", "a-1", "x" * 50), ("ab", "x" * 51, "Abc", "a_b", "abc\n")),
        (checked_domain, ("example.com", "a-b.example.CO"), ("example", "x.c", "a b.com", "")),
        (checked_email, ("a.b+c@example.com",), ("a@b", "@example.com", "a b@x.com", "a@x.com\n")),
        (checked_username, ("ada", "A_d-9"), ("ab", "x" * 31, "a.b", "ådå", "abc\n")),
    ],
)
def test_names_follow_their_rules(
    check: object, good: tuple[str, ...], bad: tuple[str, ...]
) -> None:
    assert callable(check)
    for text in good:
        assert check(text) == text
    for text in bad:
        with pytest.raises(ParameterError):
            check(text)


def test_an_address_has_one_id_in_every_spelling() -> None:
    assert user_id_of("ADA@Example.com") == user_id_of(natural_key("ada@example.COM "))
