"""The stores that the settings name; none is asked before it is needed."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from dq_databricks.model.redacting import Redaction
from dq_databricks.model.secret_reference import SecretKind
from dq_databricks.secrets.resolver import EnvironmentStore, FileStore, Secrets, SecretStore
from dq_databricks.secrets.scopes import ScopeStore
from dq_databricks.secrets.vault import Vault
from dq_databricks.secrets.vault_keys import GivenKeys, KeyFile, VaultKeys
from dq_databricks.settings import Settings

VAULT_FILE, KEY_FILE = "vault.json", "vault.key"


def open_secrets(
    settings: Settings,
    redaction: Redaction,
    monotonic: Callable[[], float] = time.monotonic,
) -> Secrets:
    """What resolves references for `settings`; resolved values are told to `redaction`."""
    stores: dict[SecretKind, SecretStore] = {
        SecretKind.SECRET_SCOPE: ScopeStore(settings.host),
        SecretKind.ENVIRONMENT: EnvironmentStore(),
        SecretKind.FILE: FileStore(),
        SecretKind.VAULT: open_vault(settings),
    }
    return Secrets(stores, redaction, monotonic)


def open_vault(settings: Settings) -> Vault:
    """The vault of `settings`; no file is touched yet."""
    path = Path(settings.vault).expanduser() if settings.vault else settings.home / VAULT_FILE
    return Vault(path, _keys(settings, path))


def _keys(settings: Settings, vault: Path) -> VaultKeys:
    if settings.vault_key:
        return GivenKeys(settings.vault_key)
    given = settings.vault_key_file
    return KeyFile(Path(given).expanduser() if given else vault.with_name(KEY_FILE))
