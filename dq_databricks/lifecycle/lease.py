"""The lock of a schema: a row taken by a conditional update, for a while, by one at a time.

A lease is no fence: whoever is stopped for longer than it lasts wakes up without it. So the
holder asks `keep` before each step, and every step looks before it acts.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event, Lock, Thread

from dq_databricks.engine.protocol import Engine
from dq_databricks.errors import EngineError, LeaseLostError, SchemaLockedError
from dq_databricks.model.ids import Context
from dq_databricks.model.life import Lease
from dq_databricks.sql.identifiers import TableName
from dq_databricks.store.access import Table
from dq_databricks.store.filters import Condition, eq

NAME = "schema"
# Clocks of different machines may differ by this much; on one machine they do not.
SKEW = timedelta(minutes=10)
_LONGEST_PAUSE_S = 1.0


@dataclass(frozen=True, slots=True)
class LockOptions:
    """How long a lease lasts unless renewed, and how long to wait for somebody else's; seconds."""

    lease_s: float = 30.0
    wait_s: float = 120.0


class SchemaLock:
    """The lock of one schema. Its table must exist."""

    def __init__(
        self,
        engine: Engine,
        catalog: str,
        schema: str,
        context: Context,
        user: str,
        options: LockOptions | None = None,
    ) -> None:
        self._table = Table(engine, TableName(catalog, schema, Lease.TABLE), Lease, context)
        self._where = f"{catalog}.{schema}"
        self._context = context
        self._user = user
        self._options = options or LockOptions()

    @contextmanager
    def hold(self, purpose: str) -> Iterator[Held]:
        """Hold the lock inside the block, renewed in the background; given back at its end.

        Raises SchemaLockedError when somebody else held it for `wait_s` seconds.
        """
        lease = self._acquire(purpose)
        held = Held(self._table, lease, self._context, self._options.lease_s, self._where)
        held.start()
        try:
            yield held
        finally:
            held.release()

    def holder(self) -> Lease | None:
        """The lease as it stands; None when the lock was never taken."""
        return self._table.get(NAME)

    def _acquire(self, purpose: str) -> Lease:
        mine = self._mine(purpose)
        self._table.insert_missing([mine])
        end = self._context.monotonic() + self._options.wait_s
        seen: tuple[tuple[int, int], float] | None = None
        pause = 0.05
        while True:
            stored = self._table.require(NAME)
            if stored.owner == mine.owner:
                return stored
            now = self._context.monotonic()
            mark = (stored.fence, stored.beat)
            if seen is None or seen[0] != mark:
                seen = (mark, now)
            if self._is_free(stored, now - seen[1]):
                if self._take(stored, mine):
                    continue
            elif now >= end:
                raise self._locked(stored)
            else:
                self._context.sleep(pause)
                pause = min(pause * 1.5, _LONGEST_PAUSE_S)

    def _mine(self, purpose: str) -> Lease:
        now = self._context.now()
        return Lease(
            name=NAME,
            owner=self._context.new_id(),
            holder=f"{self._user} on {_host()}, process {os.getpid()}",
            purpose=purpose,
            fence=1,
            beat=0,
            lease_s=self._options.lease_s,
            acquired_at=now,
            expires_at=now + timedelta(seconds=self._options.lease_s),
        )

    def _is_free(self, stored: Lease, unchanged_s: float) -> bool:
        """Whether nobody holds it, it ran out, or its holder showed no life for a whole lease."""
        if stored.owner is None:
            return True
        margin = timedelta(0) if f" on {_host()}," in (stored.holder or "") else SKEW
        return unchanged_s > stored.lease_s or self._context.now() > stored.expires_at + margin

    def _take(self, stored: Lease, mine: Lease) -> bool:
        now = self._context.now()
        values = {
            "owner": mine.owner,
            "holder": mine.holder,
            "purpose": mine.purpose,
            "fence": stored.fence + 1,
            "beat": 0,
            "lease_s": self._options.lease_s,
            "acquired_at": now,
            "expires_at": now + timedelta(seconds=self._options.lease_s),
        }
        same = (eq("fence", stored.fence), eq("beat", stored.beat))
        return self._table.change([NAME], values, *same)

    def _locked(self, stored: Lease) -> SchemaLockedError:
        return SchemaLockedError(
            f"{self._where} is locked by {stored.holder} for {stored.purpose} since "
            f"{stored.acquired_at:%Y-%m-%d %H:%M:%S} UTC; waited {self._options.wait_s:g} s: "
            f"try again, a lock whose holder died ends at {stored.expires_at:%H:%M:%S} UTC"
        )


class Held:
    """A lease that is held. `owner` and `fence` go into what is written under it."""

    def __init__(
        self,
        table: Table[Lease],
        lease: Lease,
        context: Context,
        lease_s: float,
        where: str,
    ) -> None:
        self.owner = str(lease.owner)
        self.fence = lease.fence
        self._table = table
        self._context = context
        self._lease_s = lease_s
        self._where = where
        self._beat = lease.beat
        self._renewed = (context.monotonic(), lease.expires_at)
        self._lost = False
        self._lock = Lock()
        self._ended = Event()
        self._thread = Thread(target=self._renew_until_ended, name="lease", daemon=True)

    def keep(self) -> None:
        """Go on only as the holder: renews what is due. Raises LeaseLostError.

        Both clocks are asked: one may have stood still while the machine was suspended.
        """
        if not self._lost and self._is_due():
            self._renew()
        if self._lost:
            raise LeaseLostError(
                f"the lock of {self._where} ran out and went to another runner, so this one "
                "stopped; whoever holds it now finishes the work: try again to see it done"
            )

    def start(self) -> None:
        """Renew in the background until `release`."""
        self._thread.start()

    def release(self) -> None:
        """Give the lock back, unless it is no longer ours."""
        self._ended.set()
        self._thread.join(timeout=self._lease_s)
        # What cannot be given back now runs out by itself.
        with suppress(EngineError):
            self._table.change([NAME], {"owner": None}, *self._same())

    def _is_due(self) -> bool:
        since, expires_at = self._renewed
        spent = self._context.monotonic() - since
        left = (expires_at - self._context.now()).total_seconds()
        return spent > self._lease_s / 3 or left < self._lease_s * 2 / 3

    def _renew(self) -> None:
        with self._lock:
            expires_at = self._expiry()
            values = {"beat": self._beat + 1, "expires_at": expires_at}
            if self._table.change([NAME], values, *self._same()):
                self._beat += 1
                self._renewed = (self._context.monotonic(), expires_at)
            else:
                self._lost = True

    def _renew_until_ended(self) -> None:
        while not self._ended.wait(self._lease_s / 3):
            # A renewal that fails is tried again; when it is too late, `keep` finds out.
            with suppress(EngineError):
                self._renew()
            if self._lost:
                return

    def _expiry(self) -> datetime:
        return self._context.now() + timedelta(seconds=self._lease_s)

    def _same(self) -> tuple[Condition, ...]:
        return (eq("owner", self.owner), eq("fence", self.fence))


def _host() -> str:
    return socket.gethostname()
