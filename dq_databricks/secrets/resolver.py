"""From a reference to its value: asks the place it names, and remembers for a minute."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from dq_databricks.errors import SecretNotFoundError
from dq_databricks.model.redacting import Redaction
from dq_databricks.model.secret_reference import SecretKind, SecretReference
from dq_databricks.secrets.files import read_private
from dq_databricks.secrets.secret import Secret

KEEP_S = 60.0


class SecretStore(Protocol):
    """One place where secrets are kept."""

    def read(self, reference: SecretReference) -> Secret:
        """The value of `reference`; raises SecretStoreError children that name it."""


class EnvironmentStore:
    """The variables of this process."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self._environment = os.environ if environment is None else environment

    def read(self, reference: SecretReference) -> Secret:
        """The value of a variable that is set and not empty."""
        value = self._environment.get(reference.place, "")
        if not value:
            raise SecretNotFoundError(
                f"{reference}: the variable {reference.place} is not set where this runs"
            )
        return Secret(value)


class FileStore:
    """Files of this machine that their owner alone may read."""

    def read(self, reference: SecretReference) -> Secret:
        """The text of a file without the line end after it."""
        text = read_private(Path(reference.place).expanduser(), str(reference))
        value = text.removesuffix("\n").removesuffix("\r")
        if not value:
            raise SecretNotFoundError(f"{reference}: the file is empty")
        return Secret(value)


@dataclass(frozen=True, slots=True)
class _Kept:
    secret: Secret
    until: float


class Secrets:
    """Resolves references. Values stay in memory for `keep_s` seconds, and in `redaction`.

    Nothing is asked before the first `resolve`. Safe to use from several threads.
    """

    def __init__(
        self,
        stores: Mapping[SecretKind, SecretStore],
        redaction: Redaction,
        monotonic: Callable[[], float],
        *,
        keep_s: float = KEEP_S,
    ) -> None:
        self._stores, self._redaction = stores, redaction
        self._monotonic, self._keep_s = monotonic, keep_s
        self._kept: dict[SecretReference, _Kept] = {}
        self._lock = threading.Lock()

    def resolve(self, reference: SecretReference) -> Secret:
        """The value of `reference`, at most a minute old; from now on it is hidden everywhere.

        Raises SecretStoreError children and MissingExtraError, which name the reference alone.
        """
        with self._lock:
            kept = self._kept.get(reference)
        if kept is not None and kept.until > self._monotonic():
            return kept.secret
        secret = self._stores[reference.kind].read(reference)
        self._redaction.learn(secret.reveal())
        with self._lock:
            self._kept[reference] = _Kept(secret, self._monotonic() + self._keep_s)
        return secret

    def forget(self, reference: SecretReference) -> None:
        """Ask the store again next time: the value was refused, so it may have been rotated."""
        with self._lock:
            self._kept.pop(reference, None)
