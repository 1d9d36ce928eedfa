"""How a run ends: when, after how long, and why when it broke off."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from dq_databricks.model.redacting import redacted
from dq_databricks.model.vocabulary import RunStatus
from dq_databricks.running.origin import RunStoppedError


def ended(started_at: datetime, now: datetime) -> dict[str, object]:
    """When a run ended and how long it took."""
    return {"completed_at": max(now, started_at), "duration_ms": elapsed_ms(started_at, now)}


def elapsed_ms(started_at: datetime, now: datetime) -> int:
    """Milliseconds from `started_at` to `now`; never negative, even when the clock jumps back."""
    return max(0, round((now - started_at).total_seconds() * 1000))


def broken_off(error: BaseException) -> Mapping[str, object]:
    """The status of a run that broke off, and why."""
    if isinstance(error, RunStoppedError):
        return {"status": error.status, "error_message": str(error)}
    cancelled = isinstance(error, KeyboardInterrupt)
    status = RunStatus.CANCELLED if cancelled else RunStatus.FAILED
    return {"status": status, "error_message": redacted(f"{type(error).__name__}: {error}")}
