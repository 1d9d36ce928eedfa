"""With what the warehouse engine signs in: the identity of the sdk, or one token by reference."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dq_databricks.engine.open import open_engine
from dq_databricks.engine.protocol import Engine
from dq_databricks.engine.warehouse.connect import Warehouse
from dq_databricks.engine.warehouse.credentials import TokenCredentials, WorkspaceCredentials
from dq_databricks.engine.warehouse.engine import WarehouseEngine
from dq_databricks.errors import AuthenticationError, ParameterError
from dq_databricks.model.redacting import Redaction
from dq_databricks.model.secret_reference import SecretReference
from dq_databricks.secrets import Secret, open_secrets, open_vault
from dq_databricks.settings import Settings
from tests.emulator.secret_scopes import ScopesFake
from tests.support.contract import rows
from tests.support.warehouse_engine import QUICK, EmulatedEngine, open_emulated

TOKEN, ROTATED = "opaque-token-by-reference", "opaque-token-that-follows"


@pytest.fixture(autouse=True)
def _nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No identity but the one a test gives."""
    for name in ("TOKEN", "CLIENT_ID", "CLIENT_SECRET", "HOST", "HTTP_PATH"):
        monkeypatch.delenv(f"DATABRICKS_{name}", raising=False)
    monkeypatch.setenv("DATABRICKS_CONFIG_FILE", str(tmp_path / "none"))


@contextmanager
def _emulated(folder: Path, *tokens: str) -> Iterator[EmulatedEngine]:
    with open_emulated(folder / "lake", tokens=frozenset(tokens)) as opened:
        yield opened


def _by_reference(opened: EmulatedEngine, home: Path, reference: str, **more: object) -> Engine:
    settings = Settings.load(
        {},
        engine="warehouse",
        host=opened.emulator.host,
        http_path=opened.emulator.http_path,
        token_ref=reference,
        home=home,
        **more,
    )
    return open_engine(settings, Redaction())


def test_a_token_is_taken_from_where_the_reference_says(tmp_path: Path) -> None:
    home = tmp_path / "home"
    open_vault(Settings.load({}, home=home)).put("token", Secret(TOKEN))
    (tmp_path / "token").write_text(TOKEN)
    (tmp_path / "token").chmod(0o600)
    with _emulated(tmp_path, TOKEN) as opened:
        for reference in ("vault:token", f"file:{tmp_path / 'token'}"):
            with _by_reference(opened, home, reference) as engine:
                assert rows(engine, "SELECT 1 AS x") == [(1,)]


def test_a_reference_wins_over_every_other_identity(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABRICKS_TOKEN", "the-wrong-one")
    monkeypatch.setenv("ROTATING", TOKEN)
    with (
        _emulated(tmp_path, TOKEN) as opened,
        _by_reference(opened, tmp_path, "env:ROTATING") as engine,
    ):
        assert rows(engine, "SELECT 1 AS x") == [(1,)]
        assert {sent for sent in opened.emulator.identities if sent} == {f"Bearer {TOKEN}"}


def test_w6_a_token_that_was_rotated_is_read_again_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROTATING", TOKEN)
    with (
        _emulated(tmp_path, TOKEN) as opened,
        _by_reference(opened, tmp_path, "env:ROTATING") as engine,
    ):
        assert rows(engine, "SELECT 1 AS x") == [(1,)]
        opened.emulator.tokens = frozenset({ROTATED})
        with pytest.raises(AuthenticationError) as refused:
            rows(engine, "SELECT 2 AS x")
        assert TOKEN not in str(refused.value)
        monkeypatch.setenv("ROTATING", ROTATED)
        assert rows(engine, "SELECT 3 AS x") == [(3,)]


def test_w7_a_reference_that_leads_nowhere_is_named(tmp_path: Path) -> None:
    with (
        _emulated(tmp_path, TOKEN) as opened,
        _by_reference(opened, tmp_path, "env:NOT_SET_HERE") as engine,
        pytest.raises(AuthenticationError, match="env:NOT_SET_HERE"),
    ):
        rows(engine, "SELECT 1 AS x")
    with _emulated(tmp_path, TOKEN) as opened, pytest.raises(ParameterError) as refused:
        _by_reference(opened, tmp_path, "dapi0123456789abcdef0123456789abcdef")
    assert "dapi0123" not in str(refused.value)


def test_without_a_reference_only_the_identity_of_the_sdk_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a job or the app runs: a service principal of the workspace, and no secret of ours."""
    granted = "granted-to-the-service-principal"
    fake = ScopesFake(principal=("app-client", "app-secret"), granted=granted)
    monkeypatch.setenv("DATABRICKS_CLIENT_ID", "app-client")
    monkeypatch.setenv("DATABRICKS_CLIENT_SECRET", "app-secret")
    monkeypatch.setenv("DATABRICKS_AUTH_TYPE", "oauth-m2m")
    with fake, _emulated(tmp_path, granted) as opened:
        emulator = opened.emulator
        warehouse = Warehouse(emulator.host, emulator.http_path, WorkspaceCredentials(fake.host))
        with WarehouseEngine(warehouse) as engine:
            assert rows(engine, "SELECT 1 AS x") == [(1,)]
        assert {sent for sent in emulator.identities if sent} == {f"Bearer {granted}"}
        assert "/api/2.0/secrets/get" not in fake.asked
        assert "/oidc/v1/token" in fake.asked


def test_a_token_of_a_scope_is_read_with_the_identity_and_used_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABRICKS_TOKEN", "identity-of-the-job")
    fake = ScopesFake(values={("dq", "warehouse"): TOKEN}, tokens={"identity-of-the-job"})
    with fake, _emulated(tmp_path, TOKEN) as opened:
        emulator, redaction = opened.emulator, Redaction()
        secrets = open_secrets(Settings.load({}, host=fake.host), redaction)
        reference = SecretReference.parse("dq/warehouse")
        credentials = TokenCredentials(emulator.host, reference, secrets)
        warehouse = Warehouse(emulator.host, emulator.http_path, credentials, patience=QUICK)
        with WarehouseEngine(warehouse) as engine:
            assert rows(engine, "SELECT 1 AS x") == [(1,)]
        assert {sent for sent in emulator.identities if sent} == {f"Bearer {TOKEN}"}
        assert redaction(TOKEN) == "***"
