"""One job, carried out by this process, which claims it itself.

So nothing is lost when a worker is never started or started twice: the job stays queued, or is
found taken.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, current_thread, get_ident, main_thread
from types import FrameType

from dq_databricks.engine.protocol import Engine
from dq_databricks.errors import LeaseLostError, QualityError
from dq_databricks.launching.codes import (
    EXIT_DONE,
    EXIT_FAILED,
    EXIT_NOT_QUEUED,
    EXIT_TAKEN_AWAY,
)
from dq_databricks.launching.held import HeldJob
from dq_databricks.model.actor import Actor
from dq_databricks.model.ids import Context
from dq_databricks.model.vocabulary import ActorType, JobKind, JobStatus, TargetType
from dq_databricks.model.work import Job
from dq_databricks.quality import Quality
from dq_databricks.running.origin import Origin, RunStoppedError
from dq_databricks.running.process import this_process
from dq_databricks.settings import Settings

LOCAL = "local"
TOLD_TO_END = "cancelled: its process was told to end"
_PATIENCE_S = 1.0


def carry_out(
    settings: Settings,
    job_id: str,
    *,
    engine: Engine,
    context: Context,
    launcher: str = LOCAL,
    platform_run_id: str | None = None,
    is_given_back: bool | None = None,
) -> int:
    """Claim a queued job and carry it out in this process; an exit code.

    SIGTERM gives the job back to the queue, or, unless it `is_given_back`, cancels it: a platform
    that ends a task means the work. Local jobs are given back. In the main thread a job that is
    cancelled interrupts the work; in another one only its statements.
    """
    quality = Quality(settings, engine, context)
    keeper = quality.jobs.keeper
    queued = quality.jobs.show(job_id)
    job = keeper.queue.claim(queued, this_process(), launcher, platform_run_id)
    if job is None:
        return EXIT_NOT_QUEUED
    held = HeldJob(keeper, job, context, _Interrupt(engine), lease_s=settings.lease_s)
    gives_back = launcher == LOCAL if is_given_back is None else is_given_back
    with _listening(held, gives_back=gives_back):
        held.start()
        return _Work(quality, job, held).do()


class _Interrupt:
    """Wakes the thread that made this; statements that keep it waiting are cancelled."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._thread = engine, get_ident()
        self._is_heard = _hears_signals()

    def __call__(self, taken: Event) -> None:
        if self._is_heard:
            signal.pthread_kill(self._thread, signal.SIGUSR1)
        # Cancelling at once might hit the statement that closes the run.
        if not taken.wait(_PATIENCE_S):
            self._engine.cancel()


def _hears_signals() -> bool:
    return current_thread() is main_thread()


@contextmanager
def _listening(held: HeldJob, *, gives_back: bool) -> Iterator[None]:
    """SIGTERM gives the job up or cancels it; SIGUSR1 raises what its work must stop with."""
    if not _hears_signals():
        yield
        return

    def give_up(_signal: int, _frame: FrameType | None) -> None:
        if gives_back:
            held.give_up()
        else:
            held.cancel(TOLD_TO_END)

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        if (stop := held.take_stop()) is not None:
            raise stop

    listeners = {
        signal.SIGTERM: give_up,
        signal.SIGINT: give_up,
        signal.SIGUSR1: interrupt,
    }
    before = {number: signal.signal(number, each) for number, each in listeners.items()}
    try:
        yield
    finally:
        for number, each in before.items():
            signal.signal(number, each)


class _Work:
    """The work of one claimed job, and its end."""

    def __init__(self, quality: Quality, job: Job, held: HeldJob) -> None:
        self._keeper, self._job, self._held = quality.jobs.keeper, job, held
        actor = Actor(job.requested_by or "dq", ActorType.SYSTEM)
        self._quality = quality.acting(actor, [job.project_key], project=job.project_key)

    def do(self) -> int:
        """Do it; an exit code."""
        try:
            self._run()
        except LeaseLostError:
            return EXIT_TAKEN_AWAY
        except (RunStoppedError, QualityError, RuntimeError) as error:
            return self._broken_off(error)  # a driver that is interrupted raises RuntimeError
        except Exception as error:
            self._broken_off(error)
            raise
        self._held.release()
        self._keeper.end(self._job, JobStatus.SUCCEEDED)
        return EXIT_DONE

    def _run(self) -> None:
        job, held = self._job, self._held
        origin = Origin(job.trigger_source, job.run_id, job.job_id, held.keep, held.cause)
        target = job.target_ref if job.target_type is TargetType.TABLE else None
        group = job.target_ref if job.target_type is TargetType.GROUP else None
        if job.kind is JobKind.PROFILE:
            self._quality.profile(target, group=group, progress=held.tell, origin=origin)
            return
        suite = job.target_ref if job.target_type is TargetType.SUITE else None
        self._quality.test(target, group=group, suite=suite, progress=held.tell, origin=origin)

    def _broken_off(self, error: BaseException) -> int:
        """End the job as stopped or failed; an exit code."""
        cause = self._held.cause(error)
        self._held.release()
        if isinstance(cause, RunStoppedError):
            self._held.end_stopped(cause)
        else:
            kind = "" if isinstance(cause, QualityError) else "internal error, "
            reason = f"{kind}{type(cause).__name__}: {cause}"
            self._keeper.end(self._job, JobStatus.FAILED, reason)
        return EXIT_FAILED
