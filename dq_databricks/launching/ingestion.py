"""A load that is validated before its pipeline goes on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dq_databricks.errors import GateClosedError
from dq_databricks.launching.attempts import Attempts, PlatformTask
from dq_databricks.model.vocabulary import JobStatus
from dq_databricks.model.work import Job
from dq_databricks.quality import Quality
from dq_databricks.quality.ingesting import Ingestion
from dq_databricks.quality.reports import EXIT_COULD_NOT_RUN, EXIT_FINE, EXIT_TESTS_FAILED
from dq_databricks.quality.verdicts import RunVerdict


@dataclass(frozen=True, slots=True)
class Validation:
    """What a load led to, and how it ended where somebody waited for that."""

    ingestion: Ingestion
    job: Job
    verdict: RunVerdict | None = None
    is_gate: bool = False

    @property
    def exit_code(self) -> int:
        """0 where the pipeline may go on; without a gate, tests that failed do not stop it."""
        if self.verdict is None:
            return EXIT_FINE
        if self.job.status is not JobStatus.SUCCEEDED:
            return EXIT_COULD_NOT_RUN
        code = self.verdict.exit_code
        return EXIT_FINE if code == EXIT_TESTS_FAILED and not self.is_gate else code

    @property
    def line(self) -> str:
        """One line for people."""
        if self.verdict is None:
            return f"{self.ingestion.note} (job {self.job.job_id})"
        standing = f"{self.ingestion.note}. {self.verdict.summary}"
        if self.is_gate:
            standing += ". The gate is " + ("closed" if self.exit_code else "open")
        return standing

    def check(self) -> None:
        """Raise GateClosedError unless the pipeline may go on."""
        if self.exit_code != EXIT_FINE:
            raise GateClosedError(self.line)

    def to_json(self) -> dict[str, Any]:
        """The validation as JSON."""
        return {
            **self.ingestion.to_json(),
            "job_id": self.job.job_id,
            "run_id": self.job.run_id,
            "job_status": self.job.status,
            "gate": self.is_gate,
            "verdict": None if self.verdict is None else self.verdict.to_json(),
        }


def validate_load(
    quality: Quality,
    target: str,
    *,
    key: str | None = None,
    is_gate: bool = False,
    waits: bool = True,
    task: PlatformTask | None = None,
) -> Validation:
    """Tell of a load of TARGET; carry its validation out in this process where that `waits`.

    A load with the same `key`, or of the same `task`, is validated once. A gate needs to know
    the verdict, so it always waits. Raises what `Quality.ingested` raises.
    """
    task = task or PlatformTask()
    waits = waits or is_gate
    ingestion = quality.ingested(
        target,
        key=key or task.key,
        platform_run_id=task.platform_run_id if waits else None,
    )
    if not waits:
        return Validation(ingestion, ingestion.job)
    job = Attempts(quality, task).finish(ingestion.job)
    return Validation(ingestion, job, quality.verdict(job.run_id), is_gate)
