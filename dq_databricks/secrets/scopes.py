"""Secret scopes of a Databricks workspace: the one place here that speaks to databricks-sdk."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import TYPE_CHECKING

from dq_databricks.errors import (
    MissingExtraError,
    SecretDeniedError,
    SecretNotFoundError,
    SecretStoreError,
    SecretUnavailableError,
)
from dq_databricks.model.secret_reference import SecretReference
from dq_databricks.secrets.secret import Secret

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

ANSWER_S, RETRY_S = 30, 10
Refusals = tuple[tuple[type[Exception], ...], tuple[type[Exception], ...]]
"""The errors of the sdk that say: not there, and not for us."""


class ScopeStore:
    """Reads secret scopes as whoever databricks-sdk finds us to be; connects with the first."""

    def __init__(self, host: str, *, connect: Callable[[str], WorkspaceClient] | None = None):
        self._host = host
        self._connect = connect or _workspace
        self._client: WorkspaceClient | None = None

    def read(self, reference: SecretReference) -> Secret:
        """The value of a key of a scope.

        Raises SecretNotFoundError, SecretDeniedError, SecretUnavailableError, MissingExtraError.
        """
        coded = self._answered(reference)
        if coded is None:
            raise SecretNotFoundError(f"{reference}: the workspace keeps no value under this key")
        try:
            return Secret(base64.b64decode(coded, validate=True).decode("utf-8"))
        except (binascii.Error, UnicodeDecodeError):
            raise SecretStoreError(f"{reference}: the value is no text") from None

    def _answered(self, reference: SecretReference) -> str | None:
        refusals = _refusals(reference)
        try:
            if self._client is None:
                self._client = self._connect(self._host)
            found = self._client.secrets.get_secret(reference.place, reference.key or "")
        except (ValueError, OSError) as error:  # what the sdk says may hold what it sent
            raise _refused(reference, error, refusals) from None
        return None if found.value is None else str(found.value)


def _refused(reference: SecretReference, error: Exception, refusals: Refusals) -> SecretStoreError:
    missing, denied = refusals
    scope = reference.place
    if isinstance(error, missing):
        return SecretNotFoundError(
            f"{reference}: the workspace has no such scope or key; "
            f"`databricks secrets list-secrets {scope}` shows what there is"
        )
    if isinstance(error, denied):
        return SecretDeniedError(
            f"{reference}: this identity may not read the scope; give it READ with "
            f"`databricks secrets put-acl {scope} PRINCIPAL READ`"
        )
    if isinstance(error, ValueError):  # how the sdk says that it found no way to sign in
        return SecretDeniedError(
            f"{reference}: there is no identity to read it with; set DATABRICKS_HOST and "
            "sign in with `databricks auth login`, or run where the workspace gives one"
        )
    why = type(error).__name__
    return SecretUnavailableError(f"{reference}: the workspace does not answer ({why}); try again")


def _refusals(reference: SecretReference) -> Refusals:
    try:
        from databricks.sdk import errors
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f"{reference} needs {error.name}, which is not installed; "
            "pip install 'dq-databricks[warehouse]'"
        ) from error
    return (errors.NotFound,), (errors.Unauthenticated, errors.PermissionDenied)


def _workspace(host: str) -> WorkspaceClient:
    from databricks.sdk import WorkspaceClient
    from databricks.sdk.core import Config

    config = Config(host=host or None, http_timeout_seconds=ANSWER_S, retry_timeout_seconds=RETRY_S)
    return WorkspaceClient(config=config)
