"""The keys of the vault: those of the environment, or those of a file for its owner alone."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from dq_databricks.errors import ParameterError, SecretNotFoundError, SecretStoreError
from dq_databricks.secrets.cipher import new_key
from dq_databricks.secrets.files import read_private, write_private

_WHAT = "the keys of the vault"


class VaultKeys(Protocol):
    """Keys, the newest first: that one seals, all open."""

    def read(self) -> tuple[str, ...]:
        """The keys; raises SecretStoreError where there is none."""

    def ensure(self) -> None:
        """Have at least one key."""

    def add(self) -> None:
        """Have a key that is newer than those that entries were sealed with."""

    def keep_newest(self) -> None:
        """Forget all keys but the newest, where that is ours to do."""


class GivenKeys:
    """Keys that the environment gives; who set them rotates them."""

    def __init__(self, text: str) -> None:
        self._keys = tuple(part.strip() for part in text.split(",") if part.strip())

    def read(self) -> tuple[str, ...]:
        """The keys in the order of DQ_VAULT_KEY."""
        if not self._keys:
            raise SecretStoreError("DQ_VAULT_KEY holds no key")
        return self._keys

    def ensure(self) -> None:
        """Nothing to do: they are given."""
        self.read()

    def add(self) -> None:
        """Raises ParameterError unless a new key was put before the old one."""
        if len(self.read()) < 2:
            raise ParameterError(
                "DQ_VAULT_KEY holds one key; to rotate, put the new key first and the old one "
                "after a comma, run dq secrets rotate-key, then take the old one away"
            )

    def keep_newest(self) -> None:
        """Nothing to do: the old ones are taken out of DQ_VAULT_KEY by hand."""


class KeyFile:
    """Keys in a file, one a line. It is made with the first entry."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> tuple[str, ...]:
        """The keys; raises SecretStoreError children."""
        try:
            text = read_private(self._path, _WHAT)
        except SecretNotFoundError:
            raise SecretNotFoundError(
                f"{_WHAT}: there is no key file {self._path}; set DQ_VAULT_KEY or "
                "DQ_VAULT_KEY_FILE, or put the file back"
            ) from None
        if not (keys := tuple(text.split())):
            raise SecretStoreError(f"{_WHAT}: {self._path} is empty; put the file back")
        return keys

    def ensure(self) -> None:
        """Make the file where there is none."""
        if not self._path.exists():
            write_private(self._path, new_key() + "\n")

    def add(self) -> None:
        """Put a new key before those there are."""
        self._write(new_key(), *self.read())

    def keep_newest(self) -> None:
        """Leave one key."""
        self._write(self.read()[0])

    def _write(self, *keys: str) -> None:
        write_private(self._path, "\n".join(keys) + "\n")
