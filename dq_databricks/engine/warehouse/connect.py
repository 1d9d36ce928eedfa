"""How a connection to a SQL warehouse is opened: where, as whom, with which session settings."""

from __future__ import annotations

import ipaddress
import logging
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from databricks import sql

from dq_databricks.engine.warehouse.credentials import Credentials
from dq_databricks.engine.warehouse.policy import Patience, StatementRetries
from dq_databricks.errors import EngineError, SettingsError

# The driver logs every failure it also raises; without a handler that goes to stderr, unredacted.
logging.getLogger("databricks.sql").addHandler(logging.NullHandler())

_ANSWER_MARGIN_S = 60
_LONGEST_SILENCE_S = 900


@dataclass(frozen=True, slots=True)
class Warehouse:
    """A SQL warehouse: its workspace (`host`, an address), its path, and how to talk to it.

    Raises SettingsError for an address over plain http, unless it is this machine.
    """

    host: str
    http_path: str
    credentials: Credentials
    catalog: str | None = None
    statement_timeout_s: int = 3600
    patience: Patience = field(default_factory=Patience)

    def __post_init__(self) -> None:
        parts = urlsplit(self.address)
        if parts.scheme == "http" and not _is_loopback(parts.hostname or ""):
            raise SettingsError(
                f"DATABRICKS_HOST={self.host!r}: plain http would show the token; use https"
            )

    def connect(self) -> Any:
        """Open one connection; the connector's exceptions pass through."""
        connection = sql.connect(
            server_hostname=urlsplit(self.address).netloc,
            http_path=self.http_path,
            catalog=self.catalog,
            session_configuration={
                "STATEMENT_TIMEOUT": str(self.statement_timeout_s),
                "TIMEZONE": "UTC",
                "ANSI_MODE": "true",
            },
            user_agent_entry="dq-databricks",
            enable_telemetry=False,
            _socket_timeout=min(self.statement_timeout_s + _ANSWER_MARGIN_S, _LONGEST_SILENCE_S),
            # The connector's own retries are off; StatementRetries takes their place.
            _retry_stop_after_attempts_count=1,
            _retry_stop_after_attempts_duration=1.0,
            _retry_delay_min=0.1,
            _retry_delay_max=5.0,
            _retry_delay_default=1.0,
            **self._plain_http(),
            **self.credentials.arguments(),
        )
        install(connection, StatementRetries.of(self.patience))
        return connection

    @property
    def address(self) -> str:
        """The workspace with its scheme: https unless http is written out."""
        host = self.host.strip().rstrip("/")
        return host if "://" in host else f"https://{host}"

    def _plain_http(self) -> dict[str, str]:
        if not self.address.startswith("http://"):
            return {}
        return {"_connection_uri": f"{self.address}/{self.http_path.lstrip('/')}"}


def install(connection: Any, policy: StatementRetries) -> None:
    """Put `policy` in the place of the connector's own, and check that it is there."""
    transport = getattr(connection.session.backend, "_transport", None)
    if transport is None or not hasattr(transport, "retry_policy"):
        connection.close()
        raise EngineError(
            "this warehouse or databricks-sql-connector does not keep its retries where they can"
            " be made safe, so a write could be sent twice; use a Thrift warehouse and release 4.9"
        )
    transport.retry_policy = policy


def policy_of(connection: Any) -> StatementRetries:
    """The policy installed on a connection."""
    policy: StatementRetries = connection.session.backend._transport.retry_policy
    return policy


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
