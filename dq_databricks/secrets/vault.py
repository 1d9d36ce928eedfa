"""The vault: secrets in one encrypted file of this machine, for laptops and single servers.

The file is JSON: names as they are, values as Fernet tokens. Each token holds its name too, so
that nobody who may write the file can put one secret in the place of another.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from dq_databricks.errors import (
    ParameterError,
    SecretNotFoundError,
    SecretStoreError,
    SecretUnavailableError,
)
from dq_databricks.model.redacting import holds_secret
from dq_databricks.model.secret_reference import SecretKind, SecretReference
from dq_databricks.model.words import did_you_mean
from dq_databricks.secrets.cipher import Cipher
from dq_databricks.secrets.files import read_private, write_private
from dq_databricks.secrets.secret import Secret
from dq_databricks.secrets.vault_keys import VaultKeys

FORMAT = 1
LOCK_WAIT_S = 30.0
Entries = Mapping[str, str]


class Vault:
    """The entries of the vault at `path`, read anew with each call; opened with `keys`."""

    def __init__(self, path: Path, keys: VaultKeys) -> None:
        self._path, self._keys = path, keys

    def names(self) -> tuple[str, ...]:
        """The names of the entries, in their order; needs no key."""
        return tuple(sorted(self._entries()))

    def read(self, reference: SecretReference) -> Secret:
        """The value of an entry. Raises SecretNotFoundError, and SecretStoreError without a key."""
        entries, name = self._entries(), reference.place
        if name not in entries:
            raise SecretNotFoundError(
                f"{reference}: the vault has no such entry{did_you_mean(name, list(entries))}; "
                f"`dq secrets set {name}` makes it"
            )
        return Secret(_opened(self._cipher(), name, entries[name], self._path))

    def put(self, name: str, value: Secret) -> bool:
        """Keep `value` under `name`; whether there was another value before."""
        checked = _checked_name(name)
        if not value.reveal():
            raise ParameterError(f"vault:{name}: the value is empty; give at least one character")
        with self._changing() as entries:
            self._have_key(entries)
            is_known = checked in entries
            self._write({**entries, checked: _sealed(self._cipher(), checked, value.reveal())})
        return is_known

    def remove(self, name: str) -> None:
        """Forget an entry. Raises SecretNotFoundError."""
        checked = _checked_name(name)
        with self._changing() as entries:
            if checked not in entries:
                raise SecretNotFoundError(f"vault:{checked}: the vault has no such entry")
            self._write({key: value for key, value in entries.items() if key != checked})

    def rotate(self) -> int:
        """Encrypt every entry with a new key, and forget the old ones; how many entries there are.

        Keys of a file are made and removed here; those of DQ_VAULT_KEY are its owner's. A crash in
        between leaves all keys that entries need.
        """
        with self._changing() as entries:
            self._have_key(entries)
            self._keys.add()
            cipher = self._cipher()
            again = {
                name: _sealed(cipher, name, _opened(cipher, name, token, self._path))
                for name, token in entries.items()
            }
            self._write(again)
            self._keys.keep_newest()
        return len(again)

    # --- below -------------------------------------------------------------------------------

    def _have_key(self, entries: Entries) -> None:
        """Make a key for the first entry; where there are entries, theirs must be given."""
        self._keys.read() if entries else self._keys.ensure()

    def _cipher(self) -> Cipher:
        return Cipher(self._keys.read())

    def _entries(self) -> Entries:
        try:
            text = read_private(self._path, "the vault")
        except SecretNotFoundError:
            return {}
        try:
            document = json.loads(text)
            entries: Entries = document["entries"]
            if document["format"] == FORMAT and all(isinstance(v, str) for v in entries.values()):
                return entries
        except (ValueError, KeyError, TypeError, AttributeError):
            pass
        raise SecretStoreError(
            f"the vault {self._path} is damaged or of another version; put a copy back"
        )

    def _write(self, entries: Entries) -> None:
        document = {"format": FORMAT, "entries": dict(sorted(entries.items()))}
        write_private(self._path, json.dumps(document, indent=1) + "\n")

    @contextmanager
    def _changing(self) -> Iterator[Entries]:
        """The entries, while no other process changes them."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self._path.with_name(f"{self._path.name}.lock"), mode=0o600)
        try:
            with lock.acquire(timeout=LOCK_WAIT_S):
                yield self._entries()
        except Timeout:
            raise SecretUnavailableError(
                f"the vault {self._path} was locked for {LOCK_WAIT_S:.0f} s by another process; "
                "try again"
            ) from None


def _checked_name(name: str) -> str:
    """A name that a reference can name; raises ParameterError without showing what was given."""
    reference = SecretReference.parse(f"{SecretKind.VAULT.value}:{name}")
    if reference.kind is not SecretKind.VAULT or holds_secret(name):
        raise ParameterError(
            "a name in the vault (not shown, it may be a secret) has letters, digits, '_', '.', "
            "'@' and '-' only, and is no token"
        )
    return reference.place


def _sealed(cipher: Cipher, name: str, value: str) -> str:
    return cipher.seal(json.dumps([name, value]))


def _opened(cipher: Cipher, name: str, token: str, path: Path) -> str:
    inside = cipher.open(token)
    held, value = json.loads(inside) if inside is not None else ("", "")
    if inside is None or held != name:
        raise SecretStoreError(
            f"vault:{name}: none of the keys opens this entry of {path}; give the key it was "
            "written with in DQ_VAULT_KEY or the key file, or set the entry again"
        )
    return str(value)
