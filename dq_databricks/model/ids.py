"""Time and identity, injected: nothing else in the package asks the clock or makes an id."""

from __future__ import annotations

import hashlib
import os
import re
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from dq_databricks.model.redacting import Redaction

_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NAMESPACE = uuid.UUID("5b0b4c3e-6f0a-5b8e-9d0e-2f6d3c1a7e55")


def utc_now() -> datetime:
    """The current time, UTC, with microseconds."""
    return datetime.now(UTC)


def derived_id(*parts: str) -> str:
    """A stable id (UUIDv5) of natural key `parts`: the same parts always give the same id."""
    digest = hashlib.sha256()
    for part in parts:
        encoded = part.encode()
        digest.update(f"{len(encoded)}:".encode() + encoded)
    return str(uuid.uuid5(_NAMESPACE, digest.hexdigest()))


def is_id(text: str) -> bool:
    """Whether `text` has the form of the ids made here."""
    return _ID.fullmatch(text) is not None


@dataclass(slots=True)
class Context:
    """The clock and the source of randomness for ids; tests pass their own.

    `monotonic` measures spans in seconds, whatever happens to the clock; `sleep` waits seconds.
    `logging` is held while the audit log grows, so that threads of a process do not race for it.
    `redaction` knows the secrets of this process; by default those its environment names so.
    """

    now: Callable[[], datetime] = utc_now
    random_bytes: Callable[[int], bytes] = field(default=os.urandom)
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    logging: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)
    redaction: Redaction = field(
        default_factory=Redaction.of_environment, repr=False, compare=False
    )

    def new_id(self) -> str:
        """A fresh UUIDv7 (RFC 9562 §5.7): time-ordered to the millisecond, 74 random bits."""
        milliseconds = int(self.now().timestamp() * 1000) & ((1 << 48) - 1)
        random = int.from_bytes(self.random_bytes(10)) & ((1 << 74) - 1)
        high, low = random >> 62, random & ((1 << 62) - 1)
        value = (milliseconds << 80) | (0x7 << 76) | (high << 64) | (0b10 << 62) | low
        return str(uuid.UUID(int=value))
