"""What every task of a Databricks job shares: parameters, settings, and how it ends.

``run_task(__doc__, work, "targets", …)`` reads the parameters of the process by name, calls
``work(task)``, prints one line for people and, last, one line of JSON. A failure prints its
message and ends the process with a code that is not 0.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import click

from dq_databricks.errors import QualityError
from dq_databricks.launching.arguments import Arguments
from dq_databricks.model.ids import Context
from dq_databricks.model.jsonable import jsonable
from dq_databricks.model.log_lines import warn_on
from dq_databricks.model.redacting import Redaction
from dq_databricks.quality import Quality, open_quality
from dq_databricks.quality.reports import EXIT_COULD_NOT_RUN, EXIT_FINE, EXIT_TESTS_FAILED
from dq_databricks.settings import Settings

EXIT_WRONG_USE = 2


class TaskFailedError(SystemExit):
    """Ends the process with `code`. The platform shows the message where it shows errors."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(code)
        self.message = message

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a task did: a line for people, a document for programs. `code` 0: all is well."""

    line: str
    document: dict[str, Any] = field(default_factory=dict)
    code: int = EXIT_FINE


@dataclass(frozen=True, slots=True)
class Task:
    """One run of a script."""

    name: str
    arguments: Arguments
    settings: Settings
    context: Context = field(default_factory=Context)

    def opened(self) -> Quality:
        """The public face of the schema that the parameters name; close it."""
        return open_quality(self.settings, told=_tell, context=self.context)


def run_task(help_text: str | None, work: Callable[[Task], Outcome], *names: str) -> None:
    """Run `work` with the parameters of this process, which are COMMON and `names`.

    Returns when all is well, for the platform takes every SystemExit for a failure. Raises
    TaskFailedError with 1 when tests failed, 2 for wrong use, 3 for what could not be done.
    """
    name, context = work.__name__, Context()
    warn_on(context.redaction)
    try:
        arguments = Arguments.read(sys.argv[1:], names)
        if arguments.wants_help:
            click.echo((help_text or name).strip())
            return
        outcome = work(Task(name, arguments, settings_of(name, arguments), context))
    except QualityError as error:
        outcome = _failed(error, context.redaction)
    _finish(name, outcome)


def settings_of(name: str, arguments: Arguments) -> Settings:
    """Settings of the environment with the parameters on top; Spark unless DQ_ENGINE says other."""
    overrides: dict[str, Any] = {"user": os.environ.get("DQ_USER") or f"task {name}"}
    if not os.environ.get("DQ_ENGINE"):
        overrides["engine"] = "spark"
    for parameter, setting in _SETTINGS.items():
        if (value := arguments.text(parameter)) is not None:
            overrides[setting] = value
    return Settings.load(**overrides)


_SETTINGS = {
    "catalog": "catalog",
    "schema": "data_quality_schema",
    "project": "project",
    "readers": "data_quality_readers",
    "writer": "data_quality_writer",
    "profile_job_id": "profile_job_id",
    "test_job_id": "test_job_id",
}


def worst_code(codes: Sequence[int]) -> int:
    """The code of several: tests that failed are known, so they come before what is not."""
    for code in (EXIT_TESTS_FAILED, EXIT_COULD_NOT_RUN):
        if code in codes:
            return code
    return max(codes, default=EXIT_FINE)


def _failed(error: QualityError, redaction: Redaction) -> Outcome:
    kind, message = type(error).__name__, redaction(str(error))
    code = EXIT_WRONG_USE if error.wrong_use else EXIT_COULD_NOT_RUN
    return Outcome(f"{kind}: {message}", {"error": kind, "message": message}, code)


def _finish(name: str, outcome: Outcome) -> None:
    """Say how it ended; the document comes last on stdout."""
    is_fine = outcome.code == EXIT_FINE
    click.echo(f"{name}: {outcome.line}", err=not is_fine)
    document = {"task": name, "exit_code": outcome.code, **outcome.document}
    click.echo(json.dumps(jsonable(document), ensure_ascii=False, allow_nan=False))
    sys.stdout.flush()
    if not is_fine:
        raise TaskFailedError(f"{name}: {outcome.line}", outcome.code)


def _tell(sentence: str) -> None:
    click.echo(sentence, err=True)
