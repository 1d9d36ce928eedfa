"""The targets of a task: ``all``, ``group:NAME``, ``suite:NAME`` or a table, or a list of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from dq_databricks.errors import ParameterError
from dq_databricks.launching.attempts import PlatformTask
from dq_databricks.model.vocabulary import JobKind
from dq_databricks.model.work import Job
from dq_databricks.quality import Quality

ALL = "all"


@dataclass(frozen=True, slots=True)
class Target:
    """One thing to profile or test. `text` names it as it was given."""

    text: str
    table: str | None = None
    group: str | None = None
    suite: str | None = None

    @classmethod
    def read(cls, text: str) -> Target:
        """Read one element; raises ParameterError for a group or suite without a name."""
        prefix, is_named, name = text.partition(":")
        if not is_named or prefix not in ("group", "suite"):
            return cls(text, table=text)
        if not name.strip():
            raise ParameterError(f"target {text!r}: write {prefix}:NAME")
        if prefix == "group":
            return cls(text, group=name.strip())
        return cls(text, suite=name.strip())


def read_targets(text: str) -> tuple[str, ...]:
    """The elements of a JSON array of texts, or the one that `text` is; none twice, in order.

    Raises ParameterError.
    """
    if text[:1] not in ("[", '"'):
        return (text,)
    try:
        document = json.loads(text)
    except ValueError as error:
        raise ParameterError(f"targets {text[:80]!r} are no JSON: {error}") from error
    found = document if isinstance(document, list) else [document]
    if not all(isinstance(one, str) and one.strip() for one in found):
        raise ParameterError(f"targets {text[:80]!r}: give a list of names in quotes")
    return tuple(dict.fromkeys(one.strip() for one in found))


def request_jobs(
    quality: Quality, kind: JobKind, targets: str, task: PlatformTask
) -> Iterator[Job]:
    """Ask for a job for each of `targets`; those of an earlier attempt of `task` are found again.

    Every element is read before the first job is asked for. A table that cannot be found is the
    failure of its job, which is stored. Raises ParameterError, NotFoundError, NoTestsError.
    """
    texts = read_targets(targets)
    wanted = [one for text in texts for one in _expanded(quality, kind, text)]
    for target in wanted:
        yield quality.jobs.request(
            kind,
            target.table,
            group=target.group,
            suite=target.suite,
            trigger=task.trigger,
            max_attempts=1,  # the platform starts the task again, not we the job
            job_id=task.job_id(kind, target.text),
            may_be_unknown=True,
            platform_run_id=task.platform_run_id,
        )


def _expanded(quality: Quality, kind: JobKind, text: str) -> list[Target]:
    if text != ALL:
        return [Target.read(text)]
    groups = quality.catalog.groups_with_work(is_tested=kind is JobKind.TEST)
    ids = [group.table_group_id for group in groups]
    return [Target(f"group:{group_id}", group=group_id) for group_id in ids]
