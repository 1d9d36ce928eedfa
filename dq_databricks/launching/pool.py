"""The local launcher: a bounded number of processes, each with one job.

Processes are spawned, never forked: the drivers of the embedded engine do not survive a fork.
They are in sessions of their own and outlive a launcher that is killed; the next one counts them.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from dq_databricks.engine.protocol import Engine
from dq_databricks.launching.codes import EXIT_DONE, EXIT_FAILED, EXIT_NOT_QUEUED, JOB_VARIABLE
from dq_databricks.launching.supervisor import Supervisor
from dq_databricks.model.ids import Context
from dq_databricks.model.vocabulary import JobStatus
from dq_databricks.model.work import Job
from dq_databricks.quality.jobs import JobKeeper
from dq_databricks.running.process import is_here, name_of, stop
from dq_databricks.settings import Settings, environment_of

MOST_FALSE_STARTS = 3
_ORDERLY = (EXIT_FAILED, EXIT_DONE, EXIT_NOT_QUEUED, -signal.SIGTERM)
GRACE_S = 8.0
"""Seconds a worker has to stop its job by itself, before it is killed."""


@dataclass(slots=True)
class _Child:
    """A worker process of ours."""

    job_id: str
    name: str
    process: subprocess.Popen[bytes]
    told_at: float | None = None


class LocalWorkerPool(Supervisor):
    """Carries out queued jobs in at most `workers` processes of this host.

    ``start()`` begins, ``wake()`` makes it look at the queue at once, ``stop()`` ends it and its
    workers; their jobs are queued again. ``step()`` does by hand what the thread does each second.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        engine: Engine | None = None,
        context: Context | None = None,
        poll_s: float | None = None,
    ) -> None:
        super().__init__(settings, engine=engine, context=context, poll_s=poll_s)
        self._hand: list[_Child] = []
        self._false_starts = Counter[str]()

    def look(self, keeper: JobKeeper) -> Sequence[Job]:
        """Close what ended, stop what shall stop, start what waits."""
        self._reap(keeper)
        jobs = keeper.queue.open()
        self._stop_unwanted(jobs)
        self._start_queued(jobs)
        return jobs

    def wind_up(self, keeper: JobKeeper) -> None:
        """Tell every worker to end; one that does not listen is killed, and its job is lost."""
        for child in self._hand:
            child.process.terminate()
        for child in self._hand:
            try:
                child.process.wait(GRACE_S)
            except subprocess.TimeoutExpired:
                child.process.kill()
        self._reap(keeper)

    def _reap(self, keeper: JobKeeper) -> None:
        """Look after the jobs of workers that ended, most of which they ended themselves."""
        for child in [child for child in self._hand if child.process.poll() is not None]:
            self._hand.remove(child)
            job, code = keeper.queue.get(child.job_id), child.process.returncode
            if job.status is JobStatus.RUNNING and job.worker == child.name:
                keeper.lose(job, f"its worker ended with {_ending(code)}")
            elif job.status is JobStatus.QUEUED and code not in _ORDERLY:
                self._count_false_start(keeper, job, code)

    def _count_false_start(self, keeper: JobKeeper, job: Job, code: int) -> None:
        """A worker that ends before it has claimed its job would be started for ever."""
        self._false_starts[job.job_id] += 1
        if self._false_starts[job.job_id] >= MOST_FALSE_STARTS:
            why = f"its worker could not start ({_ending(code)}, {MOST_FALSE_STARTS} times)"
            keeper.end(job, JobStatus.FAILED, f"{why}; the log of the service says more")

    def _stop_unwanted(self, jobs: Sequence[Job]) -> None:
        """Kill workers that were asked to stop their job long ago and did not."""
        cancelled = {job.job_id for job in jobs if job.cancel_requested_at is not None}
        now = self.context.monotonic()
        for child in self._hand:
            if child.job_id not in cancelled:
                continue
            if child.told_at is None:
                child.told_at = now
                stop(child.name)
            elif now - child.told_at > GRACE_S:
                stop(child.name, kill=True)

    def _start_queued(self, jobs: Sequence[Job]) -> None:
        ours = {child.name for child in self._hand}
        others = sum(
            job.status is JobStatus.RUNNING and is_here(job.worker or "") and job.worker not in ours
            for job in jobs
        )
        taken = {child.job_id for child in self._hand}
        waiting = [job for job in jobs if _is_waiting(job) and job.job_id not in taken]
        free = self.settings.workers - len(self._hand) - others
        for job in waiting[: max(0, free)]:
            self._hand.append(self._spawn(job))

    def _spawn(self, job: Job) -> _Child:
        process = subprocess.Popen(
            [sys.executable, "-m", "dq_databricks.launching"],
            env={**os.environ, **environment_of(self.settings), JOB_VARIABLE: job.job_id},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        return _Child(job.job_id, name_of(process.pid), process)


def _is_waiting(job: Job) -> bool:
    is_free = job.platform_run_id is None and job.cancel_requested_at is None
    return job.status is JobStatus.QUEUED and is_free


def _ending(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"signal {-code}"
