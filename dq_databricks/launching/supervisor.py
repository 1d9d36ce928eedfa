"""What every launcher does in the background: look at the queue, and put right what died."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from threading import Event, Thread

from dq_databricks.engine.open import open_engine
from dq_databricks.engine.protocol import Engine
from dq_databricks.errors import QualityError
from dq_databricks.model.ids import Context
from dq_databricks.model.work import Job
from dq_databricks.quality import Quality
from dq_databricks.quality.jobs import JobKeeper
from dq_databricks.settings import Settings

_LOG = logging.getLogger(__name__)
LOCAL_POLL_S, REMOTE_POLL_S = 1.0, 5.0


class Supervisor(ABC):
    """A loop in a thread. `poll_s` seconds lie between two looks at the queue.

    Where the settings name `idle_poll_s`, a launcher that is idle rests that long or until it is
    woken, and so does a new one: each look is a statement, and a warehouse that is asked all the
    time never stops.
    """

    stop_s: float | None = None
    """How long `stop` waits for a look that is under way; None: as long as it takes."""

    def __init__(
        self,
        settings: Settings,
        *,
        engine: Engine | None = None,
        context: Context | None = None,
        poll_s: float | None = None,
    ) -> None:
        self.settings = settings
        self.context = context or Context()
        self._given, self._engine = engine, engine
        self._poll_s = poll_s or (LOCAL_POLL_S if settings.engine == "local" else REMOTE_POLL_S)
        self._reconciled: float | None = None
        self._is_ending = self._is_idle = False
        self._wake = Event()
        self._thread: Thread | None = None

    def start(self) -> None:
        """Begin, after putting right what an earlier one left behind; returns at once."""
        if self._thread is None:
            self._thread = Thread(target=self._run, name="launcher", daemon=True)
            self._thread.start()

    def wake(self) -> None:
        """Look at the queue now; safe from any thread."""
        self._wake.set()

    def stop(self) -> None:
        """Take no more jobs and end; stopping twice is harmless."""
        self._is_ending = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join(self.stop_s)
            self._thread = None
        if self._given is None and self._engine is not None:
            self._engine.close()
            self._engine = None

    @property
    def is_idle(self) -> bool:
        """Whether the last look found no job that is queued or running."""
        return self._is_idle

    def step(self) -> None:
        """One look: put right what is due, then carry on with the queue."""
        keeper = self._quality().jobs.keeper
        now = self.context.monotonic()
        if self._reconciled is None or now - self._reconciled > self.settings.lease_s / 2:
            keeper.reconcile()
            self._reconciled = now
        self._is_idle = not self.look(keeper)

    @abstractmethod
    def look(self, keeper: JobKeeper) -> Sequence[Job]:
        """Compare the queue with what this launcher has in hand, and act; the open jobs."""

    @abstractmethod
    def wind_up(self, keeper: JobKeeper) -> None:
        """Give up what is in hand when the launcher ends."""

    def _run(self) -> None:
        self._wake.wait(self.settings.idle_poll_s)
        while not self._is_ending:
            self._wake.clear()
            self._told(self.step)
            self._wake.wait(self._rest_s)
        self._told(lambda: self.wind_up(self._quality().jobs.keeper))

    @property
    def _rest_s(self) -> float:
        return max(self._poll_s, self.settings.idle_poll_s) if self._is_idle else self._poll_s

    def _told(self, action: Callable[[], None]) -> None:
        """Carry out `action`; what cannot be done now is tried again at the next look."""
        try:
            action()
        except (QualityError, OSError) as error:
            _LOG.warning("jobs: %s: %s; trying again", type(error).__name__, error)
        except Exception:  # a launcher that ends in silence would leave every job waiting
            logging.exception("jobs: internal error; trying again")

    def _quality(self) -> Quality:
        """A face that looks at the schema anew."""
        if self._engine is None:
            self._engine = open_engine(self.settings, self.context.redaction)
        return Quality(self.settings, self._engine, self.context)
