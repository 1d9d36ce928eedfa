"""The one place that knows how to sign in to a workspace.

Takes a host and what the environment or a profile offers (token, OAuth machine-to-machine or
user, Apps), or a reference to one token; gives the connector what it asks for. Nothing is
contacted before the first use.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from dq_databricks.errors import AuthenticationError, SecretStoreError
from dq_databricks.model.redacting import redacted
from dq_databricks.model.secret_reference import SecretReference
from dq_databricks.secrets import Secrets

Headers = Mapping[str, str]
SIGN_IN_S = 60


class Credentials(Protocol):
    """Signs requests; how is its own affair."""

    def arguments(self) -> Mapping[str, Any]:
        """What `databricks.sql.connect` must be given."""

    def renew(self) -> None:
        """Forget what was signed in with; the next request reads the reference again."""

    def secrets(self) -> frozenset[str]:
        """Values that may not appear in any message."""


class WorkspaceCredentials:
    """Credentials through the unified authentication of databricks-sdk."""

    def __init__(self, host: str, *, sign_in: Callable[[str], Any] | None = None) -> None:
        self._host = host
        self._sign_in = sign_in or _unified
        self._config: Any = None
        self._seen: frozenset[str] = frozenset()

    def arguments(self) -> Mapping[str, Any]:
        """A provider that signs each request, so tokens are refreshed as they expire."""
        return {"credentials_provider": self._provider}

    def renew(self) -> None:
        """Read environment, profile and secret again with the next request."""
        self._config = None

    def secrets(self) -> frozenset[str]:
        """The header values that were sent so far."""
        return self._seen

    def _provider(self) -> Callable[[], Headers]:
        return self._headers

    def _headers(self) -> Headers:
        try:
            if self._config is None:
                self._config = self._sign_in(self._host)
            headers: Headers = self._config.authenticate()
        except (ValueError, OSError) as error:
            raise AuthenticationError(
                f"cannot sign in to {self._host}: {redacted(str(error), self._seen)}. Set"
                " DATABRICKS_TOKEN, or DATABRICKS_CLIENT_ID and DATABRICKS_CLIENT_SECRET, or run"
                " `databricks auth login`"
            ) from None
        values = (word for value in headers.values() for word in value.split())
        self._seen |= {word for word in values if len(word) > 8}
        return headers


class TokenCredentials:
    """Credentials that are one token, kept where `reference` says and read when it is needed.

    No other identity is tried. A token that is refused is read once more, since it may have been
    rotated.
    """

    def __init__(self, host: str, reference: SecretReference, secrets: Secrets) -> None:
        self._host, self._reference, self._secrets = host, reference, secrets
        self._seen: frozenset[str] = frozenset()

    def arguments(self) -> Mapping[str, Any]:
        """A provider that signs each request with the token as it is kept now."""
        return {"credentials_provider": self._provider}

    def renew(self) -> None:
        """Read the reference again with the next request."""
        self._secrets.forget(self._reference)

    def secrets(self) -> frozenset[str]:
        """The tokens that were sent so far."""
        return self._seen

    def _provider(self) -> Callable[[], Headers]:
        return self._headers

    def _headers(self) -> Headers:
        try:
            token = self._secrets.resolve(self._reference).reveal()
        except SecretStoreError as error:
            raise AuthenticationError(
                f"cannot sign in to {self._host} with the token of DQ_TOKEN_REF: {error}"
            ) from None
        self._seen |= {token}
        return {"Authorization": f"Bearer {token}"}


def _unified(host: str) -> Any:
    from databricks.sdk.core import Config

    return Config(host=host, retry_timeout_seconds=SIGN_IN_S)
