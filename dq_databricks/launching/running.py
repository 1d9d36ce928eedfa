"""The tasks that profile and test: the targets they are given, or the job of a launcher."""

from __future__ import annotations

from typing import Any

from dq_databricks.errors import UnknownNameError
from dq_databricks.launching.arguments import Arguments
from dq_databricks.launching.attempts import Attempts, PlatformTask
from dq_databricks.launching.targets import request_jobs
from dq_databricks.launching.task import Outcome, Task, worst_code
from dq_databricks.model.vocabulary import JobKind, JobStatus, TriggerSource
from dq_databricks.model.work import Job
from dq_databricks.quality import Quality
from dq_databricks.quality.reports import EXIT_COULD_NOT_RUN, EXIT_FINE, EXIT_TESTS_FAILED
from dq_databricks.quality.verdicts import RunVerdict

RUN_PARAMETERS = (
    "targets",
    "job_id",
    "run_id",
    "trigger",
    "platform_run_id",
    "repair_count",
)


def run_targets(task: Task, kind: JobKind, *, is_gate: bool = True) -> Outcome:
    """Profile or test what the parameters of `task` say; every target is carried through.

    Unless it `is_gate`, tests that failed do not fail the task. Raises ParameterError and what
    asking for jobs raises, before any work is done.
    """
    given = task.arguments
    platform = platform_task(given)
    targets = None if given.text("job_id") else given.required("targets")
    with task.opened() as quality:
        attempts = Attempts(quality, platform)
        if targets is None:
            return _launched(attempts, given, is_gate=is_gate)
        jobs = list(request_jobs(quality, kind, targets, platform))
        done = [attempts.finish(job) for job in jobs]
        return _outcome(quality, done, is_gate=is_gate)


def platform_task(given: Arguments, trigger: TriggerSource = TriggerSource.MANUAL) -> PlatformTask:
    """What the parameters tell of the platform. Raises ParameterError, UnknownNameError."""
    word = given.text("trigger") or trigger.value
    known = [source.value for source in TriggerSource]
    if word not in known:
        raise UnknownNameError(f"trigger {word!r} is unknown; there are {', '.join(known)}")
    repair = given.text("repair_count") or ""
    return PlatformTask(given.platform_run_id(), repair, TriggerSource(word))


def _launched(attempts: Attempts, given: Arguments, *, is_gate: bool) -> Outcome:
    """Carry out the job of a launcher, unless it went on to another attempt meanwhile."""
    quality = attempts.quality
    job = quality.jobs.show(given.required("job_id"))
    run_id = given.text("run_id")
    if run_id is not None and run_id != job.run_id:
        line = f"{job.title}: run {run_id} was given up; the job makes run {job.run_id} now"
        return Outcome(line, {"jobs": []})
    return _outcome(quality, [attempts.take(job)], is_gate=is_gate)


def _outcome(quality: Quality, jobs: list[Job], *, is_gate: bool) -> Outcome:
    if not jobs:
        return Outcome("nothing to do: no table group has any work", {"jobs": []})
    verdicts = [(job, quality.verdict(job.run_id)) for job in jobs]
    code = worst_code([_code(job, verdict, is_gate=is_gate) for job, verdict in verdicts])
    line = "; ".join(_told(job, verdict) for job, verdict in verdicts)
    return Outcome(line, {"jobs": [_document(*one) for one in verdicts]}, code)


def _code(job: Job, verdict: RunVerdict, *, is_gate: bool) -> int:
    if job.status is not JobStatus.SUCCEEDED:
        return EXIT_COULD_NOT_RUN
    code = verdict.exit_code
    if code == EXIT_TESTS_FAILED and not is_gate:
        return EXIT_COULD_NOT_RUN if verdict.unmeasured else EXIT_FINE
    return code


def _told(job: Job, verdict: RunVerdict) -> str:
    if job.status is JobStatus.SUCCEEDED:
        return verdict.summary
    return f"{job.title}: {job.status.value}: {job.error_message or 'no reason is known'}"


def _document(job: Job, verdict: RunVerdict) -> dict[str, Any]:
    return {
        **verdict.to_json(),
        "job_id": job.job_id,
        "job_status": job.status,
        "trigger_source": job.trigger_source,
        "error_message": job.error_message or verdict.run.error_message,
    }
