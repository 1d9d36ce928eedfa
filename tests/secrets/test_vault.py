"""The vault: what it keeps, who opens it, how its key is rotated, and that nothing is lost."""

from __future__ import annotations

import json
import multiprocessing
import stat
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from dq_databricks.errors import (
    ParameterError,
    SecretExposedError,
    SecretNotFoundError,
    SecretStoreError,
)
from dq_databricks.model.secret_reference import SecretReference
from dq_databricks.secrets import Secret, Vault, open_vault
from dq_databricks.secrets.vault_keys import KeyFile
from dq_databricks.settings import Settings

VALUE = "value-in-the-vault"


def _vault(folder: Path, **settings: str) -> Vault:
    return open_vault(Settings.load({}, home=folder, **settings))


def _read(vault: Vault, name: str) -> str:
    return vault.read(SecretReference.parse(f"vault:{name}")).reveal()


def test_what_is_put_in_comes_out_and_stands_encrypted(tmp_path: Path) -> None:
    vault = _vault(tmp_path)
    assert vault.names() == ()
    assert list(tmp_path.iterdir()) == []
    assert vault.put("pg.password", Secret(VALUE)) is False
    assert vault.put("other", Secret("ünïcödé\nof two lines")) is False
    assert vault.put("pg.password", Secret(VALUE + "2")) is True
    assert _vault(tmp_path).names() == ("other", "pg.password")
    assert _read(vault, "pg.password") == VALUE + "2"
    assert _read(vault, "other") == "ünïcödé\nof two lines"
    for path in (tmp_path / "vault.json", tmp_path / "vault.key"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert VALUE not in path.read_text()
    vault.remove("pg.password")
    assert vault.names() == ("other",)


def test_what_is_not_there_or_no_name_is_said_without_showing_it(tmp_path: Path) -> None:
    vault = _vault(tmp_path)
    vault.put("token", Secret(VALUE))
    with pytest.raises(SecretNotFoundError, match=r"vault:tokem: .*did you mean 'token'"):
        _read(vault, "tokem")
    with pytest.raises(SecretNotFoundError):
        vault.remove("tokem")
    for name in ("", "a b", "a/b", "x" * 129, "dapi secret"):
        with pytest.raises(ParameterError) as refused:
            vault.put(name, Secret(VALUE))
        assert "dapi" not in str(refused.value)
    with pytest.raises(ParameterError, match="empty"):
        vault.put("token", Secret(""))
    assert _read(vault, "token") == VALUE


def test_a_key_file_is_rotated_in_one_step(tmp_path: Path) -> None:
    vault = _vault(tmp_path)
    vault.put("a", Secret(VALUE))
    before = (tmp_path / "vault.key").read_text(), (tmp_path / "vault.json").read_text()
    assert vault.rotate() == 1
    after = (tmp_path / "vault.key").read_text(), (tmp_path / "vault.json").read_text()
    assert len(after[0].split()) == 1
    assert before[0] != after[0]
    assert _read(vault, "a") == VALUE
    (tmp_path / "vault.key").write_text(before[0])
    with pytest.raises(SecretStoreError, match="none of the keys opens"):
        _read(vault, "a")


@pytest.mark.parametrize("stops_at", ["_write", "keep_newest"])
def test_a_rotation_that_was_interrupted_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stops_at: str
) -> None:
    vault = _vault(tmp_path)
    vault.put("a", Secret(VALUE))

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Vault if stops_at == "_write" else KeyFile, stops_at, die)
        with pytest.raises(KeyboardInterrupt):
            vault.rotate()
    assert _read(_vault(tmp_path), "a") == VALUE
    assert vault.rotate() == 1
    assert _read(vault, "a") == VALUE
    assert len((tmp_path / "vault.key").read_text().split()) == 1


def test_keys_of_the_environment_are_rotated_by_their_owner(tmp_path: Path) -> None:
    old, new = (Fernet.generate_key().decode() for _ in range(2))
    _vault(tmp_path, vault_key=old).put("a", Secret(VALUE))
    assert not (tmp_path / "vault.key").exists()
    with pytest.raises(ParameterError, match="put the new key first") as refused:
        _vault(tmp_path, vault_key=old).rotate()
    assert old not in str(refused.value)
    both = _vault(tmp_path, vault_key=f"{new}, {old}")
    assert both.rotate() == 1
    assert _read(_vault(tmp_path, vault_key=new), "a") == VALUE
    with pytest.raises(SecretStoreError):
        _read(_vault(tmp_path, vault_key=old), "a")


def test_a_lost_key_is_not_replaced_by_a_new_one(tmp_path: Path) -> None:
    vault = _vault(tmp_path)
    vault.put("a", Secret(VALUE))
    (tmp_path / "vault.key").unlink()
    for action in (lambda: vault.put("b", Secret("x")), vault.rotate, lambda: _read(vault, "a")):
        with pytest.raises(SecretStoreError, match="put the file back"):
            action()
    assert not (tmp_path / "vault.key").exists()
    with pytest.raises(SecretStoreError, match="no Fernet key") as refused:
        _read(_vault(tmp_path, vault_key="this-is-no-key"), "a")
    assert "this-is-no-key" not in str(refused.value)


def test_entries_cannot_be_changed_or_swapped_in_the_file(tmp_path: Path) -> None:
    vault = _vault(tmp_path)
    vault.put("a", Secret(VALUE))
    vault.put("b", Secret("other"))
    path = tmp_path / "vault.json"
    document = json.loads(path.read_text())
    entries = document["entries"]
    document["entries"] = {"a": entries["b"], "b": entries["b"][:-4] + "AAA="}
    path.write_text(json.dumps(document))
    for name in ("a", "b"):
        with pytest.raises(SecretStoreError, match=f"vault:{name}: none of the keys"):
            _read(vault, name)
    for damaged in (
        "",
        "[]",
        "{}",
        '{"format": 2, "entries": {}}',
        '{"format": 1, "entries": [1]}',
    ):
        path.write_text(damaged)
        with pytest.raises(SecretStoreError, match="damaged or of another version"):
            vault.names()


def test_a_vault_or_key_that_others_may_read_is_not_used(tmp_path: Path) -> None:
    vault = _vault(tmp_path)
    vault.put("a", Secret(VALUE))
    for name in ("vault.key", "vault.json"):
        (tmp_path / name).chmod(0o644)
        with pytest.raises(SecretExposedError, match=f"chmod 600 .*{name}"):
            _read(vault, "a")
        (tmp_path / name).chmod(0o600)
    assert _read(vault, "a") == VALUE


def _put_many(folder: str, who: int) -> None:
    vault = _vault(Path(folder))
    for number in range(5):
        vault.put(f"p{who}.{number}", Secret(f"value {who} {number}"))


def test_processes_that_write_at_once_lose_nothing(tmp_path: Path) -> None:
    fork = multiprocessing.get_context("spawn")
    writers = [fork.Process(target=_put_many, args=(str(tmp_path), who)) for who in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert [writer.exitcode for writer in writers] == [0, 0, 0]
    vault = _vault(tmp_path)
    assert len(vault.names()) == 15
    assert _read(vault, "p2.4") == "value 2 4"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".vault")] == []
