"""The workspace around an engine, through databricks-sdk."""

from __future__ import annotations

from typing import Any

from dq_databricks.errors import AuthenticationError, MissingExtraError
from dq_databricks.settings import Settings

ANSWER_S, RETRY_S = 30, 10


def open_workspace(settings: Settings) -> Any:
    """A client with the sign-in of the environment.

    Raises AuthenticationError, and MissingExtraError without the library.
    """
    try:
        from databricks.sdk import WorkspaceClient
        from databricks.sdk.core import Config
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f"asking a workspace needs {error.name}, which is not installed; "
            "pip install 'dq-databricks[warehouse]'"
        ) from error
    try:
        config = Config(
            host=settings.host or None,
            http_timeout_seconds=ANSWER_S,
            retry_timeout_seconds=RETRY_S,
        )
    except ValueError as error:
        raise AuthenticationError(f"cannot sign in to the workspace: {error}") from error
    return WorkspaceClient(config=config)
