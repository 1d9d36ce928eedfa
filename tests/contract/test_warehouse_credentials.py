"""How the warehouse engine signs in, and that no message ever shows with what."""

from __future__ import annotations

from pathlib import Path

import pytest

from dq_databricks.engine.warehouse.connect import Warehouse
from dq_databricks.engine.warehouse.credentials import WorkspaceCredentials
from dq_databricks.engine.warehouse.engine import WarehouseEngine
from dq_databricks.errors import AuthenticationError, EngineError
from dq_databricks.model.redacting import redacted
from tests.emulator import Fault
from tests.support.contract import rows
from tests.support.warehouse_engine import QUICK, TOKEN, Token, open_emulated


def test_unified_authentication_signs_every_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABRICKS_TOKEN", TOKEN)
    monkeypatch.setenv("DATABRICKS_CONFIG_FILE", str(tmp_path / "none"))
    with open_emulated(tmp_path, tokens=frozenset({TOKEN})) as opened:
        host = opened.emulator.host
        warehouse = Warehouse(host, opened.emulator.http_path, WorkspaceCredentials(host), "main")
        with WarehouseEngine(warehouse) as engine:
            assert rows(engine, "SELECT 1 AS x") == [(1,)]


def test_credentials_are_read_again_only_when_asked() -> None:
    class Config:
        def authenticate(self) -> dict[str, str]:
            return {"Authorization": f"Bearer secret-number-{len(read)}"}

    def sign_in(host: str) -> Config:
        read.append(host)
        return Config()

    read: list[str] = []
    credentials = WorkspaceCredentials("h", sign_in=sign_in)
    sign = credentials.arguments()["credentials_provider"]()
    assert [sign(), sign()] == [{"Authorization": "Bearer secret-number-1"}] * 2
    credentials.renew()
    assert sign() == {"Authorization": "Bearer secret-number-2"}
    assert {"secret-number-1", "secret-number-2"} <= credentials.secrets()


def test_failing_to_sign_in_says_how_and_hides_what_it_used() -> None:
    def sign_in(host: str) -> object:
        raise ValueError("cannot use client_secret=s3cr3t-of-mine for this host")

    warehouse = Warehouse("h", "/p", WorkspaceCredentials("h", sign_in=sign_in), patience=QUICK)
    with (
        WarehouseEngine(warehouse) as engine,
        pytest.raises(AuthenticationError, match="DATABRICKS_TOKEN") as caught,
    ):
        rows(engine, "SELECT 1 AS x")
    assert "s3cr3t" not in str(caught.value)


def test_a8_a_secret_in_an_answer_is_hidden(tmp_path: Path) -> None:
    with open_emulated(tmp_path, credentials=Token(TOKEN)) as engine:
        words = f"token {TOKEN} refused for https://me:hunter2@host/"
        engine.emulator.script.set(Fault("status", status=403, times=2, message=words))
        with pytest.raises(AuthenticationError) as caught:
            rows(engine, "SELECT 1 AS x")
        assert TOKEN not in str(caught.value)
        assert "hunter2" not in str(caught.value)
        assert caught.value.__cause__ is None
        with pytest.raises(EngineError) as caught_too:
            rows(engine, f"SELECT * FROM main.s.`{TOKEN}`")
        assert TOKEN not in str(caught_too.value)


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer XXX",
        "dapiXXX0123456789abcdef",
        "https://user:XXX@host/path",
        "client_secret='XXX'",
        '{"access_token": "XXX"}',
        "eyJXXXhbGciOi.eyJzdWIi.c2ln",
        "password = XXX,",
    ],
)
def test_a8_what_looks_like_a_secret_is_hidden(text: str) -> None:
    secret = text.replace("XXX", "0123456789abcdef")
    assert "0123456789abcdef" not in redacted(secret)
    assert redacted("no column `a` in main.s.t") == "no column `a` in main.s.t"
