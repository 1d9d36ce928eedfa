"""When the connector may send a request again: a policy that never doubles a write.

The connector's own policy repeats ExecuteStatement after a lost connection and after any 503,
although the statement may have run. This one repeats a request only when the server did not
take it, or when repeating it cannot change anything.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from databricks.sql.auth.retry import CommandType
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from dq_databricks.errors import EngineUnavailableError

# The connector asks `isinstance(…, DatabricksRetryPolicy)` before it tells the command; it has no
# types, so the checker sees the class it is made from.
if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse
    from urllib3.util.retry import Retry as _Base
else:
    from databricks.sql.auth.retry import DatabricksRetryPolicy as _Base

# The statement is only looked at, or closed: asking twice changes nothing.
_HARMLESS = {CommandType.GET_OPERATION_STATUS, CommandType.CLOSE_OPERATION}
_NEVER_REACHED = (NewConnectionError, ConnectTimeoutError)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long one request and one statement are tried: seconds, and pauses between tries."""

    deadline_s: float = 900.0
    first_pause_s: float = 0.5
    longest_pause_s: float = 30.0
    connects: int = 3
    draw: Callable[[], float] = random.random

    def pause_s(self, attempt: int) -> float:
        """The pause after `attempt` (from 0): doubling, capped, half of it drawn at random."""
        longest = min(self.longest_pause_s, self.first_pause_s * 2.0 ** min(attempt, 16))
        return longest * (0.5 + 0.5 * self.draw())


class StatementRetries(_Base):
    """Repeats 429 always, 503 when that is safe, and failed polls; nothing else.

    429 and a 503 with Retry-After say that the request was not taken. A 503 without it may come
    from a proxy after the warehouse started to work: then only a statement that reads
    (`reading`) is sent again.
    """

    patience: Patience = Patience()
    reading: bool = False
    command_type: Any
    _retry_start_time: float
    stop_after_attempts_count: int

    @classmethod
    def of(cls, patience: Patience) -> Self:
        """A policy for one connection."""
        options: dict[str, Any] = {
            "delay_min": patience.first_pause_s,
            "delay_max": patience.longest_pause_s,
            "stop_after_attempts_count": 60,
            "stop_after_attempts_duration": patience.deadline_s,
            "delay_default": patience.first_pause_s,
            "force_dangerous_codes": [],
            "urllib3_kwargs": {"connect": patience.connects},
        }
        policy = cls(**options)
        policy.patience = patience
        return policy

    def new(self, **kw: Any) -> Self:
        """The policy of the next try; keeps what the base class does not know."""
        following = super().new(**kw)
        following.patience, following.reading = self.patience, self.reading
        return following

    def is_retry(self, method: str, status_code: int, has_retry_after: bool = False) -> bool:
        """Whether a request answered with `status_code` is sent again."""
        if method != "POST" or status_code == 429:
            return method == "POST"
        if status_code == 503:
            return has_retry_after or self.reading or self._is_harmless
        return self._is_harmless and status_code >= 500 and status_code != 501

    def increment(
        self,
        method: str | None = None,
        url: str | None = None,
        response: BaseHTTPResponse | None = None,
        error: Exception | None = None,
        _pool: Any = None,
        _stacktrace: TracebackType | None = None,
    ) -> Self:
        """Count a try; raises `error` when the request may have been carried out."""
        if error is not None and not (self._is_harmless or isinstance(error, _NEVER_REACHED)):
            raise error.with_traceback(_stacktrace)
        return super().increment(method, url, response, error, _pool, _stacktrace)

    def sleep_for_retry(self, response: BaseHTTPResponse) -> bool:
        """Wait as long as the server asked, or by our own pauses when it did not."""
        asked = self.get_retry_after(response)
        self._wait(self.get_backoff_time() if asked is None else asked, response.status)
        return True

    def get_backoff_time(self) -> float:
        """Seconds to wait before the next try."""
        return self.patience.pause_s(len(self.history) - 1)

    def _wait(self, seconds: float, status: int) -> None:
        waited = time.time() - self._retry_start_time
        if waited + seconds > self.patience.deadline_s:
            raise EngineUnavailableError(
                f"the warehouse answered {status} for {waited:.0f} s; the limit is"
                f" {self.patience.deadline_s:.0f} s. Check that it runs, then try again"
            )
        time.sleep(seconds)

    @property
    def _is_harmless(self) -> bool:
        return self.command_type in _HARMLESS
