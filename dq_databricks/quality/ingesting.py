"""The hook of a pipeline: data was loaded, so its table is watched and tested."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dq_databricks.errors import NotFoundError
from dq_databricks.model.catalog import TableEntry
from dq_databricks.model.ids import derived_id
from dq_databricks.model.vocabulary import JobKind, TriggerSource
from dq_databricks.model.work import Job
from dq_databricks.quality.catalog import CatalogFace
from dq_databricks.quality.jobs import JobFace
from dq_databricks.quality.work import WorkFinder
from dq_databricks.running.relations import relation_of
from dq_databricks.store.store import Store


@dataclass(frozen=True, slots=True)
class Ingestion:
    """What a load led to: the job that validates it.

    `is_new` tables were put under watch just now; `is_repeat`: the same load was told before, and
    the job is the one it led to. A table without tests is profiled instead: `job.kind` says so.
    """

    table_id: str
    table_name: str
    job: Job
    is_new: bool
    is_repeat: bool

    @property
    def is_profiled(self) -> bool:
        """Whether there was nothing to test yet."""
        return self.job.kind is JobKind.PROFILE

    @property
    def note(self) -> str:
        """One line for people."""
        new = "is new under watch" if self.is_new else "is under watch"
        if self.is_profiled:
            hint = f"dq propose {self.table_name} --apply"
            return f"{self.table_name} {new} and has no active tests: it is profiled; then {hint}"
        again = "was asked for before" if self.is_repeat else "is asked for"
        return f"{self.table_name} {new}: a run of its tests {again}"

    def to_json(self) -> dict[str, Any]:
        """The ingestion as JSON."""
        return {
            "table_id": self.table_id,
            "table": self.table_name,
            "job_id": self.job.job_id,
            "run_id": self.job.run_id,
            "kind": self.job.kind,
            "job_status": self.job.status,
            "is_new": self.is_new,
            "is_repeat": self.is_repeat,
            "note": self.note,
        }


@dataclass(frozen=True, slots=True)
class IngestionFace:
    """Loads that pipelines tell of."""

    store: Store
    catalog: CatalogFace
    work: Callable[[], WorkFinder]
    jobs: JobFace

    def record(
        self,
        target: str,
        *,
        key: str | None = None,
        may_register: bool = True,
        platform_run_id: str | None = None,
        timeout_s: int = 3600,
    ) -> Ingestion:
        """Put TARGET under watch if it is new, and queue a run of its tests.

        `key` names the load: told of again, it leads to the same job. With `platform_run_id` no
        launcher takes the job: whoever tells of the load carries it out.
        Raises TargetError, NotFoundError where a table is new and the caller may not register,
        EngineError children where it cannot be described.
        """
        entry, is_new = self._entry(target, may_register=may_register)
        job_id = None if key is None else derived_id("ingestion", entry.table_id, key)
        known = None if job_id is None else self.jobs.known(job_id)
        job = known or self.jobs.request(
            self._kind(entry),
            entry.table_id,
            trigger=TriggerSource.INGESTION,
            job_id=job_id,
            may_register=may_register,
            platform_run_id=platform_run_id,
            max_attempts=2 if platform_run_id is None else 1,
            timeout_s=timeout_s,
        )
        name = str(relation_of(entry))
        return Ingestion(entry.table_id, name, job, is_new, known is not None)

    def _entry(self, target: str, *, may_register: bool) -> tuple[TableEntry, bool]:
        try:
            return self.catalog.table(target), False
        except NotFoundError:
            if not may_register:
                raise
        return self.work().entry(target), True

    def _kind(self, entry: TableEntry) -> JobKind:
        tests = self.store.tests.to_run(table_id=entry.table_id)
        return JobKind.TEST if tests else JobKind.PROFILE
