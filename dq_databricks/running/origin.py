"""What asked for a run, and who may still write what it finds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dq_databricks.model.ids import Context
from dq_databricks.model.vocabulary import RunStatus, TriggerSource


def _always() -> None:
    """Nobody can take a run away that no job made."""


def _itself(error: BaseException) -> BaseException:
    """Nobody stops a run that no job made but with an exception that says so."""
    return error


@dataclass(frozen=True, slots=True)
class Origin:
    """Why a run exists. `run_id` is known before it starts where a job makes it.

    `keep` is called before anything is written for good; it raises when the job has gone to
    another worker, so that a process that slept for long writes nothing that counts. `cause` says
    why a run really broke off: a statement that was interrupted does not know by whom.
    """

    trigger: TriggerSource = TriggerSource.MANUAL
    run_id: str | None = None
    job_id: str | None = None
    keep: Callable[[], None] = _always
    cause: Callable[[BaseException], BaseException] = _itself

    def id_of_run(self, context: Context) -> str:
        """The id that was given, or a new one."""
        return self.run_id or context.new_id()


BY_HAND = Origin()
"""A run that its caller wants now."""


class RunStoppedError(KeyboardInterrupt):
    """The run was told to stop; `status` is what it ends as.

    A KeyboardInterrupt, because it must pass every handler that keeps failures to one table.
    """

    def __init__(self, reason: str, status: RunStatus = RunStatus.CANCELLED) -> None:
        super().__init__(reason)
        self.status = status
