"""Fernet, as the vault needs it: seals with the first key, opens with any."""

from __future__ import annotations

from typing import Any

from dq_databricks.errors import MissingExtraError, SecretStoreError


class Cipher:
    """Seals and opens text. Raises SecretStoreError for text that is no key."""

    def __init__(self, keys: tuple[str, ...]) -> None:
        fernet = _fernet()
        self._refusal = fernet.InvalidToken
        try:
            self._fernet = fernet.MultiFernet([fernet.Fernet(key) for key in keys])
        except ValueError:
            raise SecretStoreError(
                "a key of the vault is no Fernet key (32 random bytes in URL-safe base64); look "
                "at DQ_VAULT_KEY or the key file"
            ) from None

    def seal(self, text: str) -> str:
        """`text`, so that only a holder of the first key reads it."""
        return str(self._fernet.encrypt(text.encode()).decode())

    def open(self, sealed: str) -> str | None:
        """What was sealed; None where no key opens it, or somebody changed it."""
        try:
            return str(self._fernet.decrypt(sealed.encode()).decode())
        except (self._refusal, ValueError):
            return None


def new_key() -> str:
    """A new random key."""
    return str(_fernet().Fernet.generate_key().decode())


def _fernet() -> Any:
    try:
        from cryptography import fernet
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f"the vault needs {error.name}, which is not installed; "
            "pip install 'dq-databricks[secrets]'"
        ) from error
    return fernet
