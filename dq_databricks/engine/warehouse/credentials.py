"""The one place that knows how to sign in to a workspace.

Takes a host and what the environment or a profile offers (token, OAuth machine-to-machine or
user, Apps); gives the connector what it asks for. Nothing is contacted before the first use.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from dq_databricks.errors import AuthenticationError

Headers = Mapping[str, str]
SIGN_IN_S = 60

_SECRETS = re.compile(
    r"(?i)(?P<keep>\bbearer\s+|\bbasic\s+|(?:token|secret|password|passwd|pwd)[\"']?\s*[=:]\s*[\"']?|://[^\s/:@]*:)"
    r"[^\s\"'@&,;]+"
    r"|\bdapi[0-9a-f]{8,}[-\w]*|\bdose[0-9a-f]{8,}|\beyJ[\w-]{8,}(?:\.[\w-]+){0,2}"
)
HIDDEN = "[hidden]"


def hide_secrets(text: str, known: frozenset[str] = frozenset()) -> str:
    """`text` without the `known` secrets and whatever looks like a token or password."""
    for secret in sorted(known, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return _SECRETS.sub(lambda match: (match["keep"] or "") + HIDDEN, text)


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
                f"cannot sign in to {self._host}: {hide_secrets(str(error), self._seen)}. Set"
                " DATABRICKS_TOKEN, or DATABRICKS_CLIENT_ID and DATABRICKS_CLIENT_SECRET, or run"
                " `databricks auth login`"
            ) from None
        values = (word for value in headers.values() for word in value.split())
        self._seen |= {word for word in values if len(word) > 8}
        return headers


def _unified(host: str) -> Any:
    from databricks.sdk.core import Config

    return Config(host=host, retry_timeout_seconds=SIGN_IN_S)
