"""From a reference to its value: each place, what it refuses, and what its errors name."""

from __future__ import annotations

import copy
import json
import os
import pickle
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dq_databricks.errors import (
    MissingExtraError,
    SecretDeniedError,
    SecretExposedError,
    SecretNotFoundError,
    SecretStoreError,
    SecretUnavailableError,
)
from dq_databricks.model.redacting import Redaction
from dq_databricks.model.secret_reference import SecretReference
from dq_databricks.secrets import Secret, Secrets, open_secrets
from dq_databricks.settings import Settings
from tests.emulator.secret_scopes import ScopesFake

VALUE = "the-value-nobody-sees"
TOKEN = "token-of-the-reader"


@pytest.fixture
def workspace(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[ScopesFake]:
    monkeypatch.setenv("DATABRICKS_TOKEN", TOKEN)
    monkeypatch.setenv("DATABRICKS_CONFIG_FILE", str(tmp_path / "none"))
    with ScopesFake(values={("dq", "token"): VALUE}, tokens={TOKEN}) as fake:
        yield fake


def _secrets(redaction: Redaction | None = None, **settings: object) -> Secrets:
    return open_secrets(Settings.load({}, **settings), redaction or Redaction())


def _resolved(text: str, secrets: Secrets) -> str:
    return secrets.resolve(SecretReference.parse(text)).reveal()


def test_a_secret_shows_itself_to_nobody() -> None:
    secret = Secret(VALUE)
    shown = [
        repr(secret),
        str(secret),
        f"{secret}",
        f"{secret!r:>9}",
        repr([secret]),
    ]
    assert not [text for text in shown if VALUE in text]
    assert secret.reveal() == VALUE
    for leak in (pickle.dumps, copy.copy, copy.deepcopy, json.dumps, vars):
        with pytest.raises(TypeError):
            leak(secret)


def test_a_scope_is_read_with_the_identity_of_the_sdk(workspace: ScopesFake) -> None:
    redaction = Redaction()
    secrets = _secrets(redaction, host=workspace.host)
    assert workspace.asked == []
    assert _resolved("secret:dq/token", secrets) == VALUE
    assert _resolved("dq/token", secrets) == VALUE
    assert workspace.asked.count("/api/2.0/secrets/get") == 1
    assert redaction(f"it was {VALUE}!") == "it was ***!"


def test_a_value_is_read_again_after_a_minute_or_when_it_was_refused(
    workspace: ScopesFake,
) -> None:
    now = [0.0]
    secrets = open_secrets(Settings.load({}, host=workspace.host), Redaction(), lambda: now[0])
    reference = SecretReference.parse("secret:dq/token")
    assert secrets.resolve(reference).reveal() == VALUE
    workspace.values["dq", "token"] = "rotated-value"
    assert secrets.resolve(reference).reveal() == VALUE
    now[0] = 61.0
    assert secrets.resolve(reference).reveal() == "rotated-value"
    workspace.values["dq", "token"] = "rotated-again"
    secrets.forget(reference)
    assert secrets.resolve(reference).reveal() == "rotated-again"


def test_w7_what_cannot_be_read_is_named_and_never_shown(workspace: ScopesFake) -> None:
    secrets = _secrets(host=workspace.host)
    with pytest.raises(SecretNotFoundError, match=r"secret:dq/other: .* list-secrets dq"):
        _resolved("secret:dq/other", secrets)
    workspace.readable = False
    with pytest.raises(SecretDeniedError, match=r"secret:dq/token: .* put-acl dq") as denied:
        _resolved("secret:dq/token", secrets)
    workspace.tokens.clear()
    with pytest.raises(SecretDeniedError) as unknown:
        _resolved("secret:dq/token", secrets)
    for refused in (denied, unknown):
        assert TOKEN not in str(refused.value)
        assert refused.value.__cause__ is None


def test_without_a_workspace_or_an_identity_it_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("DATABRICKS_HOST", "DATABRICKS_TOKEN", "DATABRICKS_CLIENT_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATABRICKS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SecretStoreError, match="DATABRICKS_HOST"):
        _resolved("secret:dq/token", _secrets())
    secrets = _secrets()
    monkeypatch.setattr(
        secrets._stores[SecretReference.parse("a/b").kind], "_connect", _unreachable
    )
    with pytest.raises(SecretUnavailableError, match=r"secret:dq/token: .*\(ConnectionError"):
        _resolved("secret:dq/token", secrets)


def _unreachable(_host: str) -> object:
    raise ConnectionError("no route")


def test_a_missing_driver_names_its_extra(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "databricks.sdk", None)
    monkeypatch.setitem(sys.modules, "cryptography", None)
    with pytest.raises(MissingExtraError, match=r"dq-databricks\[warehouse\]"):
        _resolved("secret:dq/token", _secrets())
    (tmp_path / "vault.json").write_text('{"format": 1, "entries": {"a": "x"}}')
    (tmp_path / "vault.json").chmod(0o600)
    (tmp_path / "vault.key").write_text("k")
    (tmp_path / "vault.key").chmod(0o600)
    with pytest.raises(MissingExtraError, match=r"dq-databricks\[secrets\]"):
        _resolved("vault:a", _secrets(home=tmp_path))


def test_a_variable_is_read_where_it_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_TOKEN_HERE", VALUE)
    assert _resolved("env:MY_TOKEN_HERE", _secrets()) == VALUE
    monkeypatch.setenv("MY_TOKEN_HERE", "")
    with pytest.raises(SecretNotFoundError, match="env:MY_TOKEN_HERE"):
        _resolved("env:MY_TOKEN_HERE", _secrets())


def test_a_file_is_read_only_where_its_owner_alone_can(tmp_path: Path) -> None:
    path = tmp_path / "token"
    with pytest.raises(SecretNotFoundError, match="there is no file"):
        _resolved(f"file:{path}", _secrets())
    path.write_text(VALUE + "\n")
    for mode in (0o640, 0o604, 0o620, 0o602):
        path.chmod(mode)
        with pytest.raises(SecretExposedError, match=f"{mode:04o}.*chmod 600"):
            _resolved(f"file:{path}", _secrets())
    for mode in (0o600, 0o400):
        path.chmod(mode)
        assert _resolved(f"file:{path}", _secrets()) == VALUE


def test_what_is_no_small_file_of_text_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "large").write_bytes(b"x" * 1_048_577)
    for name in ("bytes", "empty", "large"):
        (tmp_path / name).chmod(0o600)
    for name in ("pipe", "bytes", "empty", "large", "."):
        with pytest.raises(SecretStoreError, match="file:"):
            _resolved(f"file:{tmp_path / name}", _secrets())
