"""Jobs as people ask for them: request, list, show, cancel, retry, and the runs they make."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dq_databricks.errors import (
    InProgressError,
    NotFoundError,
    ParameterError,
    RunEndedError,
    WriteConflictError,
)
from dq_databricks.model.actor import Actor
from dq_databricks.model.ids import Context
from dq_databricks.model.profile import ProfileRun
from dq_databricks.model.testing import TestRun
from dq_databricks.model.vocabulary import (
    JobKind,
    JobStatus,
    RunStatus,
    TriggerSource,
)
from dq_databricks.model.work import Job
from dq_databricks.quality.aiming import Aim, Aiming
from dq_databricks.quality.catalog import CatalogFace
from dq_databricks.quality.keeping import JobKeeper, Reconciled, Run
from dq_databricks.quality.run_view import RunView, view_of_job, view_of_run
from dq_databricks.quality.work import WorkFinder
from dq_databricks.settings import Settings
from dq_databricks.store.filters import Condition, eq, is_in
from dq_databricks.store.jobs import OPEN, Jobs
from dq_databricks.store.page import Page
from dq_databricks.store.store import Store

__all__ = ["JobFace", "JobKeeper", "Reconciled", "RunPage", "RunView"]
TASK = "task"
"""The launcher of a job whose own task of the platform carries it out."""

_MOST_TRIES = 10


@dataclass(frozen=True, slots=True)
class RunPage:
    """Some runs. `next_cursor` leads to the next page; None: this is the last."""

    items: tuple[RunView, ...]
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True)
class JobFace:
    """The jobs of the projects that its face sees."""

    store: Store
    context: Context
    settings: Settings
    actor: Actor
    writable: Callable[[], Store]
    catalog: CatalogFace
    work: Callable[[], WorkFinder]
    check_room: Callable[[], None]

    # --- asking ----------------------------------------------------------------------------

    def request(
        self,
        kind: JobKind | str,
        target: str | None = None,
        *,
        group: str | None = None,
        suite: str | None = None,
        trigger: TriggerSource = TriggerSource.MANUAL,
        priority: int = 5,
        max_attempts: int = 2,
        timeout_s: int = 3600,
        job_id: str | None = None,
        may_register: bool = True,
        may_be_unknown: bool = False,
        platform_run_id: str | None = None,
    ) -> Job:
        """Queue a profile of TARGET or `group`, or the tests of TARGET, `group` or `suite`.

        TARGET may be the id of a table; one that is new is put under watch where the caller
        `may_register`, and where it `may_be_unknown` by whoever carries the job out: then what is
        wrong with it fails the job. With the `job_id` of an earlier request, that one is answered.
        A job whose worker dies is started up to `max_attempts` times. One with the
        `platform_run_id` of its caller is left to it by every launcher. Raises TargetError,
        NotFoundError, NoTestsError, ParameterError, and LimitReachedError where storage is full.
        """
        chosen = JobKind(kind)
        if job_id is not None and (known := self.known(job_id)) is not None:
            return known
        self.check_room()
        aiming = Aiming(
            self.store, self.catalog, self.work, self.settings.project, may_register, may_be_unknown
        )
        aim = aiming.at(chosen, target, group, suite)
        asked: dict[str, Any] = {
            "trigger_source": trigger,
            "priority": priority,
            "max_attempts": max_attempts,
            "timeout_s": timeout_s,
        }
        return self._add(self._new_job(chosen, aim, job_id, platform_run_id, asked))

    def cancel(self, job_or_run_id: str) -> Job:
        """Stop a job. One that waits has ended; one that runs ends within seconds.

        Raises NotFoundError, and RunEndedError when it has already ended.
        """
        reason = f"cancelled by {self.actor.name}"
        store = self.writable()
        for _ in range(_MOST_TRIES):
            job = self._job(job_or_run_id)
            if job.status not in OPEN:
                raise RunEndedError(f"job {job.job_id!r} has already ended as {job.status}")
            if job.cancel_requested_at is not None:
                return job
            changed = self._cancelled(store, job, reason)
            if changed is not None:
                self._audit("cancel", changed, status=changed.status, reason=reason)
                return store.written(changed)
        raise WriteConflictError(f"job {job_or_run_id!r}: it changed all the time; try again")

    def retry(
        self,
        job_or_run_id: str,
        *,
        job_id: str | None = None,
        platform_run_id: str | None = None,
    ) -> Job:
        """Queue what an ended job did once more, as a new job with a new run.

        With the `platform_run_id` of its caller, it is left to it by every launcher.
        Raises NotFoundError, InProgressError while it has not ended, and LimitReachedError where
        storage is full.
        """
        old = self._job(job_or_run_id)
        if old.status in OPEN:
            raise InProgressError(
                f"job {old.job_id!r} is {old.status}: wait for its end, or cancel it"
            )
        self.check_room()
        now = self.context.now()
        fresh = Job(
            **{name: getattr(old, name) for name in _KEPT},
            job_id=job_id or self.context.new_id(),
            run_id=self.context.new_id(),
            **_of_task(platform_run_id),
            retry_of=old.job_id,
            trigger_source=TriggerSource.RETRY,
            requested_by=self.actor.name,
            created_at=now,
            updated_at=now,
        )
        return self._add(fresh)

    # --- looking ---------------------------------------------------------------------------

    def list(
        self,
        *,
        status: JobStatus | str | None = None,
        kind: JobKind | str | None = None,
        only_open: bool = False,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Job]:
        """Jobs, newest first."""
        conditions: list[Condition] = [is_in("status", OPEN)] if only_open else []
        if status is not None:
            conditions.append(eq("status", JobStatus(status)))
        if kind is not None:
            conditions.append(eq("kind", JobKind(kind)))
        return self._queue().select(*conditions, limit=limit, cursor=cursor)

    def show(self, job_id: str) -> Job:
        """One job; raises NotFoundError."""
        return self._queue().get(job_id)

    def known(self, job_id: str) -> Job | None:
        """One job; None when there is none."""
        return self.store.table(Job).get(job_id)

    def run(self, run_id: str) -> RunView:
        """One run of either kind, or the job that will make it; raises NotFoundError."""
        run = self._run(run_id)
        if run is not None:
            jobs = self.store.table(Job)
            return view_of_run(run, None if run.job_id is None else jobs.get(run.job_id))
        try:
            return view_of_job(self._queue().of_run(run_id))
        except NotFoundError as error:
            raise NotFoundError(f"there is no run {run_id!r}") from error

    def runs(
        self,
        kind: JobKind | str = JobKind.TEST,
        *,
        status: RunStatus | str | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> RunPage:
        """Runs of one kind that have begun, with their jobs, newest first."""
        of_status = [] if status is None else [eq("status", RunStatus(status))]
        page: Page[TestRun] | Page[ProfileRun]
        if JobKind(kind) is JobKind.TEST:
            page = self.store.runs.select(*of_status, limit=limit, cursor=cursor)
        else:
            page = self.store.profiles.select(*of_status, limit=limit, cursor=cursor)
        ids = [run.job_id for run in page.items if run.job_id is not None]
        jobs = (
            {job.job_id: job for job in self._queue().select(is_in("job_id", ids))} if ids else {}
        )
        views = tuple(view_of_run(run, jobs.get(run.job_id or "")) for run in page.items)
        return RunPage(views, page.next_cursor)

    # --- machines --------------------------------------------------------------------------

    @property
    def keeper(self) -> JobKeeper:
        """What launchers and workers do to jobs."""
        return JobKeeper(self.writable(), self.context, self.settings)

    def reconcile(self) -> Reconciled:
        """Put right jobs and runs whose worker died."""
        return self.keeper.reconcile()

    # --- below -----------------------------------------------------------------------------

    def _queue(self) -> Jobs:
        return Jobs(self.store.table(Job), self.context)

    def _new_job(
        self,
        kind: JobKind,
        aim: Aim,
        job_id: str | None,
        platform_run_id: str | None,
        asked: dict[str, Any],
    ) -> Job:
        now = self.context.now()
        return Job(
            **asked,
            **_of_task(platform_run_id),
            job_id=job_id or self.context.new_id(),
            project_key=aim.project_key,
            kind=kind,
            target_type=aim.target_type,
            target_ref=aim.target_ref,
            title=f"{kind.value.capitalize()} {aim.words}",
            run_id=self.context.new_id(),
            requested_by=self.actor.name,
            created_at=now,
            updated_at=now,
        )

    def _add(self, job: Job) -> Job:
        store = self.writable()
        stored = Jobs(store.table(Job), self.context).add(job)
        if stored == job:
            self._audit("create", job, title=job.title, retry_of=job.retry_of)
        return store.written(stored)

    def _cancelled(self, store: Store, job: Job, reason: str) -> Job | None:
        queue = Jobs(store.table(Job), self.context)
        if job.status is JobStatus.QUEUED and job.platform_run_id is None:
            return queue.end(job, JobStatus.CANCELLED, reason)
        return queue.ask_to_stop(job, reason)

    def _audit(self, action: str, job: Job, **told: object) -> None:
        changes = {name: {"old": None, "new": value} for name, value in told.items() if value}
        entry = {
            "action": action,
            "entity_type": "job",
            "entity_id": job.job_id,
            "changes": json.dumps(changes, ensure_ascii=False, sort_keys=True),
        }
        self.store.audit.append([entry], self.actor)

    def _job(self, job_or_run_id: str) -> Job:
        jobs = self.store.table(Job)
        found = jobs.get(job_or_run_id)
        if found is not None:
            return found
        try:
            return self._queue().of_run(job_or_run_id)
        except NotFoundError as error:
            return self._job_of_earlier_run(job_or_run_id, error)

    def _job_of_earlier_run(self, run_id: str, error: NotFoundError) -> Job:
        run = self._run(run_id)
        if run is None:
            raise NotFoundError(f"there is no job or run {run_id!r}") from error
        if run.job_id is None:
            raise ParameterError(
                f"run {run_id!r} was made by no job but at a command line: stop or repeat it there"
            )
        return self._queue().get(run.job_id)

    def _run(self, run_id: str) -> Run | None:
        found = self.store.runs.runs.get(run_id)
        return found if found is not None else self.store.profiles.runs.get(run_id)


def _of_task(platform_run_id: str | None) -> dict[str, Any]:
    """What marks a job that a task of the platform asks for and carries out itself."""
    return {} if platform_run_id is None else {"platform_run_id": platform_run_id, "launcher": TASK}


_KEPT = (
    "project_key",
    "kind",
    "target_type",
    "target_ref",
    "title",
    "priority",
    "max_attempts",
    "timeout_s",
)
