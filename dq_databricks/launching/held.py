"""A claimed job in the hands of its worker: kept alive in the background, given up when taken away.

One thread writes everything that is told of a job while it runs, at most every two seconds:
that its worker is alive, and where the work stands.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from threading import Event, Lock, Thread

from dq_databricks.errors import LeaseLostError, QualityError
from dq_databricks.launching.codes import EXIT_TAKEN_AWAY
from dq_databricks.model.ids import Context
from dq_databricks.model.vocabulary import JobStatus, RunStatus
from dq_databricks.model.work import Job
from dq_databricks.quality.jobs import JobKeeper
from dq_databricks.running.origin import RunStoppedError

WRITE_EVERY_S = 2.0
LOOK_EVERY_S = 0.25
GRACE_S = 5.0

_CANCELLED = RunStatus.CANCELLED
_GIVEN_BACK = RunStoppedError("interrupted: its worker was told to end", RunStatus.FAILED)
_AS_JOB = {RunStatus.CANCELLED: JobStatus.CANCELLED, RunStatus.FAILED: JobStatus.TIMED_OUT}


class HeldJob:
    """A job that this process carries out.

    `interrupt` makes the thread that does the work raise what `take_stop` gives; it is told when
    that was taken. When that does not help within `grace_s` seconds, the process ends here and now.
    """

    def __init__(
        self,
        keeper: JobKeeper,
        job: Job,
        context: Context,
        interrupt: Callable[[Event], None],
        *,
        lease_s: float,
        grace_s: float = GRACE_S,
    ) -> None:
        self.job = job
        self._keeper, self._context, self._interrupt = keeper, context, interrupt
        self._queue = keeper.queue
        self._beat_every_s, self._grace_s = lease_s / 3, grace_s
        self._began = self._beaten = context.monotonic()
        self._beaten_at = context.now()
        self._progress = self._told = ("Starting", 0, 0)
        self._stop: RunStoppedError | None = None
        self._must_give_back = self._lost = False
        self._lock, self._ended, self._taken = Lock(), Event(), Event()
        self._thread = Thread(target=self._watch, name="job", daemon=True)

    def start(self) -> None:
        """Keep the job alive until `release`."""
        self._thread.start()

    def release(self) -> None:
        """The work is over: write nothing more about it."""
        self._ended.set()
        self._thread.join(timeout=self._grace_s)

    def tell(self, phase: str, done: int, total: int) -> None:
        """Where the work stands."""
        self._progress = (phase, done, total)

    def keep(self) -> None:
        """Go on only as the one who has the job; raises LeaseLostError when it was taken away.

        Both clocks are asked: one may have stood still while the process was stopped.
        """
        asleep = (self._context.now() - self._beaten_at).total_seconds()
        if max(asleep, self._context.monotonic() - self._beaten) > 2 * self._beat_every_s:
            self._beat()
        if self._lost:
            raise LeaseLostError(f"job {self.job.job_id} went to another worker; this one stopped")
        if (stop := self.take_stop()) is not None:
            raise stop

    def give_up(self) -> None:
        """The process was told to end: stop, and queue the job again unless it is cancelled."""
        self._must_give_back = True

    def cancel(self, reason: str) -> None:
        """The process was told to end, and the job shall not be carried out elsewhere."""
        self._stop_with(RunStoppedError(reason, _CANCELLED))

    def take_stop(self) -> RunStoppedError | None:
        """What the work must be stopped with, given once; None while there is nothing."""
        if self._ended.is_set() or self._stop is None or self._taken.is_set():
            return None
        self._taken.set()
        return self._stop

    def cause(self, error: BaseException) -> BaseException:
        """Why the work broke off: what it was stopped with, or else `error`."""
        return self._stop or error

    def end_stopped(self, stopped: RunStoppedError) -> None:
        """End the job after its work was stopped."""
        if stopped is _GIVEN_BACK:
            self._keeper.give_back(self.job, str(stopped))
        else:
            self._keeper.end(self.job, _AS_JOB[stopped.status], str(stopped))

    # --- the thread ------------------------------------------------------------------------

    def _watch(self) -> None:
        while not self._ended.wait(LOOK_EVERY_S):
            if self._context.monotonic() - self._began > self.job.timeout_s:
                late = f"timed out after {self.job.timeout_s} s"
                self._stop_with(RunStoppedError(late, RunStatus.FAILED))
            elif self._must_give_back or self._is_due():
                # What cannot be written now is tried again; when it is too late, `keep` finds out.
                with suppress(QualityError):
                    self._beat()
            if self._must_give_back:
                self._stop_with(_GIVEN_BACK)
            if self._lost or self._stop is not None:
                self._bring_to_an_end()
                return

    def _is_due(self) -> bool:
        spent = self._context.monotonic() - self._beaten
        is_news = self._progress != self._told
        return spent > self._beat_every_s or (is_news and spent > WRITE_EVERY_S)

    def _beat(self) -> None:
        with self._lock:
            progress = self._progress
            if self._queue.beat(self.job, *progress):
                self._told, self._beaten = progress, self._context.monotonic()
                self._beaten_at = self._context.now()
                return
        stored = self._queue.get(self.job.job_id)
        is_ours = (stored.attempt, stored.worker) == (self.job.attempt, self.job.worker)
        if is_ours and stored.status is JobStatus.RUNNING:
            self._stop_with(RunStoppedError(stored.error_message or "cancelled", _CANCELLED))
        else:
            self._lost = True

    def _stop_with(self, stop: RunStoppedError) -> None:
        if self._stop is None:
            self._stop = stop

    def _bring_to_an_end(self) -> None:
        """Stop the work, politely first; whoever lost the job writes nothing more."""
        if self._lost:
            os._exit(EXIT_TAKEN_AWAY)
        self._interrupt(self._taken)
        if not self._ended.wait(self._grace_s):
            if self._stop is not None:
                self.end_stopped(self._stop)
            os._exit(EXIT_TAKEN_AWAY)
