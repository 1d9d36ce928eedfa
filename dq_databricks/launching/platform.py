"""The Jobs API of Databricks, in the words of this room: start once, ask, stop."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeVar

from dq_databricks.errors import (
    AuthenticationError,
    EngineUnavailableError,
    MissingExtraError,
    PermissionDeniedError,
    QualityError,
    SettingsError,
)
from dq_databricks.settings import Settings

try:
    from databricks.sdk import WorkspaceClient
    from databricks.sdk import errors as sdk_errors
    from databricks.sdk.core import Config
    from databricks.sdk.service.jobs import Run
except ModuleNotFoundError as error:
    raise MissingExtraError(
        f"launcher databricks needs {error.name}, which is not installed; "
        "pip install 'dq-databricks[warehouse]'"
    ) from error

T = TypeVar("T")
ANSWER_S, RETRY_S = 30, 10
_FULL = "MAXIMUM_CONCURRENT_RUNS_REACHED"
_AT_WORK = frozenset(
    {"PENDING", "QUEUED", "RUNNING", "BLOCKED", "WAITING_FOR_RETRY", "TERMINATING"}
)


class PlatformState(StrEnum):
    """Where a run of the platform stands.

    REFUSED: it was not begun, because as many run as may. UNKNOWN: its history has expired.
    """

    OPEN = "open"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    TIMED_OUT = "timed_out"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class PlatformRun:
    """What the platform says of a run, with its reason."""

    state: PlatformState
    message: str = ""


class TooBusyError(QualityError):
    """The platform starts no more runs now; ask again later."""

    retryable = True


class Platform(Protocol):
    """What a launcher needs of the Jobs API."""

    def start(self, job_id: str, token: str, parameters: Mapping[str, str]) -> str:
        """Start a run of a job once for each `token`; its id. May be repeated after any failure.

        Raises TooBusyError, EngineUnavailableError, AuthenticationError, PermissionDeniedError,
        SettingsError.
        """

    def look(self, run_id: str) -> PlatformRun:
        """Where a run stands. Raises as `start` does."""

    def cancel(self, run_id: str) -> None:
        """Ask for a run to be stopped. Raises as `start` does."""


class JobsApi:
    """The Jobs API of one workspace."""

    def __init__(self, client: WorkspaceClient) -> None:
        self._jobs = client.jobs

    @classmethod
    def of(cls, settings: Settings) -> JobsApi:
        """With the sign-in of the environment, which asks the workspace where that is done.

        Raises AuthenticationError.
        """
        try:
            config = Config(
                host=settings.host or None,
                http_timeout_seconds=ANSWER_S,
                retry_timeout_seconds=RETRY_S,
            )
        except ValueError as error:
            raise AuthenticationError(f"launcher databricks cannot sign in: {error}") from error
        return cls(WorkspaceClient(config=config))

    def start(self, job_id: str, token: str, parameters: Mapping[str, str]) -> str:
        """Start a run once for each `token`."""
        if not job_id.isdigit():
            raise SettingsError(
                f"the id of the Databricks job is {job_id!r}; set DQ_PROFILE_JOB_ID and "
                "DQ_TEST_JOB_ID to the ids of the jobs of the bundle"
            )
        wait = _answered(
            lambda: self._jobs.run_now(
                int(job_id), idempotency_token=token, job_parameters=dict(parameters)
            )
        )
        return str(wait.run_id)

    def look(self, run_id: str) -> PlatformRun:
        """Where a run stands."""
        try:
            run = _answered(lambda: self._jobs.get_run(int(run_id)))
        except LookupError as error:
            return PlatformRun(PlatformState.UNKNOWN, str(error))
        return _told(run)

    def cancel(self, run_id: str) -> None:
        """Ask for a run to be stopped; one that has ended is left alone."""
        try:
            _answered(lambda: self._jobs.cancel_run(int(run_id)))
        except LookupError:
            return


def _answered(call: Callable[[], T]) -> T:
    """The answer to `call`; failures as errors of ours, and LookupError for what is not there."""
    try:
        return call()
    except sdk_errors.NotFound as error:
        raise LookupError(str(error)) from error
    except sdk_errors.TooManyRequests as error:
        raise _busy(error) from error
    except sdk_errors.Unauthenticated as error:
        raise AuthenticationError(f"the Jobs API does not know us: {error}") from error
    except sdk_errors.PermissionDenied as error:
        raise PermissionDeniedError(f"the Jobs API refuses: {error}") from error
    except sdk_errors.BadRequest as error:
        raise _refusal(str(error)) from error
    except (sdk_errors.DatabricksError, OSError) as error:
        if isinstance(error.__cause__, sdk_errors.TooManyRequests):  # repeated until time was up
            raise _busy(error.__cause__) from error
        raise EngineUnavailableError(f"the Jobs API does not answer: {error}") from error


def _busy(why: object) -> TooBusyError:
    return TooBusyError(f"the platform starts no more runs now: {why}")


def _refusal(text: str) -> Exception:
    if "does not exist" in text:  # what runs/get answers for a run that is no more
        return LookupError(text)
    if "limit" in text.lower() or "quota" in text.lower():
        return _busy(text)
    return SettingsError(f"the Jobs API refuses: {text}")


def _told(run: Run) -> PlatformRun:
    state = run.state
    life = _word(state.life_cycle_state if state else None)
    result = _word(state.result_state if state else None)
    message = (state.state_message if state else None) or ""
    if life in _AT_WORK or not life:
        return PlatformRun(PlatformState.OPEN, message)
    if result == _FULL:
        return PlatformRun(PlatformState.REFUSED, message or "as many runs as may run at once")
    if life == "SKIPPED":
        return PlatformRun(PlatformState.FAILED, message or "the platform skipped the run")
    return PlatformRun(_RESULTS.get(result, PlatformState.FAILED), message or result or life)


_RESULTS = {
    "SUCCESS": PlatformState.SUCCEEDED,
    "SUCCESS_WITH_FAILURES": PlatformState.SUCCEEDED,
    "CANCELED": PlatformState.CANCELLED,
    "UPSTREAM_CANCELED": PlatformState.CANCELLED,
    "TIMEDOUT": PlatformState.TIMED_OUT,
}


def _word(state: object) -> str:
    return "" if state is None else str(getattr(state, "value", state))
