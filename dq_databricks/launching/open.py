"""The launcher that the settings name."""

from __future__ import annotations

from typing import Protocol

from dq_databricks.engine.open import open_engine
from dq_databricks.engine.protocol import Engine
from dq_databricks.launching import worker
from dq_databricks.launching.pool import LocalWorkerPool
from dq_databricks.model.ids import Context
from dq_databricks.quality import Quality
from dq_databricks.quality.jobs import Reconciled
from dq_databricks.settings import Settings


class Launcher(Protocol):
    """Carries out jobs in the background."""

    def start(self) -> None:
        """Begin, after putting right what an earlier one left behind; returns at once."""

    def wake(self) -> None:
        """Look at the queue now instead of a second later; safe from any thread."""

    def stop(self) -> None:
        """Take no more jobs and stop those of this launcher; what ran is queued again."""

    @property
    def is_idle(self) -> bool:
        """Whether the last look found no job that is queued or running."""


def open_launcher(
    settings: Settings, *, engine: Engine | None = None, context: Context | None = None
) -> Launcher:
    """The launcher of `settings`, not yet started. With `engine`, its own is not opened.

    Raises MissingExtraError and SettingsError for the databricks launcher.
    """
    if settings.launcher == "databricks":
        from dq_databricks.launching.databricks import DatabricksLauncher

        return DatabricksLauncher(settings, engine=engine, context=context)
    return LocalWorkerPool(settings, engine=engine, context=context)


def carry_out(settings: Settings, job_id: str) -> int:
    """Carry out one queued job in this process and its main thread; an exit code.

    What the task of a Databricks job does.
    """
    context = Context()
    with open_engine(settings, context.redaction) as engine:
        return worker.carry_out(
            settings, job_id, engine=engine, context=context, launcher=settings.launcher
        )


def reconcile(quality: Quality) -> Reconciled:
    """Put right what died, with the word of the platform where that carries out jobs.

    Raises MissingExtraError, AuthenticationError for the databricks launcher.
    """
    if quality.settings.launcher != "databricks":
        return quality.jobs.reconcile()
    from dq_databricks.launching import reconciling
    from dq_databricks.launching.platform import JobsApi

    return reconciling.reconcile(quality, JobsApi.of(quality.settings))
